"""A Dask cluster: the same chunks on other machines."""

from __future__ import annotations

import asyncio
import os
import pickle
import queue
import time
import traceback
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from stiffgui.errors import InputError
from stiffgui.study.events import ChunkEvent, Failed, Lost, Progress, Started, Trained
from stiffgui.study.executors.base import Executor, Work
from stiffgui.study.executors.dask_work import stop_here, train_here
from stiffgui.study.partial_chunks import PartialChunks
from stiffgui.training import Controls

CONNECT_SECONDS = 8.0
POLL_SECONDS = 0.2
STOP_SECONDS = 60.0  # how long a chunk may take to its next batch and home
LOCAL = "local"


class DaskCluster(Executor):
    """The scheduler at `address`, or a cluster of `workers` processes here for `local`.

    Connects in the constructor; TLS and time-outs are those of Dask's own configuration. Raises
    InputError when Dask is not installed or the scheduler cannot be reached.
    """

    def __init__(self, address: str, workers: int | None = None) -> None:
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            raise InputError(
                "--dask needs Dask: install it with `pip install 'stiffgui[cluster]'`."
            ) from None
        self.address = address
        self._cluster: Any = None
        if address == LOCAL:
            self._cluster = distributed.LocalCluster(
                n_workers=workers or os.cpu_count() or 1,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",  # for nobody else; any free port
            )
        else:
            _reach(address)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of other versions on the workers
                self._client: Any = distributed.Client(
                    self._cluster or address, timeout=CONNECT_SECONDS, set_as_default=False
                )
        except OSError as error:
            self._close_cluster()
            raise _unreachable(address, error) from None

    @property
    def slots(self) -> int:  # type: ignore[override]
        """Threads of all workers that are there now."""
        workers = self._client.scheduler_info(n_workers=-1).get("workers", {})
        return max(1, sum(int(w["nthreads"]) for w in workers.values()))

    def describe(self) -> str:
        count = len(self._client.scheduler_info(n_workers=-1).get("workers", {}))
        plural = "" if count == 1 else "s"
        return f"on Dask at {self._client.scheduler.address} with {count} worker{plural}"

    def close(self) -> None:
        self._client.close()
        self._close_cluster()

    def _close_cluster(self) -> None:
        if self._cluster is not None:
            self._cluster.close()

    def run(self, work: Work, parts: PartialChunks, controls: Controls) -> Iterator[ChunkEvent]:
        token = os.urandom(6).hex()
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._client.subscribe_topic(token, lambda event: events.put(event[1]))
        futures: dict[str, int] = {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a stopped chunk's run makes a large graph
                open_futures = {}
                for chunk in work.chunks:
                    key = f"stiffgui-{token}-{chunk.number}"
                    future = self._client.submit(
                        train_here, work.task(chunk.number), token, key=key, pure=False
                    )
                    future.add_done_callback(events.put)
                    futures[key], open_futures[key] = chunk.number, future
            yield from self._follow(events, futures, open_futures, token, controls)
        finally:
            if self._client.status == "running":
                self._client.unsubscribe_topic(token)
                self._client.cancel(list(open_futures.values()), force=True)

    def _follow(
        self,
        events: queue.SimpleQueue[Any],
        numbers: dict[str, int],
        open_futures: dict[str, Any],
        token: str,
        controls: Controls,
    ) -> Iterator[ChunkEvent]:
        """Events until every future is done, or stopped."""
        workers: dict[int, str] = {}
        stopped: float | None = None
        while open_futures:
            if controls.stopping and stopped is None:
                stopped = time.monotonic()
                self._client.run(stop_here, token)
                for key in [k for k in open_futures if numbers[k] not in workers]:
                    self._client.cancel([open_futures.pop(key)], force=True)
            if stopped is not None and time.monotonic() - stopped > STOP_SECONDS:
                return
            if self._client.status not in ("running", "connecting"):
                raise InputError(
                    "the Dask scheduler is gone: what was finished is kept; start the study again "
                    "to go on."
                )
            try:
                item = events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, dict):
                yield from _with_losses(pickle.loads(item["event"]), workers)
            elif item.key in open_futures:
                del open_futures[item.key]
                event = _outcome(item, numbers[item.key])
                if event is not None:
                    yield event


def _with_losses(event: Started | Progress, workers: dict[int, str]) -> Iterator[ChunkEvent]:
    """An event, before it that a worker is gone whose chunk another one starts."""
    if isinstance(event, Started):
        before = workers.get(event.number)
        workers[event.number] = event.worker
        if before is not None:
            yield Lost(event.number, f"worker {before} is gone; its chunk is done again")
    yield event


def _reach(address: str) -> None:
    """Knock at a scheduler's door first: a Client that found nobody would take long to leave."""
    comms: Any = import_module("distributed.comm")
    security: Any = import_module("distributed.security").Security()

    async def knock() -> None:
        arguments = security.get_connection_args("client")
        comm = await comms.connect(address, timeout=CONNECT_SECONDS, **arguments)
        await comm.close()

    try:
        asyncio.run(knock())
    except (OSError, ValueError) as error:
        raise _unreachable(address, error) from None
    except Exception:
        raise _unreachable(address, "what answers there is no Dask scheduler") from None


def _unreachable(address: str, error: object) -> InputError:
    reason = " ".join(str(error).split())[:120] or "no answer"
    return InputError(
        f"--dask {address}: no Dask scheduler could be reached there within "
        f"{CONNECT_SECONDS:.0f} s ({reason}). Give the address that the scheduler prints, such as "
        f"tcp://10.0.0.1:8786, or local."
    )


def _outcome(future: Any, number: int) -> Trained | Failed | None:
    """What became of a chunk; None when it was cancelled before it began."""
    from concurrent.futures import CancelledError

    if future.status == "cancelled":
        return None
    try:
        trained: Trained | None = future.result()
        return trained
    except CancelledError:
        return None
    except InputError as error:
        return Failed(number, str(error))
    except ImportError as error:
        return Failed(
            number,
            f"a Dask worker lacks something ({error}): install the same stiffgui there as here.",
        )
    except Exception as error:  # among them KilledWorker: the chunk took several workers with it
        details = "".join(traceback.format_exception(error))
        name = type(error).__name__
        if name == "KilledWorker":
            return Failed(
                number,
                "a chunk ended its Dask workers several times: they may be short of memory; let "
                "fewer trials train together.",
                details,
            )
        return Failed(number, f"{name}: {error}", details, ours=True)

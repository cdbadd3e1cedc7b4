"""Where the chunks of a study are trained: here, in worker processes, on a Dask cluster."""

from __future__ import annotations

from stiffgui.errors import InputError
from stiffgui.kernels.threads import processors
from stiffgui.study.executors.base import Executor
from stiffgui.study.executors.in_process import InProcess
from stiffgui.study.executors.processes import WorkerProcesses

FEW = 4  # pieces that are not worth the start of processes

__all__ = ["Executor", "InProcess", "WorkerProcesses", "choose_executor"]


def choose_executor(
    workers: int | None = None, dask: str | None = None, pieces: int = 0
) -> Executor:
    """By what was asked for: `dask` an address or `local`, `workers` a number of processes.

    With neither, this process; or as many processes as there are processors where there are FEW
    or more `pieces` that use one thread each (`plan.one_thread_pieces`). Raises InputError for bad
    numbers, and when a Dask scheduler cannot be reached.
    """
    if dask is not None:
        if workers is not None and dask != "local":
            raise InputError(
                "--workers and --dask ADDRESS exclude each other: the cluster decides how many "
                "workers there are."
            )
        if workers is not None:
            WorkerProcesses(workers)  # the same bounds
        from stiffgui.study.executors.dask_cluster import DaskCluster

        return DaskCluster(dask, workers)
    if workers is None:
        workers = min(processors(), pieces) if pieces >= FEW else None
    return InProcess() if workers is None else WorkerProcesses(workers)

"""Where the chunks of a study are trained: here, in worker processes, on a Dask cluster."""

from __future__ import annotations

from stiffgui.errors import InputError
from stiffgui.study.executors.base import Executor
from stiffgui.study.executors.in_process import InProcess
from stiffgui.study.executors.processes import WorkerProcesses

__all__ = ["Executor", "InProcess", "WorkerProcesses", "choose_executor"]


def choose_executor(
    workers: int | None = None, dask: str | None = None, usual: int | None = None
) -> Executor:
    """By what was asked for: `dask` an address or `local`, `workers` a number of processes.

    With neither, so many processes as are `usual` (`plan.usual_workers`), or this one. Raises
    InputError for bad numbers, and when a Dask scheduler cannot be reached.
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
    workers = usual if workers is None else workers
    return InProcess() if workers is None else WorkerProcesses(workers)

"""Python's own processes under PyTorch's name: `torch.multiprocessing.Process`, `Queue`, `Pool` and so on.

A tensor that goes to another process arrives as a copy. No memory is shared: `Module.share_memory` says so.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import absent

__all__ = ["spawn"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in multiprocessing.__all__:
            return getattr(multiprocessing, name)
        raise absent(__name__, name)


def spawn(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True,
    daemon: bool = False, start_method: str = "spawn",
) -> list[Any] | None:  # fmt: skip
    """Run `fn(i, *args)` in a process for each i below `nprocs`; None, or without `join` the processes.

    Arguments:
        fn: a function of a module, so that the processes find it by its name.
        args: its arguments after the number of the process.
        nprocs: how many processes.
        join: wait for all of them.
        daemon: end the processes with this one.
        start_method: "spawn", "fork" or "forkserver", as the standard library has them.

    Raises:
        RuntimeError: if a process ended with an error.

    >>> import minigrad as torch
    >>> torch.multiprocessing.spawn(print, nprocs=0)
    """
    context: Any = multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    failed = {i: process.exitcode for i, process in enumerate(processes) if process.exitcode}
    if failed:
        told = ", ".join(f"{i} (exit code {code})" for i, code in failed.items())
        raise RuntimeError(f"spawn: these processes ended with an error, which stands above: {told}")
    return None

"""The conditions of a figure: the machine, the versions, the BLAS kernel, the threads. No names, no paths."""

import importlib.metadata
import os
import platform
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "torch", "jax", "autograd", "mygrad", "micrograd")
# Set for an old OpenBLAS that does not know a new processor, they make a current one pick a slow kernel.
BLAS_OVERRIDES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe() -> dict[str, Any]:
    """The machine and the versions, for the record."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "system": platform.system(),
        "python": platform.python_version(),
        "blas": _blas(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _blas() -> str:
    """The library behind NumPy's matrix products and the kernel it chose, as `openblas 0.3.31 SkylakeX`."""
    import numpy  # noqa: F401 (it is the one that loads the library)

    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    for library in threadpool_info():
        if library["user_api"] == "blas":
            kernel = library.get("architecture") or ""
            return f"{library['internal_api']} {library['version']} {kernel}".strip()
    return "unknown"


def complaints() -> list[str]:
    """The surroundings that make figures worse than they need to be."""
    found = [
        f"{name} is set: a current OpenBLAS may be slowed by it; unset it for these figures"
        for name in BLAS_OVERRIDES
        if name in os.environ
    ]
    if hasattr(os, "getloadavg") and (load := os.getloadavg()[0]) > 0.5 * cores():
        found.append(f"the machine is busy (load {load:.1f} on {cores()} cores): expect noise")
    return found


def limit_threads(threads: int) -> AbstractContextManager[Any]:
    """Give NumPy's BLAS and PyTorch the same number of threads; JAX keeps the pool that it has."""
    try:
        import torch
    except ImportError:
        pass
    else:
        torch.set_num_threads(threads)
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    return threadpool_limits(threads)

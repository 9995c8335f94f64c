"""Several processes that compute together: there is one, and a program that asks hears so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

ReduceOp = SimpleNamespace(SUM="SUM", AVG="AVG", PRODUCT="PRODUCT", MIN="MIN", MAX="MAX")


def is_available() -> bool:
    """False: minigrad computes in one process.

    >>> import minigrad as torch
    >>> torch.distributed.is_available()
    False
    """
    return False


def is_initialized() -> bool:
    """False: there is no group of processes.

    >>> import minigrad as torch
    >>> torch.distributed.is_initialized()
    False
    """
    return False


is_nccl_available = is_gloo_available = is_mpi_available = is_ucc_available = is_available
is_torchelastic_launched = is_initialized


def _refused(*args: Any, **kwargs: Any) -> Any:
    """Raise: there is one process."""
    raise RuntimeError(
        "minigrad computes in one process, and has no group of them; "
        "ask torch.distributed.is_available(), and leave the call out"
    )


init_process_group = destroy_process_group = new_group = get_backend = _refused
get_rank = get_world_size = barrier = monitored_barrier = _refused
all_reduce = all_gather = all_gather_into_tensor = all_gather_object = all_to_all = _refused
broadcast = broadcast_object_list = reduce = reduce_scatter = gather = scatter = _refused
send = recv = isend = irecv = _refused

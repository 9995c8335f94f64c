"""The choice among PyTorch's kernels of attention: there is one here, and the choice changes nothing."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


class SDPBackend(enum.IntEnum):
    """PyTorch's kernels of scaled_dot_product_attention.

    >>> import minigrad as torch
    >>> torch.nn.attention.SDPBackend.MATH.name
    'MATH'
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends: Any, set_priority: bool = False) -> Iterator[None]:
    """A context that allows some of the kernels; the one that there is computes in any case.

    Arguments:
        backends: one of `SDPBackend`, or a list of them.
        set_priority: accepted.

    Raises:
        RuntimeError: where none is allowed.

    >>> import minigrad as torch
    >>> q = torch.ones(1, 2, 4)
    >>> with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
    ...     y = torch.nn.functional.scaled_dot_product_attention(q, q, q)
    """
    chosen = [backends] if isinstance(backends, SDPBackend) else list(backends)
    if not chosen or not all(isinstance(one, SDPBackend) for one in chosen):
        raise RuntimeError(f"sdpa_kernel: backends must be of SDPBackend, one or several, not {backends!r}")
    yield


__all__ = ["SDPBackend", "sdpa_kernel"]

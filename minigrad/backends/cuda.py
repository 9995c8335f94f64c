"""The switches of CUDA's kernels: they are kept, and change nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

matmul = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True)


def is_built() -> bool:
    """False: NumPy computes.

    >>> import minigrad as torch
    >>> torch.backends.cuda.is_built()
    False
    """
    return False


def flash_sdp_enabled() -> bool:
    """False: attention has the one kernel that NumPy computes.

    >>> import minigrad as torch
    >>> torch.backends.cuda.flash_sdp_enabled()
    False
    """
    return False


mem_efficient_sdp_enabled = cudnn_sdp_enabled = flash_sdp_enabled


def math_sdp_enabled() -> bool:
    """True: attention is computed from its formula.

    >>> import minigrad as torch
    >>> torch.backends.cuda.math_sdp_enabled()
    True
    """
    return True


def enable_flash_sdp(enabled: bool) -> None:
    """Accepts the switch of a kernel that is not there.

    Arguments:
        enabled: True or False.

    >>> import minigrad as torch
    >>> torch.backends.cuda.enable_flash_sdp(False)
    """


enable_mem_efficient_sdp = enable_math_sdp = enable_cudnn_sdp = enable_flash_sdp


@contextlib.contextmanager
def sdp_kernel(
    enable_flash: bool = True,
    enable_math: bool = True,
    enable_mem_efficient: bool = True,
    enable_cudnn: bool = True,
) -> Iterator[None]:
    """A context that changes nothing, the older form of `torch.nn.attention.sdpa_kernel`.

    Arguments:
        enable_flash, enable_math, enable_mem_efficient, enable_cudnn: accepted.

    >>> import minigrad as torch
    >>> with torch.backends.cuda.sdp_kernel(enable_flash=False):
    ...     pass
    """
    yield

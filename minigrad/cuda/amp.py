"""The older place of `minigrad.amp`, for CUDA, which is not there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from minigrad import amp
from minigrad._tensor.later import parts_of
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


class autocast(amp.autocast):
    """`amp.autocast("cuda")`.

    Arguments:
        enabled, dtype, cache_enabled: as there.

    >>> import minigrad as torch
    >>> with torch.cuda.amp.autocast(enabled=False):
    ...     y = torch.ones(1)
    """

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """`amp.GradScaler("cuda")`.

    Arguments:
        init_scale, growth_factor, backoff_factor, growth_interval, enabled: as there.

    >>> import minigrad as torch
    >>> torch.cuda.amp.GradScaler(enabled=False).is_enabled()
    False
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: Any = None) -> Any:
    """The `forward` of an autograd function as it is.

    Arguments:
        fwd: the function; without it, a decorator.
        cast_inputs: accepted.

    >>> import minigrad as torch
    >>> torch.cuda.amp.custom_fwd(abs) is abs
    True
    """
    return amp.custom_fwd(fwd, device_type="cuda")


def custom_bwd(bwd: Any) -> Any:
    """The `backward` of an autograd function as it is.

    Arguments:
        bwd: the function.

    >>> import minigrad as torch
    >>> torch.cuda.amp.custom_bwd(abs) is abs
    True
    """
    return amp.custom_bwd(bwd, device_type="cuda")


parts_of(
    sys.modules[__name__],
    {"grad_scaler": "GradScaler", "autocast_mode": "autocast custom_bwd custom_fwd"},
)

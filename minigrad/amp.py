"""Mixed precision: there is none on the CPU here, and programs that offer it as a choice go on without it.

`autocast` and `GradScaler` of a device that is not there switch themselves off with PyTorch's warning.
"""

from __future__ import annotations

import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.later import parts_of
from minigrad._tensor.tensor import Tensor
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


def is_autocast_available(device_type: str) -> bool:
    """False: nothing is computed in fewer digits than its dtype has.

    Arguments:
        device_type: "cuda", "cpu" and the like.

    >>> import minigrad as torch
    >>> torch.amp.is_autocast_available("cuda")
    False
    """
    return False


class autocast:
    """A context, or decorator, that computes in fewer digits where there is a device for it: here nowhere.

    Arguments:
        device_type: of "cuda" and the like it is off, with PyTorch's warning; on the CPU PyTorch computes in
            bfloat16, which NumPy does not have.
        dtype: accepted.
        enabled: False for a context that changes nothing.
        cache_enabled: accepted.

    Raises:
        RuntimeError: for the CPU, where it is enabled.

    >>> import minigrad as torch
    >>> with torch.amp.autocast("cuda", enabled=torch.cuda.is_available()):
    ...     y = torch.ones(1) * 2
    >>> y.dtype
    torch.float32
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = device_type
        if enabled and device_type == "cpu":
            raise RuntimeError(
                "autocast on the CPU computes in bfloat16, which NumPy does not have; give enabled=False"
            )
        if enabled:
            warnings.warn(
                f"User provided device_type of '{device_type}', but {device_type.upper()} is not available. "
                "Disabling",
                UserWarning,
                stacklevel=2,
            )

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return call


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """The `forward` of an autograd function as it is: autocast changes nothing.

    Arguments:
        fwd: the function; without it, a decorator.
        device_type, cast_inputs: accepted.

    >>> import minigrad as torch
    >>> torch.amp.custom_fwd(abs, device_type="cuda") is abs
    True
    """
    return (lambda function: function) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """The `backward` of an autograd function as it is: autocast changes nothing.

    Arguments:
        bwd: the function; without it, a decorator.
        device_type: accepted.

    >>> import minigrad as torch
    >>> torch.amp.custom_bwd(abs, device_type="cuda") is abs
    True
    """
    return (lambda function: function) if bwd is None else bwd


class GradScaler:
    """Scales a loss up so that small gradients of float16 do not vanish, and the gradients down again.

    A step with gradients that are not finite is left out, and the scale becomes smaller.

    Arguments:
        device: of "cuda" and the like it is off, with PyTorch's warning.
        init_scale: the first scale.
        growth_factor, backoff_factor: by which the scale is multiplied, after `growth_interval` steps that
            went well, and after one that was left out.
        growth_interval: see there.
        enabled: False for one that changes nothing.

    >>> import minigrad as torch
    >>> w = torch.ones(1, requires_grad=True)
    >>> optimizer, scaler = torch.optim.SGD([w], lr=0.5), torch.amp.GradScaler("cpu", init_scale=8.0)
    >>> scaler.scale((w * w).sum()).backward()
    >>> w.grad, scaler.get_scale()
    (tensor([16.]), 8.0)
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w
    tensor([0.], requires_grad=True)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and str(device) != "cpu":
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        if enabled and not growth_factor > 1:
            raise ValueError("The growth factor must be > 1.0.")
        if enabled and not backoff_factor < 1:
            raise ValueError("The backoff factor must be < 1.0.")
        self._enabled, self._scale = enabled, init_scale
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._seen: dict[int, str] = {}  # of an optimizer: unscaled or stepped
        self._infinite: dict[int, bool] = {}

    def is_enabled(self) -> bool:
        """True unless it was switched off."""
        return self._enabled

    def get_scale(self) -> float:
        """The scale of now, as `GradScaler()` is asked for it; 1 where it is switched off.

        >>> import minigrad as torch
        >>> torch.amp.GradScaler("cpu").get_scale(), torch.amp.GradScaler(enabled=False).get_scale()
        (65536.0, 1.0)
        """
        return self._scale if self._enabled else 1.0

    def scale(self, outputs: Any) -> Any:
        """The loss, or several in a list or tuple, times the scale.

        Arguments:
            outputs: a tensor, or a list or tuple of them.
        """
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if isinstance(outputs, Iterable):
            return type(outputs)(map(self.scale, outputs))  # type: ignore[call-arg]
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the scale, once before its step.

        Arguments:
            optimizer: the optimiser of the parameters.

        Raises:
            RuntimeError: the second time before `update`.
        """
        if not self._enabled:
            return
        state = self._seen.get(id(optimizer))
        if state == "unscaled":
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        if state == "stepped":
            raise RuntimeError("unscale_() is being called after step().")
        infinite = False
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    grad = p.grad.detach()
                    infinite = infinite or not bool(np.isfinite(grad.numpy()).all())
                    p.grad = grad * (1 / self._scale)
        self._seen[id(optimizer)], self._infinite[id(optimizer)] = "unscaled", infinite

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """optimizer.step() after `unscale_`; nothing where a gradient is not finite.

        Arguments:
            optimizer: the optimiser that steps.
            args, kwargs: of its step; no closure.

        Raises:
            RuntimeError: for a closure, and the second time before `update`.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        if self._seen.get(id(optimizer)) == "stepped":
            raise RuntimeError("step() has already been called since the last update().")
        if id(optimizer) not in self._seen:
            self.unscale_(optimizer)
        self._seen[id(optimizer)] = "stepped"
        return None if self._infinite[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Choose the next scale, after the steps.

        Arguments:
            new_scale: the scale itself, in the place of the choice.

        Raises:
            AssertionError: where no gradient has been looked at.
        """
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        else:
            if not self._infinite:
                raise AssertionError("No inf checks were recorded prior to update.")
            if any(self._infinite.values()):
                self._scale, self._growth_tracker = self._scale * self._backoff_factor, 0
            else:
                self._growth_tracker += 1
                if self._growth_tracker == self._growth_interval:
                    grown = self._scale * self._growth_factor
                    self._scale = grown if math.isfinite(grown) else self._scale
                    self._growth_tracker = 0
        self._seen, self._infinite = {}, {}

    def state_dict(self) -> dict[str, Any]:
        """The numbers to keep, as `GradScaler()` takes them; empty where it is switched off.

        >>> import minigrad as torch
        >>> torch.amp.GradScaler("cpu").state_dict()["scale"]
        65536.0
        """
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the numbers of `state_dict()`.

        Arguments:
            state_dict: the numbers.

        Raises:
            RuntimeError: for those of one that was switched off.

        >>> import minigrad as torch
        >>> scaler = torch.amp.GradScaler("cpu")
        >>> scaler.load_state_dict(torch.amp.GradScaler("cpu", init_scale=4.0).state_dict())
        >>> scaler.get_scale()
        4.0
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of "
                "GradScaler."
            )
        for name in ("scale", "growth_factor", "backoff_factor", "growth_interval"):
            setattr(self, f"_{name}", state_dict[name])
        self._growth_tracker = state_dict["_growth_tracker"]


parts_of(
    sys.modules[__name__],
    {"grad_scaler": "GradScaler", "autocast_mode": "autocast custom_bwd custom_fwd is_autocast_available"},
)

"""PyTorch's settings that choose between kernels, which change nothing here, and those of default types."""

from __future__ import annotations

from typing import Any

from minigrad._tensor import dtype as storage
from minigrad._tensor.device import unavailable
from minigrad._tensor.tensor import Tensor
from minigrad.autograd._anomaly import watches_for_anomalies

_KEPT: dict[str, Any] = {
    "matmul": "highest",
    "deterministic": False,
    "warn_only": False,
    "warn_always": False,
}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepts the choice: every function computes the same numbers each time.

    Arguments:
        mode, warn_only: kept, and told by `are_deterministic_algorithms_enabled`.

    >>> import minigrad as torch
    >>> torch.use_deterministic_algorithms(True)
    >>> torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    _KEPT.update(deterministic=bool(mode), warn_only=bool(mode and warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """The choice made with `use_deterministic_algorithms`.

    >>> import minigrad as torch
    >>> torch.are_deterministic_algorithms_enabled()
    False
    """
    return bool(_KEPT["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The choice of `warn_only` made with `use_deterministic_algorithms`.

    >>> import minigrad as torch
    >>> torch.is_deterministic_algorithms_warn_only_enabled()
    False
    """
    return bool(_KEPT["warn_only"])


def set_float32_matmul_precision(precision: str) -> None:
    """Accepts the choice; float32 is multiplied as float32.

    Arguments:
        precision: "highest", "high" or "medium".

    Raises:
        RuntimeError: for another word.

    >>> import minigrad as torch
    >>> torch.set_float32_matmul_precision("high")
    >>> torch.get_float32_matmul_precision()
    'high'
    >>> torch.set_float32_matmul_precision("highest")
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"{precision!r} is no precision: it is 'highest', 'high' or 'medium'")
    _KEPT["matmul"] = precision


def get_float32_matmul_precision() -> str:
    """The word given to `set_float32_matmul_precision`.

    >>> import minigrad as torch
    >>> torch.get_float32_matmul_precision()
    'highest'
    """
    return str(_KEPT["matmul"])


def set_flush_denormal(mode: bool) -> bool:
    """False: NumPy keeps the smallest numbers, and cannot be told to flush them to 0.

    Arguments:
        mode: accepted.

    >>> import minigrad as torch
    >>> torch.set_flush_denormal(True)
    False
    """
    return False


def set_warn_always(b: bool) -> None:
    """Accepts the choice `b`; warnings appear as Python's filters say.

    >>> import minigrad as torch
    >>> torch.set_warn_always(False)
    """
    _KEPT["warn_always"] = bool(b)


def is_warn_always_enabled() -> bool:
    """The choice made with `set_warn_always`.

    >>> import minigrad as torch
    >>> torch.set_warn_always(False)
    >>> torch.is_warn_always_enabled()
    False
    """
    return bool(_KEPT["warn_always"])


def set_default_tensor_type(t: Any) -> None:
    """The default dtype by the name of a type of tensors.

    Arguments:
        t: `torch.FloatTensor` or its like, or its name as a string.

    Raises:
        TypeError: for a type that is not floating, or is of a device that is not there.

    >>> import minigrad as torch
    >>> torch.set_default_tensor_type(torch.DoubleTensor)
    >>> torch.ones(1).dtype
    torch.float64
    >>> torch.set_default_tensor_type("torch.FloatTensor")
    """
    name = t if isinstance(t, str) else getattr(t, "__name__", repr(t))
    if "cuda" in name or (not hasattr(t, "dtype") and not isinstance(t, str)):
        raise TypeError(f"type {name} not available: {unavailable('CUDA device')}")
    wanted = {"HalfTensor": storage.float16, "FloatTensor": storage.float32, "DoubleTensor": storage.float64}
    found = wanted.get(name.removeprefix("torch."))
    if found is None:
        raise TypeError(f"only floating-point types are supported as the default type, not {name}")
    storage.set_default_dtype(found)


def typename(obj: Any, /) -> str:
    """The name of a tensor's type, of its dtype; of anything else that of its class.

    Arguments:
        obj: anything.

    >>> import minigrad as torch
    >>> torch.typename(torch.ones(1)), torch.typename(1)
    ('torch.FloatTensor', 'int')
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", "builtins") or "builtins"
    return str(kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}")


def get_device(input: Tensor) -> int:
    """-1: the tensor is on the CPU.

    Arguments:
        input: a tensor.

    >>> import minigrad as torch
    >>> torch.get_device(torch.ones(1))
    -1
    """
    return int(input.get_device())


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False: nothing is computed in fewer digits than its dtype has.

    Arguments:
        device_type: accepted.

    >>> import minigrad as torch
    >>> torch.is_autocast_enabled()
    False
    """
    return False


def is_anomaly_enabled() -> bool:
    """True inside `autograd.detect_anomaly()`, and after `autograd.set_detect_anomaly(True)`.

    >>> import minigrad as torch
    >>> with torch.autograd.detect_anomaly():
    ...     torch.is_anomaly_enabled()
    True
    """
    return watches_for_anomalies()


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor of the shape and dtype of another one with one value: the copy of `fill_`.

    Arguments:
        input: a tensor, to which a gradient of 0 flows.
        value: a number, or a tensor without axes.

    >>> import minigrad as torch
    >>> torch.fill(torch.zeros(2), 3.0)
    tensor([3., 3.])
    """
    return input.clone().fill_(value)

"""The older names of tensors by their dtype: `FloatTensor([1, 2])` and its like."""

from __future__ import annotations

from typing import Any

from minigrad._tensor import dtype as storage
from minigrad._tensor.tensor import Tensor


class _Kind(type):
    """The type of the types: tensors of the dtype are their instances."""

    dtype: Any = storage.float32

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance._array.dtype is cls.dtype

    def __call__(cls, *data: Any) -> Any:
        if len(data) == 1 and isinstance(data[0], Tensor) and data[0]._array.dtype is not cls.dtype:
            raise TypeError(f"{cls.__name__}: the tensor is of {data[0].dtype}; convert it with .to()")
        made = Tensor(*data) if cls.dtype is storage.get_default_dtype() else Tensor(*data, dtype=cls.dtype)
        return made

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _made(name: str, dtype: Any) -> _Kind:
    doc = f"""A tensor of {dtype} from data or sizes, as `Tensor(data)`.

    >>> import minigrad as torch
    >>> torch.{name}([1, 0]).dtype
    torch.{dtype}
    """
    return _Kind(name, (), {"dtype": dtype, "__doc__": doc, "__module__": __name__})


FloatTensor, DoubleTensor = _made("FloatTensor", storage.float32), _made("DoubleTensor", storage.float64)
HalfTensor, LongTensor = _made("HalfTensor", storage.float16), _made("LongTensor", storage.int64)
IntTensor, ShortTensor = _made("IntTensor", storage.int32), _made("ShortTensor", storage.int16)
CharTensor, ByteTensor = _made("CharTensor", storage.int8), _made("ByteTensor", storage.uint8)
BoolTensor = _made("BoolTensor", storage.bool_)

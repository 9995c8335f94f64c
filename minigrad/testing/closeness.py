"""An assertion that two results are equal up to rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad import Tensor, as_tensor, float64, promote_types

# (rtol, atol) by dtype, as PyTorch has them; (0, 0) for integers and booleans
_TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise an AssertionError unless |actual - expected| <= atol + rtol |expected| everywhere.

    Arguments:
        actual, expected: tensors, numbers or arrays; or lists, tuples or dicts of them.
        rtol, atol: both or none; without them 1.3e-6 and 1e-5 for float32, 1e-7 and 1e-7 for float64,
            1e-3 and 1e-5 for float16, and 0 for integers.
        equal_nan: True where a NaN equals a NaN.
        check_dtype: False where the dtypes may differ.
        check_stride: True where the strides must be equal.
        allow_subclasses, check_device, check_layout: accepted; there is one of each.
        msg: in place of the message, or a function of it.

    Raises:
        AssertionError: where they differ; it says by how much, and where most.
        ValueError: for one of rtol and atol without the other.

    >>> import minigrad as torch
    >>> torch.testing.assert_close(torch.ones(2), torch.ones(2) + 1e-7)
    >>> torch.testing.assert_close(torch.ones(2), torch.tensor([1.0, 2.0]))
    Traceback (most recent call last):
    AssertionError: Tensor-likes are not close!
    <BLANKLINE>
    Mismatched elements: 1 / 2 (50.0%)
    Greatest absolute difference: 1.0 at index (1,) (up to 1e-05 allowed)
    Greatest relative difference: 0.5 at index (1,) (up to 1.3e-06 allowed)
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"rtol and atol must both be given or both be left out, not {rtol=} and {atol=}")
    how = (rtol, atol, equal_nan, check_dtype, check_stride)
    for where, a, b in _pairs(actual, expected, ""):
        wrong = a if b is None else _difference(a, b, *how)
        if wrong:
            text = f"{wrong}\n\nThe failure occurred for item {where}" if where else wrong
            raise AssertionError(msg(text) if callable(msg) else msg or text)


def _pairs(a: Any, b: Any, where: str) -> Any:
    """(where, actual, expected) of the leaves; (where, complaint, None) where the two are not built alike."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            yield where, f"The keys of the mappings do not match: {list(a)} and {list(b)}", None
            return
        keys: Any = a.keys()
    elif isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str):
        if len(a) != len(b):
            yield where, f"The length of the sequences mismatch: {len(a)} != {len(b)}", None
            return
        keys = range(len(a))
    else:
        yield where, a, b
        return
    for key in keys:
        yield from _pairs(a[key], b[key], f"{where}[{key!r}]")


def _tensor(x: Any) -> Tensor:
    """A tensor of anything; of a Python number in float64, so that nothing is rounded."""
    if isinstance(x, Tensor):
        return x.detach()
    return as_tensor(x, dtype=float64) if isinstance(x, float) else as_tensor(x)


def _difference(
    actual: Any,
    expected: Any,
    rtol: float | None,
    atol: float | None,
    equal_nan: bool,
    dtypes: bool,
    strides: bool,
) -> str:
    """The complaint; "" where the two are close."""
    a, b = _tensor(actual), _tensor(expected)
    if isinstance(actual, Tensor) != isinstance(expected, Tensor):
        raise TypeError(
            "assert_close compares like with like, "
            f"not {type(actual).__name__} with {type(expected).__name__}"
        )
    if dtypes and not isinstance(actual, Tensor | np.ndarray) and type(actual) is not type(expected):
        return f"The (d)types do not match: {type(actual)} != {type(expected)}."
    if a.shape != b.shape:
        return f"The values for attribute 'shape' do not match: {a.shape} != {b.shape}."
    if dtypes and a.dtype != b.dtype:
        return f"The values for attribute 'dtype' do not match: {a.dtype} != {b.dtype}."
    if strides and a.stride() != b.stride():
        return f"The values for attribute 'stride()' do not match: {a.stride()} != {b.stride()}."
    if rtol is None or atol is None:
        found = [_TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, b)]
        rtol, atol = max(r for r, _ in found), max(t for _, t in found)
    common = promote_types(a.dtype, b.dtype)
    x, y = (np.asarray(t.to(common).numpy()) for t in (a, b))
    if np.isclose(x, y, rtol, atol, equal_nan).all():
        return ""
    wrong = ~np.isclose(x, y, rtol, atol, equal_nan)
    with np.errstate(all="ignore"):
        absolute = np.abs(x.astype(np.float64) - y.astype(np.float64))
        relative = absolute / np.abs(y.astype(np.float64))
    named = f"{'Scalars' if a.ndim == 0 else 'Tensor-likes'} are not {'close' if rtol or atol else 'equal'}!"
    bounds = [f" (up to {bound} allowed)" if rtol or atol else "" for bound in (atol, rtol)]
    if a.ndim == 0:
        return (
            f"{named}\n\nExpected {y.item()} but got {x.item()}.\n"
            f"Absolute difference: {absolute.item()}{bounds[0]}\n"
            f"Relative difference: {relative.item()}{bounds[1]}"
        )
    text = f"{named}\n\nMismatched elements: {wrong.sum()} / {wrong.size} ({wrong.mean():.1%})"
    for word, numbers, bound in zip(("absolute", "relative"), (absolute, relative), bounds, strict=True):
        among = np.where(wrong, numbers, -1.0)
        at = np.unravel_index(np.argmax(among), among.shape)
        text += f"\nGreatest {word} difference: {numbers[at]} at index {tuple(map(int, at))}{bound}"
    return text

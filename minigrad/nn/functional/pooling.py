"""Pooling: the maximum, the mean or the norm of windows of a given size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.calls import RECORD
from minigrad._tensor.convert import as_operand
from minigrad._tensor.tensor import Tensor
from minigrad.ops import convolution as _table  # noqa: F401 (its ops are in the registry now)
from minigrad.ops.arrays import everything
from minigrad.ops.kernels import broken

from .sizes import Sizes, as_batch, sizes_for


def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum of each window over one axis: see `max_pool2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        kernel_size, stride, padding, dilation, ceil_mode, return_indices: as `max_pool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.max_pool1d(torch.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[3., 2.]])
    """
    return maxima_of_windows(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum of each window. Of equal elements the first one gets the gradient.

    Arguments:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: of the windows; one integer, or one for each axis, as the next three.
        stride: how far windows move; `kernel_size` where it is None.
        padding: how many elements of -inf stand on each side; at most half of the window.
        dilation: how far the elements of a window are apart.
        ceil_mode: whether a last window may reach over the end.
        return_indices: whether the places of the maxima are returned too: an int64 tensor of positions in
            the flattened (H, W).

    Returns:
        (N, C, H', W') or (C, H', W'), or a tuple of it and the indices.

    Raises:
        RuntimeError: for an input of another rank, too much padding, or where no window fits.

    >>> import minigrad as torch
    >>> torch.nn.functional.max_pool2d(torch.arange(8.0).reshape(1, 2, 4), 2)
    tensor([[[5., 7.]]])
    """
    return maxima_of_windows(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum of each window over three axes: see `max_pool2d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        kernel_size, stride, padding, dilation, ceil_mode, return_indices: as `max_pool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.max_pool3d(torch.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return maxima_of_windows(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _with_indices(axes: int) -> Any:
    pool = (max_pool1d, max_pool2d, max_pool3d)[axes - 1]

    def pooled(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    pooled.__name__ = pooled.__qualname__ = f"{pool.__name__}_with_indices"
    pooled.__doc__ = f"""`{pool.__name__}` with `return_indices=True`: the maxima, and their places.

    Arguments:
        input, kernel_size, stride, padding, dilation, ceil_mode: as there.
        return_indices: accepted.

    >>> import minigrad as torch
    >>> x = torch.arange({2**axes}.0).reshape({(1, *(2,) * axes)})
    >>> out, places = torch.nn.functional.max_pool{axes}d_with_indices(x, 2)
    >>> out.item(), places.item()
    ({2**axes - 1}.0, {2**axes - 1})
    """
    return pooled


max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = map(_with_indices, (1, 2, 3))


def maxima_of_windows(
    axes: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool, return_indices: bool,
) -> Any:  # fmt: skip
    """The maxima of windows over the last `axes` axes, and, where asked for, their places."""
    name = f"max_pool{axes}d"
    x, single = as_batch(name, input, axes)
    size, stride, padding = _window(name, axes, kernel_size, stride, padding)
    dilation = sizes_for(name, "dilation", dilation, axes, 1)
    places = _places(name, x, size, stride, padding, dilation, ceil_mode)
    options = {"size": size, "stride": stride, "padding": padding, "dilation": dilation, "places": places}
    out, indices = RECORD["max_pool"]((x,), options)
    out = out.squeeze(0) if single else out
    return (out, as_operand(indices[0] if single else indices)) if return_indices else out


def _window(name: str, axes: int, size: Any, stride: Any, padding: Any) -> tuple[Sizes, Sizes, Sizes]:
    size = sizes_for(name, "kernel_size", size, axes, 1)
    stride = size if stride is None or stride == () else sizes_for(name, "stride", stride, axes, 1)
    return size, stride, sizes_for(name, "padding", padding, axes)


def _places(
    name: str, x: Tensor, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> Sizes:
    """How many windows there are: none begins behind the end."""
    found = []
    for n, k, s, p, d in zip(x.shape[2:], size, stride, padding, dilation, strict=True):
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                f"{name}: pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation={d}"
            )
        room = n + 2 * p - d * (k - 1) - 1
        m = (room + (s - 1 if ceil_mode else 0)) // s + 1
        found.append(m - 1 if ceil_mode and (m - 1) * s >= n + p else m)
    if min(found) < 1:
        raise RuntimeError(
            f"{name}: Given input size: {tuple(x.shape[1:])}. Calculated output size: "
            f"{(x.shape[1], *found)}. Output size is too small"
        )
    return tuple(found)


def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window over one axis: see `avg_pool2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        kernel_size, stride, padding, ceil_mode, count_include_pad: as `avg_pool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.avg_pool1d(torch.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return means_of_windows(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window.

    Arguments:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: of the windows; one integer, or one for each axis, as the next two.
        stride: how far windows move; `kernel_size` where it is None.
        padding: how many zeros stand on each side; at most half of the window.
        ceil_mode: whether a last window may reach over the end.
        count_include_pad: whether the zeros of the padding count as elements of the mean.
        divisor_override: by which the sum is divided instead of their number.

    Returns:
        (N, C, H', W') or (C, H', W').

    Raises:
        RuntimeError: for an input of another rank, too much padding, or where no window fits.

    >>> import minigrad as torch
    >>> torch.nn.functional.avg_pool2d(torch.arange(8.0).reshape(1, 2, 4), 2)
    tensor([[[2.5000, 4.5000]]])
    """
    return means_of_windows(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window over three axes: see `avg_pool2d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: as `avg_pool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.avg_pool3d(torch.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[3.5000]]]])
    """
    return means_of_windows(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def means_of_windows(
    axes: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any,
    ceil_mode: bool, count_include_pad: bool, divisor: int | None,
) -> Tensor:  # fmt: skip
    """The means of windows over the last `axes` axes."""
    if input.dtype == np.float16:  # whose sums overflow
        given = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor
        return means_of_windows(axes, input.float(), *given).to(input.dtype)
    name = f"avg_pool{axes}d"
    x, single = as_batch(name, input, axes)
    size, stride, padding = _window(name, axes, kernel_size, stride, padding)
    places = _places(name, x, size, stride, padding, (1,) * axes, ceil_mode)
    if divisor == 0:
        raise RuntimeError(f"{name}: divisor must be not zero")
    options = {"size": size, "stride": stride, "padding": padding, "places": places}
    out: Tensor = RECORD["sum_windows"]((x,), options)[0]
    if divisor is not None:
        out = out / divisor
    elif not any(padding) and not ceil_mode:
        out = out / math.prod(size)
    else:
        counts: Any = np.ones(())
        for n, k, s, p, m in zip(x.shape[2:], size, stride, padding, places, strict=True):
            start = np.arange(m) * s - p
            first, last = (start, n + p) if count_include_pad else (np.maximum(start, 0), n)
            counts = np.multiply.outer(counts, np.minimum(start + k, last) - first)
        out = out / as_operand(counts.astype(out.dtype))
    return out.squeeze(0) if single else out


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window over one axis: see `lp_pool2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        norm_type, kernel_size, stride, ceil_mode: as `lp_pool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.lp_pool1d(torch.tensor([[3.0, 4.0]]), 2, 2)
    tensor([[5.]])
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """(the sum of x^p over each window)^(1/p): the sum for p = 1.

    Arguments:
        input: (N, C, H, W) or (C, H, W).
        norm_type: p.
        kernel_size: of the windows; one integer, or one for each axis.
        stride: how far windows move; `kernel_size` where it is None.
        ceil_mode: whether a last window may reach over the end.

    Returns:
        (N, C, H', W') or (C, H', W').

    >>> import minigrad as torch
    >>> torch.nn.functional.lp_pool2d(torch.tensor([[[3.0, 4.0]]]), 2, (1, 2))
    tensor([[[5.]]])
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The norm of each window over three axes: see `lp_pool2d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        norm_type, kernel_size, stride, ceil_mode: as `lp_pool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.lp_pool3d(torch.ones(1, 2, 2, 2), 2, 2)
    tensor([[[[2.8284]]]])
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(axes: int, input: Tensor, p: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    size = sizes_for(f"lp_pool{axes}d", "kernel_size", kernel_size, axes, 1)
    mean = means_of_windows(axes, input**p, size, stride, 0, ceil_mode, True, None)
    return (mean.sign() * mean.abs().relu() * math.prod(size)) ** (1 / p)


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The maxima back at their places over one axis: see `max_unpool2d`.

    Arguments:
        input, indices: (N, C, L) or (C, L).
        kernel_size, stride, padding, output_size: as `max_unpool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.max_unpool1d(torch.tensor([[3.0, 2.0]]), torch.tensor([[1, 2]]), 2)
    tensor([[0., 3., 2., 0.]])
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The maxima of `max_pool2d` back at their places, and 0 elsewhere.

    Arguments:
        input: (N, C, H', W') or (C, H', W').
        indices: of the same shape, as `max_pool2d` returned them.
        kernel_size, stride, padding: of that pooling.
        output_size: (H, W), also with the leading sizes, where more than one size gives (H', W').

    Returns:
        (N, C, H, W) or (C, H, W).

    Raises:
        RuntimeError: for indices of another shape, or outside (H, W).

    >>> import minigrad as torch
    >>> F = torch.nn.functional
    >>> out, indices = F.max_pool2d(torch.tensor([[[1.0, 2.0], [4.0, 3.0]]]), 2, return_indices=True)
    >>> F.max_unpool2d(out, indices, 2)
    tensor([[[0., 0.],
             [4., 0.]]])
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The maxima back at their places over three axes: see `max_unpool2d`.

    Arguments:
        input, indices: (N, C, D', H', W') or (C, D', H', W').
        kernel_size, stride, padding, output_size: as `max_unpool2d`.

    >>> import minigrad as torch
    >>> x, indices = torch.ones(1, 1, 1, 1), torch.tensor([[[[7]]]])
    >>> torch.nn.functional.max_unpool3d(x, indices, 2).tolist()
    [[[[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]]
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    axes: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    name = f"max_unpool{axes}d"
    x, single = as_batch(name, input, axes)
    size, stride, padding = _window(name, axes, kernel_size, stride, padding)
    if indices.shape != input.shape or indices.dtype.kind not in "iu":
        raise RuntimeError(
            f"{name}: expected integer indices of the shape {tuple(input.shape)} of the input, but got "
            f"{indices.dtype} of {tuple(indices.shape)}"
        )
    each = zip(x.shape[2:], size, stride, padding, strict=True)
    shape = tuple((n - 1) * s + k - 2 * p for n, k, s, p in each)
    if output_size is not None:
        asked = tuple(output_size)[-axes:]
        if len(asked) != axes or any(abs(a - n) >= s for a, n, s in zip(asked, shape, stride, strict=True)):
            raise ValueError(f"{name}: output_size {tuple(output_size)} is too far from {shape}")
        shape = asked
    planes = math.prod(shape)
    places = indices._array.reshape(*x.shape[:2], -1)
    every = everything(places)
    if broken((every >= 0) & (every < planes)):
        raise RuntimeError(f"{name}: found an invalid max index, for an output of size {shape}")
    flat = x.new_zeros((*x.shape[:2], planes)).scatter(2, as_operand(places), x.reshape(places.shape))
    out = flat.reshape(*x.shape[:2], *shape)
    return out.squeeze(0) if single else out

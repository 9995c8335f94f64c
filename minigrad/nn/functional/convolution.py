"""Convolutions and transposed convolutions in one, two and three dimensions; windows as columns and back."""

from __future__ import annotations

import math
from typing import Any

from minigrad._tensor.calls import RECORD
from minigrad._tensor.tensor import Tensor
from minigrad.ops import convolution as _table  # noqa: F401 (its ops are in the registry now)
from minigrad.ops.windows import count_places

from .checks import check_tensor
from .layers import pad
from .sizes import Sizes, as_batch, check_floating, sizes_for


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution over one axis: see `conv2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        weight: (O, C / groups, k).
        bias: (O), or None.
        stride, padding, dilation, groups: as `conv2d`.

    Returns:
        (N, O, L') or (O, L').

    >>> import minigrad as torch
    >>> x, weight = torch.tensor([[[1.0, 2.0, 4.0]]]), torch.tensor([[[-1.0, 1.0]]])
    >>> torch.nn.functional.conv1d(x, weight)
    tensor([[[1., 2.]]])
    """
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """out[n, o, i, j] = bias[o] + the sum over c, a, b of weight[o, c, a, b] * x[n, c, i + a, j + b].

    Arguments:
        input: (N, C, H, W), or (C, H, W) for one sample.
        weight: (O, C / groups, kH, kW).
        bias: (O), or None.
        stride: how far windows move: i is i * stride. One integer, or one for each axis, as the next two.
        padding: how many zeros stand before and after each axis; "valid" for 0, "same" for as many as make
            the output as long as the input (with a stride of 1).
        dilation: how far the elements of a window are apart: a is a * dilation.
        groups: output channels see one group of the input channels each.

    Returns:
        (N, O, H', W') or (O, H', W'), with H' = (H + 2 padding - dilation (kH - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: for shapes and dtypes that do not fit, and a window that is larger than the input.

    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    >>> import minigrad as torch
    >>> x, weight = torch.arange(9.0).reshape(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
    >>> torch.nn.functional.conv2d(x, weight)
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution over three axes: see `conv2d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        weight: (O, C / groups, kD, kH, kW).
        bias: (O), or None.
        stride, padding, dilation, groups: as `conv2d`.

    Returns:
        (N, O, D', H', W') or (O, D', H', W').

    >>> import minigrad as torch
    >>> torch.nn.functional.conv3d(torch.ones(1, 2, 3, 3, 3), torch.ones(1, 2, 3, 3, 3)).item()
    54.0
    """
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


def _convolve(
    axes: int, input: Tensor, weight: Tensor, bias: Tensor | None,
    stride: Any, padding: Any, dilation: Any, groups: int,
) -> Tensor:  # fmt: skip
    name = f"conv{axes}d"
    x, single = as_batch(name, input, axes)
    _check_weight(name, x, weight, axes, groups)
    size = weight.shape[2:]
    stride = sizes_for(name, "stride", stride, axes, 1)
    dilation = sizes_for(name, "dilation", dilation, axes, 1)
    if isinstance(padding, str):
        x, padding = _padded(x, padding, size, stride, dilation)
    else:
        padding = sizes_for(name, "padding", padding, axes)
    out, channels = weight.shape[:2]
    if x.shape[1] != channels * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} to "
            f"have {channels * groups} channels, but got {x.shape[1]} channels instead"
        )
    if out % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got "
            f"weight of size {list(weight.shape)} instead"
        )
    _check_bias(name, bias, weight, out)
    padded = [n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)]
    if any(k > n for k, n in zip(reach, padded, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_by(padded)}). Kernel size: ({_by(reach)}). Kernel "
            "size can't be greater than actual input size"
        )
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    made: Tensor = RECORD["convolution"]((x, weight, bias), options)[0]
    return made.squeeze(0) if single else made


def _by(sizes: Any) -> str:
    return " x ".join(map(str, sizes))


def _padded(x: Tensor, how: str, size: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Tensor, Sizes]:
    """The input, and how much padding stands on both sides: of an odd number one more behind."""
    if how == "valid":
        return x, (0,) * len(size)
    if how != "same":
        raise RuntimeError(f"Invalid padding string: {how!r}; it is 'same' or 'valid'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    whole = [d * (k - 1) for k, d in zip(size, dilation, strict=True)]
    if any(n % 2 for n in whole):
        x = pad(x, [n for w in reversed(whole) for n in (0, w % 2)])
    return x, tuple(n // 2 for n in whole)


def _check_weight(name: str, x: Tensor, weight: Any, axes: int, groups: Any) -> None:
    check_tensor(name, "weight", weight)
    check_floating(name, x)
    if weight.ndim != axes + 2:
        raise RuntimeError(
            f"{name}: expected a weight of {axes + 2} dimensions, but got {list(weight.shape)}"
        )
    if weight.dtype != x.dtype:
        raise RuntimeError(
            f"{name}: the input has dtype {x.dtype} and the weight {weight.dtype}; convert one with .to()"
        )
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise RuntimeError(f"{name}: groups must be a positive integer, not {groups!r}")


def _check_bias(name: str, bias: Any, weight: Tensor, out: int) -> None:
    if bias is None:
        return
    check_tensor(name, "bias", bias)
    if bias.shape != (out,):
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {out} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )
    if bias.dtype != weight.dtype:
        raise RuntimeError(
            f"{name}: the weight has dtype {weight.dtype} and the bias {bias.dtype}; convert one with .to()"
        )


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """The transposed convolution over one axis: see `conv_transpose2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        weight: (C, O / groups, k).
        bias: (O), or None.
        stride, padding, output_padding, groups, dilation: as `conv_transpose2d`.

    Returns:
        (N, O, L') or (O, L').

    >>> import minigrad as torch
    >>> x, weight = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 10.0]]])
    >>> torch.nn.functional.conv_transpose1d(x, weight)
    tensor([[[ 1., 12., 20.]]])
    """
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Each element times the weight, added up at its window: the gradient of `conv2d` by its input.

    Arguments:
        input: (N, C, H, W) or (C, H, W).
        weight: (C, O / groups, kH, kW).
        bias: (O), or None.
        stride: how far windows move. One integer, or one for each axis, as the next ones.
        padding: how much is cut from each side of the result.
        output_padding: how much is added to the end of the result; below the stride or the dilation.
        groups: input channels reach one group of the output channels each.
        dilation: how far the elements of a window are apart.

    Returns:
        (N, O, H', W') or (O, H', W'), with
        H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding + 1.

    Raises:
        RuntimeError: for shapes and dtypes that do not fit.

    Source: Zeiler et al., "Deconvolutional networks" (2010).

    >>> import minigrad as torch
    >>> torch.nn.functional.conv_transpose2d(torch.ones(1, 1, 1, 2), torch.ones(1, 1, 2, 2), stride=2)
    tensor([[[[1., 1., 1., 1.],
              [1., 1., 1., 1.]]]])
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """The transposed convolution over three axes: see `conv_transpose2d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        weight: (C, O / groups, kD, kH, kW).
        bias: (O), or None.
        stride, padding, output_padding, groups, dilation: as `conv_transpose2d`.

    Returns:
        (N, O, D', H', W') or (O, D', H', W').

    >>> import minigrad as torch
    >>> torch.nn.functional.conv_transpose3d(torch.ones(1, 2, 2, 2, 2), torch.ones(2, 1, 2, 2, 2)).shape
    torch.Size([1, 1, 3, 3, 3])
    """
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(
    axes: int, input: Tensor, weight: Tensor, bias: Tensor | None,
    stride: Any, padding: Any, output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    name = f"conv_transpose{axes}d"
    x, single = as_batch(name, input, axes)
    _check_weight(name, x, weight, axes, groups)
    stride = sizes_for(name, "stride", stride, axes, 1)
    dilation = sizes_for(name, "dilation", dilation, axes, 1)
    padding = sizes_for(name, "padding", padding, axes)
    more = sizes_for(name, "output_padding", output_padding, axes)
    if x.shape[1] != weight.shape[0] or x.shape[1] % groups:
        raise RuntimeError(
            f"Given transposed=1, groups={groups}, weight of size {list(weight.shape)}, expected "
            f"input{list(x.shape)} to have {weight.shape[0]} channels, a multiple of groups, but got "
            f"{x.shape[1]} channels instead"
        )
    if any(m >= max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding={more}, "
            f"stride={stride}, dilation={dilation}"
        )
    _check_bias(name, bias, weight, weight.shape[1] * groups)
    each = zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, more, strict=True)
    shape = tuple((n - 1) * s - 2 * p + d * (k - 1) + m + 1 for n, k, s, p, d, m in each)
    if min(shape) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({_by(x.shape[2:])}). Calculated output size per channel: "
            f"({_by(shape)}). Output size is too small"
        )
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    made: Tensor = RECORD["convolution_back"]((x, weight), {"shape": shape, **options})[0]
    if bias is not None:
        made = made + bias.reshape(-1, *(1,) * axes)
    return made.squeeze(0) if single else made


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of an image as columns: what a convolution multiplies with its weight.

    Arguments:
        input: (N, C, H, W) or (C, H, W).
        kernel_size, dilation, padding, stride: of the windows; one integer, or one for each axis.

    Returns:
        (N, C * kH * kW, L) or (C * kH * kW, L), L being the number of windows.

    Raises:
        RuntimeError: for an input of another rank, and where no window fits.

    >>> import minigrad as torch
    >>> torch.nn.functional.unfold(torch.arange(6.0).reshape(1, 1, 2, 3), (2, 2))
    tensor([[[0., 1.],
             [1., 2.],
             [3., 4.],
             [4., 5.]]])
    """
    x, single = as_batch("unfold", input, 2)
    options = _sliding("unfold", kernel_size, dilation, padding, stride)
    places = count_places(x.shape[2:], **options)
    if min(places) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(x.shape[2:])}, kernel_size={options['size']}, "
            f"dilation={options['dilation']}, padding={options['padding']}, calculated shape of the array of "
            f"sliding blocks as {places}, but its components must be at least one."
        )
    made: Tensor = RECORD["unfold"]((x,), options)[0]
    made = made.reshape(x.shape[0], x.shape[1] * math.prod(options["size"]), math.prod(places))
    return made.squeeze(0) if single else made


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns added up at the places of their windows: the transpose of `unfold`.

    Arguments:
        input: (N, C * kH * kW, L) or (C * kH * kW, L), L being the number of windows.
        output_size: (H, W), or one integer for both.
        kernel_size, dilation, padding, stride: of the windows; one integer, or one for each axis.

    Returns:
        (N, C, H, W) or (C, H, W).

    Raises:
        RuntimeError: for shapes that do not fit.

    >>> import minigrad as torch
    >>> torch.nn.functional.fold(torch.ones(1, 4, 2), (2, 3), (2, 2))
    tensor([[[[1., 2., 1.],
              [1., 2., 1.]]]])
    """
    x, single = as_batch("fold", input, 1)
    options = _sliding("fold", kernel_size, dilation, padding, stride)
    shape = sizes_for("fold", "output_size", output_size, 2, 1)
    size = options.pop("size")
    places = count_places(shape, size, **options)
    n, rows, columns = x.shape
    if rows % math.prod(size):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={rows} and kernel_size={size}."
        )
    if min(places) < 1 or columns != math.prod(places):
        raise RuntimeError(
            f"Given output_size={shape}, kernel_size={size}, dilation={options['dilation']}, "
            f"padding={options['padding']}, stride={options['stride']}, expected size of input's dimension 2 "
            f"to match the calculated number of sliding blocks {places[0]} * {places[1]} = "
            f"{math.prod(places)}, but got input.size(2)={columns}."
        )
    windows = x.reshape(n, rows // math.prod(size), *size, *places)
    made: Tensor = RECORD["fold"]((windows,), {"shape": shape, **options})[0]
    return made.squeeze(0) if single else made


def _sliding(name: str, size: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Sizes]:
    return {
        "size": sizes_for(name, "kernel_size", size, 2, 1),
        "stride": sizes_for(name, "stride", stride, 2, 1),
        "padding": sizes_for(name, "padding", padding, 2),
        "dilation": sizes_for(name, "dilation", dilation, 2, 1),
    }

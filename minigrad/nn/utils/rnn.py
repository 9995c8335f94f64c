"""Sequences of different lengths in one batch: padded to one length, or packed without padding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from minigrad._tensor.device import UnavailableDeviceError, unavailable
from minigrad._tensor.tensor import Tensor
from minigrad.creation import from_numpy, full
from minigrad.functional import cat, stack

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """A batch of sequences without padding: step by step the elements of those that are as long.

    `pack_padded_sequence` and `pack_sequence` make one; a recurrent layer takes it, and returns another.

    Arguments:
        data: the elements, (sum of the lengths, ...): those of the first step, of the second, and so on.
        batch_sizes: for each step how many sequences are as long, int64, falling.
        sorted_indices: the places in the batch of the sequences by falling length; None if they came so.
        unsorted_indices: the inverse of that; found where it is not given.

    >>> import minigrad as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([7])])
    >>> packed.data.tolist(), packed.batch_sizes.tolist()
    ([1, 7, 2, 3], [2, 1, 1])

    Its data converts as a tensor does:

    >>> packed.double().data.dtype, packed.float().half().long().cpu().data.dtype, packed.is_cuda
    (torch.float64, torch.int64, False)
    >>> packed.cuda() if torch.cuda.is_available() else "no CUDA"
    'no CUDA'
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            if not isinstance(data, (tuple, list)) or len(data) != 2:
                raise AssertionError(
                    "PackedSequence takes data and batch_sizes, or a pair of them; pack_sequence() and "
                    "pack_padded_sequence() make one"
                )
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, dtype: Any = None, device: Any = None) -> PackedSequence:
        """The same with its data converted.

        Arguments:
            args: a dtype, a device ("cpu"), or a tensor that gives the dtype.
            dtype, device: the same by name.

        >>> import minigrad as torch
        >>> packed = torch.nn.utils.rnn.pack_sequence([torch.ones(2)])
        >>> packed.to(torch.float64).data.dtype
        torch.float64
        """
        return self._of(self.data.to(*args, dtype=dtype, device=device))

    def _of(self, data: Tensor) -> PackedSequence:
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self) -> PackedSequence:
        """This: everything is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> PackedSequence:
        """Raise, whatever `device` is: there is no CUDA device."""
        raise UnavailableDeviceError(unavailable("CUDA device"))

    def double(self) -> PackedSequence:
        """The same with data of float64."""
        return self._of(self.data.double())

    def float(self) -> PackedSequence:
        """The same with data of float32."""
        return self._of(self.data.float())

    def half(self) -> PackedSequence:
        """The same with data of float16."""
        return self._of(self.data.half())

    def long(self) -> PackedSequence:
        """The same with data of int64."""
        return self._of(self.data.long())

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one; None for None.

    >>> import minigrad as torch
    >>> torch.nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else permutation.argsort()


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch: the elements behind each sequence's length are left out.

    Arguments:
        input: (steps, batch, ...), or (batch, steps, ...) with `batch_first`.
        lengths: a list or a tensor of the lengths, each at least 1.
        batch_first: whether the batch is the first axis.
        enforce_sorted: False if the lengths do not fall; the sequences are sorted, and a later
            `pad_packed_sequence` puts them back.

    Raises:
        RuntimeError: for lengths that do not fit.

    >>> import minigrad as torch
    >>> padded = torch.tensor([[1, 0], [2, 3]])  # two sequences: [1] and [2, 3]
    >>> packed = torch.nn.utils.rnn.pack_padded_sequence(padded, [1, 2], True, enforce_sorted=False)
    >>> packed.data, packed.batch_sizes, packed.sorted_indices
    (tensor([2, 1, 3]), tensor([2, 1]), tensor([1, 0]))
    """
    _check_padded("pack_padded_sequence", input)
    sizes = _lengths(lengths)
    steps, batch = (input.shape[1], input.shape[0]) if batch_first else input.shape[:2]
    if not input.numel():
        raise RuntimeError("pack_padded_sequence: Cannot pack empty tensors.")
    if len(sizes) != batch:
        raise RuntimeError(
            f"pack_padded_sequence: Expected `len(lengths)` to be equal to batch_size, but got {len(sizes)} "
            f"(batch_size={batch})"
        )
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        sizes = sizes[order]
    elif (np.diff(sizes) > 0).any():
        raise RuntimeError(
            "pack_padded_sequence: `lengths` must fall when `enforce_sorted` is True, and they are "
            f"{sizes.tolist()}; pass enforce_sorted=False"
        )
    if sizes[-1] <= 0:
        raise RuntimeError(
            "pack_padded_sequence: Length of all samples has to be greater than 0, but found "
            f"{int(sizes[-1])} in `lengths`"
        )
    if sizes[0] > steps:
        raise RuntimeError(
            f"pack_padded_sequence: Expected lengths of at most {steps}, the steps of an input of shape "
            f"{tuple(input.shape)}, but got {int(sizes[0])}"
        )
    step, row = _places(sizes)
    if order is not None:
        row = order[row]
    data = input[row, step] if batch_first else input[step, row]
    counts = from_numpy(np.bincount(step))
    return PackedSequence(data, counts, None if order is None else from_numpy(order))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The padded batch of a packed one, in its first order, and the lengths.

    Arguments:
        sequence: the packed batch.
        batch_first: whether the result is (batch, steps, ...) and not (steps, batch, ...).
        padding_value: stands behind the shorter sequences.
        total_length: how many steps the result has; None for those of the longest sequence.

    Raises:
        ValueError: for a total_length below the longest length.

    >>> import minigrad as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([7])])
    >>> torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2, 3],
            [7, 0, 0]]), tensor([3, 1]))
    """
    counts = sequence.batch_sizes.numpy()
    steps, batch = len(counts), int(counts[0])
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "pad_packed_sequence: Expected total_length to be at least the length of the longest "
                f"sequence, but got total_length={total_length}, and the longest has {steps}"
            )
        steps = total_length
    lengths = (counts[:, None] > np.arange(batch)).sum(0)
    data = sequence.data
    out = full((steps, batch, *data.shape[1:]), padding_value, dtype=data.dtype)
    out[_places(lengths)] = data
    out = out.transpose(0, 1) if batch_first else out
    if sequence.unsorted_indices is not None:
        out = out.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices.numpy()]
    return out, from_numpy(lengths)


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences of different lengths, the shorter ones padded.

    Arguments:
        sequences: tensors (length, ...) that differ in length only.
        batch_first: whether the result is (batch, steps, ...) and not (steps, batch, ...).
        padding_value: the padding.
        padding_side: "right" or "left".

    Raises:
        RuntimeError: for no sequences, or such as differ in more than the length.

    >>> import minigrad as torch
    >>> torch.nn.utils.rnn.pad_sequence([torch.tensor([1, 2, 3]), torch.tensor([7])], batch_first=True)
    tensor([[1, 2, 3],
            [7, 0, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got {type(sequences).__name__}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: padding_side must be 'left' or 'right', not {padding_side!r}")
    given: list[Any] = list(sequences)
    if not given:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    for x in given:
        if not isinstance(x, Tensor) or not x.ndim or x.shape[1:] != given[0].shape[1:]:
            told = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            raise RuntimeError(
                "pad_sequence: the sequences must be tensors that differ in their first size only, but "
                f"beside {tuple(getattr(given[0], 'shape', ()))} there is {told}"
            )
    longest = max(x.shape[0] for x in given)

    def padded(x: Tensor) -> Tensor:
        if x.shape[0] == longest:
            return x
        padding = full((longest - x.shape[0], *x.shape[1:]), padding_value, dtype=x.dtype)
        return cat([x, padding] if padding_side == "right" else [padding, x])

    return stack([padded(x) for x in given], 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch: `pad_sequence` undone.

    Arguments:
        padded_sequences: (steps, batch, ...), or (batch, steps, ...) with `batch_first`.
        lengths: a tensor or a list of the lengths.
        batch_first: whether the batch is the first axis.

    Raises:
        ValueError: when there are not as many lengths as sequences.

    >>> import minigrad as torch
    >>> torch.nn.utils.rnn.unpad_sequence(torch.tensor([[1, 7], [2, 0]]), torch.tensor([2, 1]))
    [tensor([1, 2]), tensor([7])]
    """
    _check_padded("unpad_sequence", padded_sequences)
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    sizes = _lengths(lengths).tolist()
    if len(sizes) != rows.shape[0]:
        raise ValueError(f"unpad_sequence: {len(sizes)} lengths for {rows.shape[0]} sequences")
    return [row[: max(size, 0)] for row, size in zip(rows, sizes, strict=True)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths.

    Arguments:
        sequences: tensors (length, ...) that differ in length only.
        enforce_sorted: False if the lengths do not fall.

    Raises:
        RuntimeError: for lengths that do not fall.

    >>> import minigrad as torch
    >>> sequences = [torch.tensor([7]), torch.tensor([1, 2, 3])]
    >>> torch.nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False).data
    tensor([1, 7, 2, 3])
    """
    padded = pad_sequence(sequences)
    return pack_padded_sequence(padded, [x.shape[0] for x in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch, packed_sequences: `pack_sequence` undone.

    >>> import minigrad as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([7])])
    >>> torch.nn.utils.rnn.unpack_sequence(packed)
    [tensor([1, 2]), tensor([7])]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True)


def _check_padded(name: str, x: Any) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: the padded sequences must be a Tensor, not {type(x).__name__}")
    if x.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected a tensor of at least the two dimensions steps and batch, but got shape "
            f"{tuple(x.shape)}"
        )


def _lengths(given: Any) -> Any:
    """Lengths as an array of integers."""
    sizes = np.asarray(given.detach() if isinstance(given, Tensor) else given).astype(np.int64)
    if sizes.ndim != 1:
        raise RuntimeError(f"the lengths must be one-dimensional, and their shape is {tuple(sizes.shape)}")
    return sizes


def _places(lengths: Any) -> tuple[Any, Any]:
    """The step and the row of each element, packed, of rows of falling lengths."""
    step, row = np.nonzero(np.arange(int(lengths[0]))[:, None] < lengths)
    return step, row

"""The ecosystem's format, `.safetensors`, through its library: a header in JSON, then the values.

Any file of the format is read: one that minigrad did not write is a flat dict of tensors, as its own
library loads it. In a file of minigrad's the metadata hold the description, after its checksum. The format
itself has no checksums, so that a flipped bit in another library's file goes unnoticed.
"""
# ruff: noqa: PLC0415 - safetensors is an extra, so it is imported where it is used

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from numpy.typing import NDArray

from minigrad._tensor.dtype import as_dtype
from minigrad.checkpoint.structure import FORMAT, Arrays, CheckpointError

# The key of the description. (Not two entries: the library writes them in random order.)
DESCRIPTION = FORMAT


def write(file: BinaryIO, text: str, arrays: Arrays) -> None:
    """Write the arrays, with their description as metadata."""
    # The library's own save_file renames, too, but does not wait for the disk before it does.
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise _missing() from error
    file.write(save(arrays, {DESCRIPTION: _seal(text) + text}))


def read(file: BinaryIO) -> tuple[str | None, Arrays]:
    """The description (None in a file of another library) and the arrays."""
    try:
        from safetensors import safe_open
    except ImportError as error:
        raise _missing() from error
    with safe_open(file.name, framework="np") as opened:
        metadata = opened.metadata() or {}
        arrays = {name: _array(opened, name) for name in opened.keys()}  # noqa: SIM118 - it is no dict
    return _description(metadata), arrays


def _description(metadata: Mapping[str, str]) -> str | None:
    # Looked for in the values, too: damage to one place must not make the file look like another library's.
    if not any(DESCRIPTION in text for item in metadata.items() for text in item):
        return None
    sealed = metadata.get(DESCRIPTION, "")
    seal, text = sealed[: len(_seal(""))], sealed[len(_seal("")) :]
    if seal != _seal(text):
        raise CheckpointError("its description is damaged (its checksum differs)")
    return text


def _seal(text: str) -> str:
    return f"{DESCRIPTION} {zlib.crc32(text.encode()):08x} "


def _array(opened: Any, name: str) -> NDArray[Any]:
    stored = opened.get_slice(name).get_dtype()
    try:
        array: NDArray[Any] = opened.get_tensor(name)
        as_dtype(array.dtype)
    except (TypeError, AttributeError) as error:  # what NumPy and its dtypes say to BF16 and F8
        raise CheckpointError(f"the tensor {name!r} is of dtype {stored}, which minigrad has not") from error
    return array


def _missing() -> ImportError:
    return ImportError(
        ".safetensors files need the safetensors library: pip install safetensors; .npz files need nothing"
    )

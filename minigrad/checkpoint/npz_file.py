"""NumPy's `.npz`: a zip archive with one `.npy` per tensor, which `np.load` reads too.

Nothing in it is compressed, so no file makes more of itself in memory than it is on disk.
"""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from minigrad.checkpoint.structure import Arrays, CheckpointError, check_length

DESCRIPTION = "minigrad.json"


def write(file: BinaryIO, text: str, arrays: Arrays) -> None:
    """Write an archive; the same contents give the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(DESCRIPTION), text)
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                npy.write_array(entry, array, allow_pickle=False)


def read(file: BinaryIO) -> tuple[str, Arrays]:
    """The description and the arrays."""
    size = file.seek(0, io.SEEK_END)
    if not zipfile.is_zipfile(file):
        raise CheckpointError(
            f"it is no .npz file, or a truncated one: the list of contents that ends such a file is missing "
            f"from its {size} bytes"
        )
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if DESCRIPTION not in entries:
            raise CheckpointError(
                f"this zip archive was not written by minigrad: {DESCRIPTION} is missing "
                "(np.load reads archives of arrays, torch.load those of PyTorch)"
            )
        checked_entries(archive)
        check_length(entries[DESCRIPTION].file_size)
        text = archive.read(entries.pop(DESCRIPTION)).decode("ascii")
        return text, {name.removesuffix(".npy"): _array(name, archive.read(name)) for name in entries}


def checked_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries by name; CheckpointError unless each has its bytes for itself, as they are on disk."""
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(entries) < len(archive.infolist()):
        raise CheckpointError("its entries overlap: two have one name")
    for entry in entries.values():
        if entry.compress_type != zipfile.ZIP_STORED:
            raise CheckpointError(f"{entry.filename} is compressed, which minigrad never does")
    _check_apart(archive)
    return entries


def _check_apart(archive: zipfile.ZipFile) -> None:
    """Raise CheckpointError when bytes belong to two entries: a small file could fill the memory."""
    begin = 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        if entry.header_offset < begin:
            raise CheckpointError(f"its entries overlap: {entry.filename} begins inside of another")
        begin = entry.header_offset + 30 + len(entry.filename.encode()) + entry.file_size
    if begin > archive.start_dir:
        raise CheckpointError("its entries overlap its list of contents")


def _array(name: str, data: bytes) -> NDArray[Any]:
    """An array of its own from the bytes of a `.npy` file."""
    stream = io.BytesIO(data)
    version = npy.read_magic(stream)
    if version != (1, 0):
        raise CheckpointError(f"{name} is of the version {version} of NumPy's format, not (1, 0)")
    shape, fortran, dtype = npy.read_array_header_1_0(stream)
    start = stream.tell()
    if dtype.hasobject:
        raise CheckpointError(f"{name} holds Python objects, which are not loaded: they could run code")
    if fortran or len(data) - start != math.prod(shape) * dtype.itemsize:
        raise CheckpointError(f"{name} has {len(data) - start} bytes of values, not those of {dtype} {shape}")
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))

"""PyTorch's `.pt`: a zip archive with one file per storage, and a pickle that says how they are put together.

PyTorch reads the files that are written here with `weights_only=True`. Files that PyTorch wrote before its
version 1.6 are read too: several pickles one behind the other, then the values.
"""

from __future__ import annotations

import io
import pickletools
import struct
import zipfile
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.checkpoint import pickle_writer
from minigrad.checkpoint.npz_file import checked_entries
from minigrad.checkpoint.pickle_reader import Source, unpickled
from minigrad.checkpoint.storages import Place, placing, values, width
from minigrad.checkpoint.structure import Arrays, CheckpointError, check_length, check_loadable

MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of an old file
VERSION = 1001
_BEGINNING = MAGIC.to_bytes(10, "little")


class Contents(NamedTuple):
    """A pickle, and the bytes of the storages by key, or those of an old file behind its pickles."""

    text: bytes
    stored: dict[str, bytes]
    old: bytes | None = None


def pack(value: Any) -> tuple[bytes, Arrays]:
    """The pickle and the storages that a value is saved as.

    Raises:
        TypeError: for something in it that cannot be saved; the message says where.
        ValueError: when it nests too deep, or contains itself.
    """
    text, storages = pickle_writer.pack(value)
    check_loadable(len(text))
    return text, storages


def write(file: BinaryIO, text: bytes, arrays: Arrays) -> None:
    """Write an archive; the same contents give the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), text)
        archive.writestr(zipfile.ZipInfo("archive/byteorder"), "little")
        for key, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"archive/data/{key}"), "w", force_zip64=True) as entry:
                entry.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        archive.writestr(zipfile.ZipInfo("archive/version"), "3\n")


def read(file: BinaryIO) -> Contents:
    """The pickle and the storages of a file."""
    start = file.read(30)
    file.seek(0)
    if not start:
        raise CheckpointError("it is empty (a file that was just written is read from its start: seek(0))")
    if _BEGINNING in start:
        return _read_old(file.read())
    if not zipfile.is_zipfile(file):
        raise CheckpointError("it is no zip archive of PyTorch's, or a truncated one")
    with zipfile.ZipFile(file) as archive:
        entries = checked_entries(archive)
        found = [name for name in entries if name.endswith("/data.pkl")]
        if len(found) != 1:
            raise CheckpointError("this zip archive was not written by torch.save: it has not one data.pkl")
        folder = found[0].removesuffix("data.pkl")
        if folder + "byteorder" in entries and archive.read(folder + "byteorder") != b"little":
            raise CheckpointError("its values are not little-endian")
        check_length(entries[found[0]].file_size)
        contents = {name: archive.read(name) for name in entries}
    start_of_keys = f"{folder}data/"
    stored = {
        name.removeprefix(start_of_keys): data
        for name, data in contents.items()
        if name.startswith(start_of_keys)
    }
    return Contents(contents[found[0]], stored)


def unpack(contents: Contents, weights_only: bool, place: Place) -> Any:
    """The value that a file holds.

    Arguments:
        contents: as read.
        weights_only: False to let it have objects of the program's classes.
        place: the check of a location.
    """
    if contents.old is not None:
        return _unpack_old(contents, weights_only, place)

    def stored(key: str, dtype: str, size: int) -> NDArray[Any]:
        if key not in contents.stored:
            raise CheckpointError(f"the storage {key!r} is missing")
        data = contents.stored[key]
        if len(data) != size * width(dtype):
            raise CheckpointError(f"the storage {key!r} has {len(data)} bytes, not {size} values of {dtype}")
        return values(data, dtype, key)

    return unpickled(contents.text, Source(stored, place, weights_only))


def _read_old(data: bytes) -> Contents:
    """The pickles of an old file: a number, a version, the machine, the value, the storages' keys."""
    rest, pickles = data, []
    for _ in range(4):
        pickles.append(_first_pickle(rest))
        rest = rest[len(pickles[-1]) :]
    magic, version, machine = (_plain(text) for text in pickles[:3])
    if magic != MAGIC or version != VERSION:
        raise CheckpointError("it begins as an old file of PyTorch's, and goes on in another way")
    if not machine["little_endian"]:
        raise CheckpointError("its values are not little-endian")
    check_length(len(pickles[3]))
    return Contents(pickles[3], {}, rest)


def _unpack_old(contents: Contents, weights_only: bool, place: Place) -> Any:
    """The value of an old file. The storages stand behind it, so their values are filled in at the end."""
    data = contents.old or b""
    waiting: dict[str, tuple[str, NDArray[Any]]] = {}
    claimed = 0

    def stored(key: str, dtype: str, size: int) -> NDArray[Any]:
        nonlocal claimed
        claimed += size * width(dtype)
        if size < 0 or claimed > len(data) or key in waiting:
            raise CheckpointError(f"the storage {key!r} has fewer bytes than {size} values of {dtype}")
        waiting[key] = dtype, np.zeros(size, "float32" if dtype == "bfloat16" else dtype)
        return waiting[key][1]

    value = unpickled(contents.text, Source(stored, place, weights_only))
    text = _first_pickle(data)
    place_in_data, keys = len(text), _plain(text)
    if sorted(keys) != sorted(waiting):
        raise CheckpointError("its storages are not those that its pickle names")
    for key in keys:
        dtype, array = waiting[key]
        (size,) = struct.unpack_from("<q", data, place_in_data)
        end = place_in_data + 8 + size * width(dtype)
        if size != array.size or end > len(data):
            raise CheckpointError(f"the storage {key!r} has not {array.size} values of {dtype}")
        array[...] = values(data[place_in_data + 8 : end], dtype, key)
        place_in_data = end
    return value


def _first_pickle(data: bytes) -> bytes:
    """The pickle with which the bytes begin."""
    end = 0
    for _, _, position in pickletools.genops(io.BytesIO(data)):
        end = position or 0
    return data[: end + 1]


def _plain(text: bytes) -> Any:
    """The value of a pickle that has no storages."""
    check_length(len(text))

    def none(key: str, dtype: str, size: int) -> NDArray[Any]:
        raise CheckpointError("it has a tensor where none can be")

    return unpickled(text, Source(none, placing(None), True))

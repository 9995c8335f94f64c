"""A part of mlp_digits.py and fashion_mnist.py: reads the IDX files of MNIST, and refuses any other.

An IDX file is two zero bytes, a byte for the type (8: unsigned byte), a byte for the number of
dimensions, each dimension as a big-endian 32-bit integer, and then the values and nothing else.
The format is described at http://yann.lecun.com/exdb/mnist.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

UNSIGNED_BYTE = 8
CLASSES = 10
MOST_DEFLATED = 1032  # no byte of gzip data unpacks to more


class IdxError(ValueError):
    """The files are not what they should be; the message says which one and how."""


class Images(NamedTuple):
    """uint8 images of shape (n, height, width), and labels from 0 to 9 of shape (n,)."""

    images: np.ndarray
    labels: np.ndarray


def read_folder(folder: Path) -> tuple[Images, Images]:
    """The training and the test set in a folder of four files, each plain or gzipped.

    Raises:
        IdxError: where a file is missing, damaged, foreign, or does not fit the others.
    """
    if not folder.is_dir():
        raise IdxError(f"{folder} is not a folder")
    train, test = (_read_pair(folder, part) for part in ("train", "t10k"))
    if train.images.shape[1:] != test.images.shape[1:]:
        sizes = " and ".join(f"{h} x {w}" for _, h, w in (train.images.shape, test.images.shape))
        raise IdxError(f"{folder}: training and test images differ in size: {sizes}")
    return train, test


def read_file(path: Path, dimensions: int) -> np.ndarray:
    """The values of one file as a uint8 array with that many dimensions.

    Raises:
        IdxError: where the file cannot be read, or is not exactly what its header says.
    """
    try:
        with path.open("rb") as file:
            gzipped = file.read(2) == b"\x1f\x8b"  # whatever the name says
        with gzip.open(path) if gzipped else path.open("rb") as file:
            header = file.read(4 + 4 * dimensions)
            shape = _read_header(path, header, dimensions)
            size = math.prod(shape)
            # One too many tells a file that goes on; the file's own size bounds what a wild header asks for.
            values = file.read(min(size + 1, path.stat().st_size * (MOST_DEFLATED if gzipped else 1)))
    except (EOFError, zlib.error) as error:
        raise IdxError(f"{path}: the gzip data is damaged or cut short ({error})") from error
    except OSError as error:
        raise IdxError(f"{path}: {error.strerror or error}") from error
    if len(values) != size:
        problem = f"only {len(values):,}" if len(values) < size else "more"
        raise IdxError(f"{path}: its header promises {size:,} values, and the file holds {problem}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_header(path: Path, header: bytes, dimensions: int) -> tuple[int, ...]:
    if len(header) < 4 or header[:2] != b"\0\0":
        raise IdxError(f"{path}: not an IDX file: it should begin with two zero bytes, not {header[:4]!r}")
    kind, found = header[2:4]
    if kind != UNSIGNED_BYTE:
        raise IdxError(f"{path}: holds values of IDX type {kind:#04x}; only unsigned bytes (0x08) are read")
    if found != dimensions:
        raise IdxError(f"{path}: has {found} dimensions where {dimensions} are expected; images for labels?")
    if len(header) < 4 + 4 * dimensions:
        raise IdxError(f"{path}: ends inside its header")
    return struct.unpack(f">{dimensions}I", header[4:])


def _read_pair(folder: Path, part: str) -> Images:
    images_path, labels_path = _find(folder, f"{part}-images", 3), _find(folder, f"{part}-labels", 1)
    images, labels = read_file(images_path, 3), read_file(labels_path, 1)
    if len(images) != len(labels):
        raise IdxError(f"{images_path} has {len(images):,} images, {labels_path} {len(labels):,} labels")
    if not images.size:
        raise IdxError(f"{images_path}: there is no image in it")
    if labels.max() >= CLASSES:
        raise IdxError(f"{labels_path}: has the label {labels.max()}; they should go from 0 to {CLASSES - 1}")
    return Images(images, labels)


def _find(folder: Path, stem: str, dimensions: int) -> Path:
    names = [f"{stem}{mark}idx{dimensions}-ubyte{end}" for mark in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise IdxError(f"{folder}: there is no {names[0]} (plain or .gz)")


if __name__ == "__main__":
    raise SystemExit("idx.py is a part of mlp_digits.py: run python examples/mlp_digits.py")

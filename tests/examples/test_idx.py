import gzip
import struct

import idx
import numpy as np
import pytest


def image_bytes(n, height=4, width=3):
    values = np.arange(n * height * width, dtype=np.uint8)
    return b"\0\0\x08\x03" + struct.pack(">3I", n, height, width) + values.tobytes()


def label_bytes(n):
    return b"\0\0\x08\x01" + struct.pack(">I", n) + bytes(i % 10 for i in range(n))


@pytest.fixture
def folder(tmp_path):
    """A small data set in the four files of MNIST."""
    for part, n in (("train", 12), ("t10k", 5)):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(image_bytes(n))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(label_bytes(n))
    return tmp_path


def check(folder):
    train, test = idx.read_folder(folder)
    assert train.images.shape == (12, 4, 3)
    assert train.images.dtype == np.uint8
    assert train.images.ravel().tolist() == list(range(144))
    assert train.labels.tolist() == [*range(10), 0, 1]
    assert test.images.shape == (5, 4, 3)
    assert test.labels.tolist() == [0, 1, 2, 3, 4]


def test_plain_files(folder):
    check(folder)


def test_gzipped_files(folder):
    for path in list(folder.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    check(folder)


def test_the_other_spelling(folder):
    for path in list(folder.iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    check(folder)


def test_contents_decide_what_is_gzipped_not_the_name(folder):
    one, other = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    one.write_bytes(gzip.compress(one.read_bytes()))
    other.rename(folder / "train-labels-idx1-ubyte.gz")
    check(folder)


IMAGES, LABELS = image_bytes(12), label_bytes(12)
DAMAGED_IMAGES = {
    "empty": (b"", r"not an IDX file"),
    "text": (b"<html>Not found</html>", r"should begin with two zero bytes, not b'<htm'"),
    "an archive": (b"PK\x03\x04" + bytes(100), r"not an IDX file"),
    "of floats": (b"\0\0\x0d\x03" + IMAGES[4:], r"holds values of IDX type 0x0d; only unsigned bytes"),
    "labels for images": (LABELS, r"has 1 dimensions where 3 are expected"),
    "cut in the header": (IMAGES[:9], r"ends inside its header"),
    "cut in the values": (IMAGES[:-1], r"promises 144 values, and the file holds only 143"),
    "no values": (IMAGES[:16], r"promises 144 values, and the file holds only 0"),
    "going on": (IMAGES + b"\0", r"promises 144 values, and the file holds more"),
    "promising the moon": (IMAGES[:4] + b"\xff" * 12 + IMAGES[16:], r"and the file holds only 1\d\d"),
    "no images": (image_bytes(0), r"has 0 images, .* 12 labels"),
    "too few": (image_bytes(11), r"has 11 images, .*train-labels-idx1-ubyte 12 labels"),
    "gzip cut short": (gzip.compress(IMAGES)[:-9], r"gzip data is damaged or cut short"),
    "gzip cut in the header": (gzip.compress(IMAGES)[:14], r"gzip data is damaged or cut short"),
    "gzip damaged": (gzip.compress(IMAGES)[:-8] + b"12345678", r"CRC check failed"),
    "gzip in name only": (b"\x1f\x8b" + IMAGES, r"train-images-idx3-ubyte: "),
    "gzip promising the moon": (gzip.compress(IMAGES[:4] + b"\xff" * 12), r"the file holds only 0"),
}


@pytest.mark.parametrize("damage", DAMAGED_IMAGES)
def test_a_damaged_file_is_refused_with_its_name_and_what_is_wrong(folder, damage):
    contents, message = DAMAGED_IMAGES[damage]
    (folder / "train-images-idx3-ubyte").write_bytes(contents)
    with pytest.raises(idx.IdxError, match=message) as error:
        idx.read_folder(folder)
    assert "train-images-idx3-ubyte" in str(error.value)
    assert "\n" not in str(error.value)


def test_every_place_to_cut_is_noticed(folder):
    for contents in (IMAGES, gzip.compress(IMAGES)):
        for end in range(len(contents)):
            (folder / "train-images-idx3-ubyte").write_bytes(contents[:end])
            with pytest.raises(idx.IdxError):
                idx.read_folder(folder)


def test_a_label_that_is_no_digit_is_refused(folder):
    (folder / "t10k-labels-idx1-ubyte").write_bytes(label_bytes(5)[:-1] + b"\x0a")
    with pytest.raises(idx.IdxError, match="has the label 10; they should go from 0 to 9"):
        idx.read_folder(folder)


def test_training_and_test_images_of_different_sizes_are_refused(folder):
    (folder / "t10k-images-idx3-ubyte").write_bytes(image_bytes(5, 2, 2))
    with pytest.raises(idx.IdxError, match="differ in size: 4 x 3 and 2 x 2"):
        idx.read_folder(folder)


def test_a_set_of_no_images_is_refused(folder):
    (folder / "t10k-images-idx3-ubyte").write_bytes(image_bytes(0))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(label_bytes(0))
    with pytest.raises(idx.IdxError, match="there is no image in it"):
        idx.read_folder(folder)


def test_a_missing_file_is_named(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(idx.IdxError, match=r"there is no t10k-labels-idx1-ubyte \(plain or \.gz\)"):
        idx.read_folder(folder)


def test_what_is_no_folder_is_refused(folder):
    for path in (folder / "nowhere", folder / "train-labels-idx1-ubyte"):
        with pytest.raises(idx.IdxError, match="is not a folder"):
            idx.read_folder(path)

"""Thousands of damaged files: each is refused with CheckpointError, or holds exactly what was saved."""

import io
import json
import os
import random
import struct
import zipfile

import numpy as np
import pytest

import minigrad as torch
from minigrad.checkpoint import CheckpointError, load, save
from minigrad.checkpoint.structure import checksum

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
RANDOM_FILES = 100_000 if THOROUGH else 1500
BITS = range(8) if THOROUGH else [None]  # None: one of the eight, at random
DICE = random.Random(0)


def saved():
    return {
        "model": {"0.weight": torch.arange(6.0).reshape(2, 3), "0.bias": torch.tensor([1, 2])},
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"betas": (0.9, 0.999)}]},
        "history": [0.5, float("inf"), None, True, "text"],
    }


@pytest.fixture
def target(tmp_path, suffix, same):
    """The file to damage, its bytes, and the check that whatever is put in its place is refused or equal."""
    path = tmp_path / f"a{suffix}"
    save(saved(), path)
    counts = {"refused": 0, "equal": 0}

    def check(data, what=""):
        path.write_bytes(data)
        try:
            found = load(path)
        except CheckpointError as error:
            said = str(error)
        else:
            said = None
        if said:
            assert said.startswith(f"{path} cannot be loaded: ")
            assert len(said) > len(f"{path} cannot be loaded: ") + 5
            counts["refused"] += 1
        else:
            assert same(found, saved()), f"loaded something else: {what}, {data!r}"
            counts["equal"] += 1

    return path.read_bytes(), check, counts


def test_every_place_to_cut(target):
    data, check, counts = target
    for end in range(len(data)):
        check(data[:end], f"cut at {end}")
    assert counts == {"refused": len(data), "equal": 0}


def test_bytes_before_and_after(target):
    data, check, _ = target
    for length in (1, 2, 7, 22, 100, 5000):
        for extra in (bytes(length), DICE.randbytes(length), data[:length], data[-length:]):
            check(extra + data, f"{length} bytes before")
            check(data + extra, f"{length} bytes after")
    check(data + data, "twice")


def test_a_flipped_bit_in_every_byte(target):
    data, check, counts = target
    for place in range(len(data)):
        for chosen in BITS:
            bit = DICE.randrange(8) if chosen is None else chosen
            damaged = bytearray(data)
            damaged[place] ^= 1 << bit
            check(bytes(damaged), f"bit {bit} of byte {place}")
    assert counts["refused"] > counts["equal"]


def damage(data):
    """Some of what disks, networks and editors do to files."""
    data = bytearray(data)
    for _ in range(DICE.choice([1, 1, 2, 3, 8])):
        start = DICE.randrange(len(data))
        end = min(len(data), start + DICE.choice([1, 2, 4, 8, 64, 512]))
        kind = DICE.randrange(7)
        if kind == 0:
            data[start:end] = DICE.randbytes(end - start)
        elif kind == 1:
            data[start:end] = bytes(end - start)
        elif kind == 2:
            data[start:end] = b"\xff" * (end - start)
        elif kind == 3:
            del data[start:end]
        elif kind == 4:
            data[start:start] = data[start:end]
        elif kind == 5:
            other = DICE.randrange(len(data))
            data[start:end], data[other:other] = b"", data[start:end]
        else:
            number = struct.pack("<I", DICE.choice([0, 1, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1]))
            data[start : start + 4] = number
        if not data:
            break
    return bytes(data)


def test_damage_of_many_kinds(target):
    data, check, counts = target
    for _ in range(RANDOM_FILES):
        check(damage(data))
    assert counts["refused"] > 0.9 * RANDOM_FILES


def test_foreign_files(target):
    data, check, counts = target
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02.")
    foreign = [
        b"", b"\0", b"PK\x05\x06" + bytes(18), b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x80\x04N.",
        b"\x89PNG\r\n", b"<html>Not found</html>", b"{}", bytes(4096), b"\xff" * 4096,
        bytes(8) + b"{}", archive.getvalue(),
        struct.pack("<Q", 2**63) + b"{}", struct.pack("<Q", 2**64 - 1) + data[8:],
    ]  # fmt: skip
    for contents in foreign:
        check(contents)
    for size in range(1, 400):
        check(DICE.randbytes(size))
        check(data[:4] + DICE.randbytes(size))
    assert counts["equal"] == 0


# --------------------------------------------------------------------------- written to do harm: .npz


def archive_of(entries, **how):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **how) as archive:
        for name, contents in entries:
            archive.writestr(name, contents)
    return file.getvalue()


def npy(header, values=b"", version=b"\x01\x00"):
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + values


# Of one float32 that is 0, so that nothing is wrong but what the name says.
ZERO = checksum(np.zeros(1, np.float32))
FLAT = f'{{"format":"minigrad.checkpoint","version":1,"tree":{{"tensor":"w","crc32":{ZERO}}}}}'
ONE = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"
HOSTILE_ARRAYS = {
    "not npy": b"w",
    "a later version": npy(ONE, bytes(4), b"\x02\x00"),
    "a header cut short": npy(ONE)[:20],
    "a header that calls": npy("__import__('os').abort()"),
    "a header of another kind": npy("[1, 2]"),
    "a header nested deep": npy("(" * 5000 + ")" * 5000),
    "a header that is long": npy(ONE + " " * 60000, bytes(4)),
    "the moon": npy(ONE.replace("(1,)", "(1099511627776,)"), bytes(4)),
    "more than there is": npy(ONE.replace("(1,)", "(2,)"), bytes(4)),
    "less than there is": npy(ONE, bytes(8)),
    "a negative size": npy(ONE.replace("(1,)", "(-1,)"), bytes(4)),
    "two negative sizes": npy(ONE.replace("(1,)", "(-1, -1)"), bytes(4)),
    "column order": npy(ONE.replace("False", "True"), bytes(4)),
    "objects": npy(ONE.replace("<f4", "|O"), bytes(8)),
    "records": npy(ONE.replace("'<f4'", "[('a', '<f4')]"), bytes(4)),
    "text": npy(ONE.replace("<f4", "<U1"), bytes(4)),
    "nothing, often": npy(ONE.replace("<f4", "|V0").replace("(1,)", "(1099511627776,)")),
    "complex numbers": npy(ONE.replace("<f4", "<c8"), bytes(8)),
    "wide floats": npy(ONE.replace("<f4", "<f16"), bytes(16)),
    "dates": npy(ONE.replace("<f4", "<M8[s]"), bytes(8)),
    "times in objects": npy(ONE.replace("'<f4'", "('O', (1,))"), bytes(8)),
}


@pytest.mark.parametrize("order", ["<", ">"])
def test_values_in_either_order_of_bytes_are_read(tmp_path, order):
    path = tmp_path / "a.npz"
    contents = npy(ONE.replace("<", order), bytes(4))
    path.write_bytes(archive_of([("minigrad.json", FLAT), ("w.npy", contents)]))
    assert load(path).tolist() == [0.0]
    assert load(path).numpy().dtype is np.ones(1, np.float32).dtype


@pytest.mark.parametrize("what", HOSTILE_ARRAYS)
def test_hostile_arrays_in_an_npz(tmp_path, what):
    path = tmp_path / "a.npz"
    path.write_bytes(archive_of([("minigrad.json", FLAT), ("w.npy", HOSTILE_ARRAYS[what])]))
    with pytest.raises(CheckpointError, match=r"a\.npz cannot be loaded: "):
        load(path)


FOUR = npy(ONE, bytes(4))
HOSTILE_ARCHIVES = {
    "compressed": archive_of([("minigrad.json", FLAT), ("w.npy", FOUR)], compression=zipfile.ZIP_DEFLATED),
    "a description of bytes": archive_of([("minigrad.json", b"\xff\xfe"), ("w.npy", npy(ONE, bytes(4)))]),
    "a description nested deep": archive_of([("minigrad.json", '{"version":1,"tree":' + "[" * 100_000)]),
    "objects nested deep": archive_of([("minigrad.json", '{"version":1,"tree":' + '{"dict":' * 100_000)]),
    "an array too many": archive_of([("minigrad.json", FLAT), ("v.npy", FOUR), ("w.npy", FOUR)]),
    "an array too few": archive_of([("minigrad.json", FLAT)]),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE_ARCHIVES)
def test_hostile_archives(tmp_path, what):
    path = tmp_path / "a.npz"
    path.write_bytes(HOSTILE_ARCHIVES[what])
    told = "minigrad.json is compressed" if what == "compressed" else ""
    with pytest.raises(CheckpointError, match=rf"a\.npz cannot be loaded: {told}"):
        load(path)


def test_entries_that_share_their_bytes_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive_of(
            [("minigrad.json", FLAT), ("w.npy", npy(ONE, bytes(4))), ("w.npy", npy(ONE, bytes(4)))]
        )
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="overlap"):
        load(path)


# ------------------------------------------------------------------- written to do harm: .safetensors


def safetensors_of(header, values=bytes(4)):
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text)) + text + values


W = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
HOSTILE_SAFETENSORS = {
    "no header": safetensors_of(""),
    "a list": safetensors_of("[]"),
    "nested deep": safetensors_of("[" * 100_000),
    "a header longer than the file": struct.pack("<Q", 10**6) + b"{}",
    "the moon": safetensors_of({"w": {**W, "shape": [2**40]}}),
    "sizes that overflow": safetensors_of({"w": {**W, "shape": [2**33, 2**31]}}),
    "offsets backwards": safetensors_of({"w": {**W, "data_offsets": [4, 0]}}),
    "offsets outside": safetensors_of({"w": {**W, "data_offsets": [4, 8]}}),
    "offsets that overlap": safetensors_of({"v": W, "w": W}),
    "a hole": safetensors_of({"w": {**W, "data_offsets": [4, 8]}}, bytes(8)),
    "an unknown dtype": safetensors_of({"w": {**W, "dtype": "O"}}),
    "brain floats": safetensors_of({"w": {**W, "dtype": "BF16", "shape": [2]}}),
    "unsigned numbers": safetensors_of({"w": {**W, "dtype": "U32"}}),
    "metadata that are no text": safetensors_of({"__metadata__": {"a": 1}, "w": W}),
    "a description without a seal": safetensors_of({"__metadata__": {"minigrad.checkpoint": FLAT}, "w": W}),
    "a description elsewhere": safetensors_of({"__metadata__": {"a": FLAT}, "w": W}),
}


@pytest.mark.parametrize("what", HOSTILE_SAFETENSORS)
def test_hostile_safetensors(tmp_path, what):
    pytest.importorskip("safetensors")
    path = tmp_path / "a.safetensors"
    path.write_bytes(HOSTILE_SAFETENSORS[what])
    with pytest.raises(CheckpointError, match=r"a\.safetensors cannot be loaded: "):
        load(path)


def test_a_dtype_that_minigrad_has_not_is_named_with_its_tensor(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "a.safetensors"
    for dtype, size in (("BF16", 2), ("F8_E4M3", 4), ("U64", 0)):
        values = bytes(4 if size else 8)
        entry = {"dtype": dtype, "shape": [size or 1], "data_offsets": [0, len(values)]}
        path.write_bytes(safetensors_of({"0.weight": entry}, values))
        with pytest.raises(CheckpointError, match=f"'0.weight' is of dtype {dtype}, which minigrad has not"):
            load(path)


def test_a_file_of_another_library_is_a_dict_of_tensors(tmp_path, same):
    library = pytest.importorskip("safetensors.numpy")
    arrays = {"b": np.ones((2, 1), np.float16), "a": np.array([True]), "c": np.zeros((0, 2))}
    library.save_file(arrays, tmp_path / "a.safetensors", {"format": "np", "epoch": "3"})
    found = load(tmp_path / "a.safetensors")
    assert same(dict(sorted(found.items())), {name: torch.tensor(arrays[name]) for name in "abc"})

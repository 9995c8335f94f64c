"""Files that are none, may not be written, have long names, lack their end, or ask for too much memory."""

import io
import os
import stat
import struct
import tracemalloc
import zipfile

import pytest

import minigrad as torch
from minigrad.checkpoint import CheckpointError, load, pickle_reader, save, structure

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and devices with names")


@posix
def test_a_pipe_and_a_device_are_refused_at_once(tmp_path, suffix):
    pipe, link = tmp_path / f"pipe{suffix}", tmp_path / f"link{suffix}"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    for path in (pipe, link):
        with pytest.raises(CheckpointError, match="it is no file, but a device or a pipe"):
            load(path)
        with pytest.raises(OSError, match="this is no file"):
            save(torch.ones(1), path)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert str(link.readlink()) == "/dev/zero"


def test_a_file_that_is_read_only_is_kept(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    save(torch.ones(1), path)
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="read-only"):
        save(torch.zeros(1), path)
    assert load(path).tolist() == [1.0]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("letter", ["a", "ü"])
@pytest.mark.parametrize("length", [241, 242, 254, 255])
def test_names_as_long_as_names_get(tmp_path, suffix, letter, length):
    stem = (length - len(suffix)) // len(letter.encode())
    path = tmp_path / (letter * stem + suffix)
    save(torch.ones(1), path)
    assert load(path).tolist() == [1.0]


def test_a_truncated_file_is_called_that(tmp_path):
    path = tmp_path / "a.npz"
    save({"w": torch.ones(100)}, path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CheckpointError, match=r"no \.npz file, or a truncated one: .* its \d+ bytes"):
        load(path)


def test_a_long_description_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("minigrad.json", '{"version":1,"tree":[' + "[]," * 6_000_000 + "[]]}")
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=r"description takes 180000.. bytes; 16777216 at most are read"):
        load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_the_length_of_a_description_is_bounded_both_ways(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"a{suffix}"
    value = {"losses": list(range(1000))}
    save(value, path)
    monkeypatch.setattr(structure, "LONGEST_TEXT", 2000)
    with pytest.raises(CheckpointError, match="2000 at most are read"):
        load(path)
    with pytest.raises(ValueError, match="make long lists of numbers tensors"):
        save(value, path)


def test_running_out_of_memory_is_no_damage(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"a{suffix}"
    save(torch.ones(1), path)

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(structure, "checksum", full)
    monkeypatch.setattr(pickle_reader, "view_of", full)
    with pytest.raises(MemoryError):
        load(path)


def entries_at(offsets, data):
    """An archive whose list of contents says where its entries begin."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, contents in data.items():
            archive.writestr(zipfile.ZipInfo(name), contents)
    raw = bytearray(file.getvalue())
    place = 0
    for offset in offsets:
        place = raw.index(b"PK\x01\x02", place + 1)
        if offset is not None:
            raw[place + 42 : place + 46] = struct.pack("<I", offset)
    return bytes(raw)


def test_entries_that_share_bytes_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    data = {"minigrad.json": "{}", "a.npy": "x" * 50, "b.npy": "x" * 50}
    path.write_bytes(entries_at([None, None, None], data))
    with pytest.raises(CheckpointError, match=r"^(?!.*overlap)"):
        load(path)
    for offsets in ([None, None, 60], [None, 70, 60], [None, None, 45]):
        path.write_bytes(entries_at(offsets, data))
        with pytest.raises(CheckpointError, match="its entries overlap"):
            load(path)
    raw = bytearray(entries_at([None] * 3, data))
    last = raw.rindex(b"PK\x01\x02")
    raw[last + 20 : last + 28] = struct.pack("<II", 60, 60)
    path.write_bytes(bytes(raw))
    with pytest.raises(CheckpointError, match="its entries overlap its list of contents"):
        load(path)

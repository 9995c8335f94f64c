"""Saving replaces a file whole or not at all; loading says what is wrong."""

import json
import os
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest

import minigrad as torch
from minigrad.checkpoint import CheckpointError, load, save

OLD = {"weight": torch.zeros(3), "epoch": 1}
NEW = {"weight": torch.ones(400), "epoch": 2}


def example():
    return {
        "model": {"0.weight": torch.arange(6.0).reshape(2, 3), "steps": torch.tensor(7)},
        "optimizer": {
            "state": {0: {"exp_avg": torch.zeros(0, 2)}},
            "param_groups": [{"betas": (0.9, 0.999)}],
        },
        "history": [0.5, float("inf"), None, True, "ünïcode \ud800"],
    }


def test_what_is_loaded_is_what_was_saved(tmp_path, suffix):
    save(example(), tmp_path / f"a{suffix}")
    assert repr(load(str(tmp_path / f"a{suffix}"))) == repr(example())
    assert load(tmp_path / f"a{suffix}", map_location="cpu", weights_only=False)["history"][3] is True
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


def test_loaded_tensors_can_be_written(tmp_path, suffix):
    save([torch.ones(2)], tmp_path / f"a{suffix}")
    (x,) = load(tmp_path / f"a{suffix}")
    x.add_(1)
    assert x.tolist() == [2.0, 2.0]


def test_the_same_contents_give_the_same_bytes(tmp_path, suffix):
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in files:
        save(example(), path)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_numpy_reads_an_npz(tmp_path):
    save(example(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert archive["model.0.weight"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
        assert json.loads(archive["minigrad.json"])["version"] == 1


def test_a_new_file_is_readable_as_any_other(tmp_path, suffix):
    (tmp_path / "plain").write_bytes(b"")
    save(1, tmp_path / f"a{suffix}")
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions are other things elsewhere")
def test_a_private_file_stays_private(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    save(1, path)
    path.chmod(0o600)
    save(2, path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="making links takes privileges elsewhere")
def test_a_link_goes_on_to_point_to_the_file(tmp_path, suffix):
    save(1, tmp_path / f"a{suffix}")
    (tmp_path / f"last{suffix}").symlink_to(f"a{suffix}")
    save(2, tmp_path / f"last{suffix}")
    assert load(tmp_path / f"a{suffix}") == 2
    assert (tmp_path / f"last{suffix}").is_symlink()


# ------------------------------------------------------------------------------------------ refusals


def test_something_that_is_no_file_is_refused():
    for call in (lambda: save(1, 3), lambda: load(3)):
        with pytest.raises(TypeError, match="by its path, not to a int"):
            call()


def test_another_device_is_refused(tmp_path):
    save(1, tmp_path / "a.npz")
    with pytest.raises(RuntimeError, match="CPU only; map_location cannot be 'cuda'"):
        load(tmp_path / "a.npz", "cuda")


def test_a_missing_file_or_folder_is_named(tmp_path, suffix):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / f"nowhere{suffix}")
    with pytest.raises(FileNotFoundError, match=r"no such folder.*nowhere'"):
        save(1, tmp_path / "nowhere" / f"a{suffix}")


def test_what_cannot_be_saved_leaves_the_file(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    save(OLD, path)
    with pytest.raises(TypeError, match=r"\['act'\], a function"):
        save({**NEW, "act": lambda: 0}, path)
    assert load(path)["epoch"] == 1


def test_a_missing_library_is_named_with_its_extra(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"")
    for name in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (lambda: load(path), lambda: save(1, path)):
        with pytest.raises(ImportError, match="pip install safetensors"):
            call()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_file_in_the_other_format_is_refused(tmp_path):
    pytest.importorskip("safetensors")
    for one, other in ((".npz", ".safetensors"), (".safetensors", ".npz")):
        save(OLD, tmp_path / f"a{one}")
        (tmp_path / f"a{one}").rename(tmp_path / f"a{other}")
        with pytest.raises(CheckpointError, match=rf"a\{other} cannot be loaded"):
            load(tmp_path / f"a{other}")


def test_an_archive_of_numpys_is_foreign(tmp_path):
    np.savez(tmp_path / "a.npz", weight=np.ones(2))
    with pytest.raises(CheckpointError, match=r"not written by minigrad: .* \(np.load reads archives"):
        load(tmp_path / "a.npz")


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a file ran code",)


def test_a_pickle_in_an_archive_is_not_run(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, weight=np.array([Bomb()], dtype=object))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("minigrad.json", '{"version":1,"tree":{"tensor":"weight","crc32":0}}')
    with pytest.raises(CheckpointError, match=r"weight\.npy holds Python objects, which are not loaded"):
        load(path)


def test_a_model_is_left_as_it_was(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    model = torch.nn.Linear(2, 2)
    save(model.state_dict(), path)
    with torch.no_grad():
        model.weight.zero_()
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CheckpointError):
        model.load_state_dict(load(path))
    assert model.weight.tolist() == [[0.0, 0.0], [0.0, 0.0]]


# ------------------------------------------------------------------------------------ cut off midway


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, suffix, step, error):
    def interrupt(*_):
        raise error

    path = tmp_path / f"a{suffix}"
    save(OLD, path)
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(step, interrupt)
        with pytest.raises(type(error)):
            save(NEW, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch, suffix):
    seen = []
    fsync, replace = os.fsync, type(tmp_path).replace

    def watched_fsync(descriptor):
        seen.append("fsync")
        fsync(descriptor)

    def watched_replace(source, target):
        seen.append(f"replace by {source.stat().st_size} bytes")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(type(tmp_path), "replace", watched_replace)
    path = tmp_path / f"a{suffix}"
    save(NEW, path)
    folder = ["fsync"] if os.name == "posix" else []
    assert seen == ["fsync", f"replace by {path.stat().st_size} bytes", *folder]


STEPS = {
    ".npz": "1" if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else "7",
    ".safetensors": "1",
    ".pt": "7",
}

# Saves over an old file in forked children, each of which dies some lines later in the code that saves.
KILLED = """
    import os, sys, zipfile
    from pathlib import Path
    import minigrad as torch
    from minigrad.checkpoint import file, load, npz_file, pytorch_file, safetensors_file, save

    path, sources = Path(sys.argv[1]), {
        m.__file__ for m in (file, npz_file, pytorch_file, safetensors_file, zipfile)
    }
    left = 0

    def trace(frame, event, argument):
        global left
        if frame.f_code.co_filename not in sources:
            return None
        left -= 1
        if left == 0:
            os._exit(9)
        return trace

    save({"weight": torch.zeros(3), "epoch": 1}, path)
    old = path.read_bytes()
    seen, killed, status = set(), 0, 9
    while status == 9:
        left = killed = killed + int(sys.argv[2])
        path.write_bytes(old)
        if (child := os.fork()) == 0:
            sys.settrace(trace)
            save({"weight": torch.ones(400), "epoch": 2}, path)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found = load(path)
        seen.add((found["epoch"], len(found["weight"]), float(found["weight"].mean())))
        for unfinished in path.parent.glob(".*.tmp"):
            unfinished.unlink()
    print(status, killed, sorted(seen))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
def test_killed_at_many_places_it_leaves_the_old_file_or_the_new_one(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(KILLED), str(path), STEPS[suffix]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, killed, seen = done.stdout.split(maxsplit=2)
    assert (status, seen.strip()) == ("0", "[(1, 3, 0.0), (2, 400, 1.0)]")
    assert int(killed) > 20

"""`torch.multiprocessing`: the standard library's processes under PyTorch's name."""

import multiprocessing

import pytest

import minigrad as torch
import minigrad.multiprocessing as mp


def write(number, folder):
    (folder / str(number)).write_text("here")


def fail(number):
    raise SystemExit(number)


def test_the_standard_names_are_those_of_the_standard_library():
    assert torch.multiprocessing is mp
    assert mp.Process is multiprocessing.Process and mp.cpu_count() == multiprocessing.cpu_count()


def test_spawn_runs_the_function_in_each_process(tmp_path):
    assert mp.spawn(write, args=(tmp_path,), nprocs=2, start_method="fork") is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0", "1"]


def test_a_process_that_fails_is_told():
    with pytest.raises(RuntimeError, match=r"spawn: .*: 1 \(exit code 1\)"):
        mp.spawn(fail, nprocs=2, start_method="fork")


def test_spawn_without_join_returns_the_processes(tmp_path):
    processes = mp.spawn(write, args=(tmp_path,), nprocs=1, join=False, start_method="fork")
    processes[0].join()
    assert processes[0].exitcode == 0


def test_shared_memory_is_refused_with_a_sentence():
    with pytest.raises(AttributeError, match="computes in one process"):
        torch.nn.Linear(1, 1).share_memory()

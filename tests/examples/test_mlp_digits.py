import gzip
import re
import shutil
import struct
import sys

import image_training
import mlp_digits
import numpy as np
import pytest

from minigrad.checkpoint import load, save

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--epochs", "2", "--hidden", "16"]


@pytest.fixture
def no_pictures(monkeypatch, tmp_path):
    """Drawing takes longer than the rest of a small run; without dot the graph is not drawn either."""
    for name in ("curves", "predictions", "confusion"):
        monkeypatch.setattr(mlp_digits, f"draw_{name}", lambda *_: "nothing")
    monkeypatch.setenv("PATH", str(tmp_path))


def run(capsys, *options):
    """The lines that the program printed, and the accuracy in the last one."""
    assert mlp_digits.main([str(option) for option in options]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = re.fullmatch(r"test accuracy: (\d\.\d{3})", lines[-1])
    return lines, float(found.group(1))


def refused(capsys, *options):
    """The exit status and the complaint of a run that stops."""
    with pytest.raises(SystemExit) as stop:
        mlp_digits.main([str(option) for option in options])
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return stop.value.code, error


def write_idx(folder, part, images, labels, ending=""):
    pack = gzip.compress if ending else bytes
    for what, values in (("images", images), ("labels", labels)):
        header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
        path = folder / f"{part}-{what}-idx{values.ndim}-ubyte{ending}"
        path.write_bytes(pack(header + values.astype(np.uint8).tobytes()))


def make_idx_folder(folder, ending=""):
    """Ten classes told apart at a glance: a bright row or a bright column."""
    folder.mkdir()
    patterns = np.zeros((10, 5, 6))
    for k in range(5):
        patterns[k, k, :] = 255
        patterns[5 + k, :, k] = 255
    for part, times in (("train", 30), ("t10k", 3)):
        labels = np.tile(np.arange(10), times)
        write_idx(folder, part, patterns[labels], labels, ending)
    return folder


def test_as_it_comes_it_reaches_97_percent_and_leaves_its_pictures(tmp_path, capsys):
    out = tmp_path / "out"
    lines, accuracy = run(capsys, "--out", out)
    assert accuracy >= 0.97
    assert any(re.fullmatch(r"trained in \d+\.\d s", line) for line in lines)
    assert any("1,293 images to learn from, 144 held out, 360 to test on" in line for line in lines)
    assert any(
        re.fullmatch(r"epoch \d+ has the best accuracy .*held out \(0\.\d+; .*", line) for line in lines
    )
    for name in ("confusion.png", "curves.png", "predictions.png"):
        assert plt.imread(out / name).ndim == 3
    assert not plt.get_fignums()
    if shutil.which("dot"):
        svg = (out / "network.svg").read_text(encoding="utf-8")
        assert ">loss</text>" in svg
        assert "weight</text>" in svg
        assert sorted(path.name for path in out.iterdir()) == [
            "checkpoint.npz", "confusion.png", "curves.png", "network.svg", "predictions.png"
        ]  # fmt: skip


@pytest.mark.usefixtures("no_pictures")
def test_without_dot_it_leaves_the_source_and_names_the_package(tmp_path, capsys):
    lines, _ = run(capsys, *SMALL, "--out", tmp_path)
    (line,) = (line for line in lines if "network" in line)
    assert "network.dot" in line
    assert "apt install graphviz" in line
    assert (tmp_path / "network.dot").read_text(encoding="utf-8").startswith("digraph")
    assert not (tmp_path / "network.svg").exists()


@pytest.mark.usefixtures("no_pictures")
def test_the_progress_bar_tells_loss_and_accuracy_of_every_epoch(tmp_path, capsys):
    mlp_digits.main([*SMALL, "--out", str(tmp_path)])
    bars = capsys.readouterr().err
    for epoch in (1, 2):
        numbers = r"loss \d\.\d{3} val \d\.\d{3}, accuracy \d\.\d{3} val \d\.\d{3}"
        assert re.search(rf"epoch +{epoch}/2 .* 41/41, {numbers}", bars)


@pytest.mark.usefixtures("no_pictures")
def test_a_seed_decides_everything(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(mlp_digits, "draw_curves", lambda history, *_: seen.append(history))
    for seed in ("3", "3", "4"):
        mlp_digits.main([*SMALL, "--seed", seed, "--out", str(tmp_path)])
    first, again, other = seen
    assert first == again
    assert first != other
    assert {len(numbers) for numbers in first.values()} == {2}


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(("activation", "hidden"), [("sigmoid", [20]), ("tanh", [20, 12])])
def test_depth_and_activation_can_be_chosen(tmp_path, capsys, activation, hidden):
    options = ["--hidden", *hidden, "--activation", activation]
    lines, accuracy = run(capsys, *options, "--epochs", 3, "--lr", 0.2, "--out", tmp_path)
    assert "MLP(" in lines[0]
    assert " -> ".join(map(str, [64, *hidden, 10])) in lines[1]
    assert sum(activation in line.lower() for line in lines) == len(hidden)
    assert accuracy > 0.3


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_are_read_from_a_folder(tmp_path, capsys, ending):
    folder = make_idx_folder(tmp_path / "data", ending)
    lines, accuracy = run(capsys, "--epochs", 5, "--hidden", 16, "--data", folder, "--out", tmp_path / "out")
    assert "270 images to learn from, 30 held out, 30 to test on" in lines
    assert accuracy == 1.0


def test_a_damaged_data_file_stops_with_status_2_and_one_line(tmp_path, capsys):
    folder = make_idx_folder(tmp_path / "data")
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    status, error = refused(capsys, "--data", folder, "--out", tmp_path)
    assert status == 2
    assert (
        error == f"mlp_digits.py: {path}: its header promises 9,000 values, and the file holds only 8,999\n"
    )


def test_a_missing_data_folder_stops_with_status_2_and_one_line(tmp_path, capsys):
    status, error = refused(capsys, "--data", tmp_path / "nowhere", "--out", tmp_path)
    assert (status, error) == (2, f"mlp_digits.py: {tmp_path / 'nowhere'} is not a folder\n")


@pytest.mark.parametrize(
    "options",
    [
        ["--epochs", "0"],
        ["--hidden", "-1"],
        ["--hidden", "ten"],
        ["--lr", "nan"],
        ["--lr", "-0.1"],
        ["--batch-size", "0"],
        ["--noise", "-1"],
        ["--validation", "1"],
        ["--patience", "0"],
        ["--activation", "step"],
        ["--seed", "x"],
    ],
)
def test_impossible_options_are_refused(options, capsys):
    status, error = refused(capsys, *options)
    assert status == 2
    assert options[0] in error


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as stop:
        mlp_digits.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    options = "epochs hidden activation lr batch-size noise validation patience seed out resume data"
    for option in options.split():
        assert f"--{option}" in text


@pytest.mark.parametrize("package", ["sklearn", "tqdm", "matplotlib", "graphviz"])
def test_a_missing_package_stops_before_the_training_and_names_the_packages(
    package, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, package, None)
    status, error = refused(capsys, *SMALL, "--out", tmp_path)
    assert status == 2
    assert "pip install graphviz matplotlib scikit-learn threadpoolctl tqdm" in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("no_pictures")
def test_a_training_that_blows_up_says_so(tmp_path, capsys):
    status, error = refused(capsys, *SMALL, "--lr", "1e12", "--out", tmp_path)
    assert status == 1
    assert "smaller --lr" in error.splitlines()[-1]


# --------------------------------------------------------------------------- interrupted and resumed


@pytest.fixture
def interrupt(monkeypatch):
    """Make Ctrl-C come in an epoch, after its steps; or in none."""
    evaluate = image_training.evaluate

    def at(epoch):
        calls = iter(range(1, 1000))

        def pressed(*arguments):
            if next(calls) == epoch:
                raise KeyboardInterrupt
            return evaluate(*arguments)

        monkeypatch.setattr(image_training, "evaluate", pressed)

    return at


@pytest.mark.usefixtures("no_pictures")
def test_an_interrupted_training_goes_on_as_if_nothing_had_been(tmp_path, capsys, interrupt, monkeypatch):
    options = ["--epochs", "4", "--hidden", "12", "8", "--activation", "tanh", "--lr", "0.2", "--seed", "5"]
    lines, accuracy = run(capsys, *options, "--out", tmp_path / "whole")

    out = tmp_path / "broken"
    interrupt(3)
    monkeypatch.setattr(sys, "orig_argv", [".venv/bin/python", "examples/mlp_digits.py", *options])
    monkeypatch.setattr(sys, "argv", ["examples/mlp_digits.py", *options])
    monkeypatch.delenv("STARTED_AS", raising=False)
    assert mlp_digits.main([*options, "--out", str(out)]) == 130
    said = capsys.readouterr().out
    path = out / "checkpoint.npz"
    assert f"interrupted; {path} holds everything up to epoch 2. To go on:" in said
    assert said.splitlines()[-1] == f"    .venv/bin/python examples/mlp_digits.py --resume {path}"
    assert "Traceback" not in said
    assert [file.name for file in out.iterdir()] == [path.name]

    interrupt(None)
    resumed_lines, resumed_accuracy = run(capsys, "--resume", path)
    assert "going on after epoch 2 of 4" in resumed_lines
    assert resumed_accuracy == accuracy
    for name in ("checkpoint.npz", "network.dot"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert [line for line in resumed_lines if "has the best" in line] == [
        line for line in lines if "has the best" in line
    ]


@pytest.mark.usefixtures("no_pictures")
def test_interrupted_in_the_first_epoch_it_can_go_on_too(tmp_path, capsys, interrupt, monkeypatch):
    interrupt(1)
    monkeypatch.setenv("STARTED_AS", 'make demo ARGS="{}"')
    assert mlp_digits.main([*SMALL, "--out", str(tmp_path)]) == 130
    said = capsys.readouterr().out
    assert "holds everything up to epoch 0" in said
    assert said.splitlines()[-1] == f'    make demo ARGS="--resume {tmp_path / "checkpoint.npz"}"'
    interrupt(None)
    lines, _ = run(capsys, "--resume", tmp_path / "checkpoint.npz")
    assert "going on after epoch 0 of 2" in lines


def test_interrupted_while_it_draws_it_can_go_on_too(tmp_path, capsys, monkeypatch):
    def pressed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(mlp_digits, "draw_curves", pressed)
    assert mlp_digits.main([*SMALL, "--out", str(tmp_path)]) == 130
    said = capsys.readouterr().out
    assert "holds everything up to epoch 2. To go on:" in said
    assert said.splitlines()[-1].endswith(f"--resume {tmp_path / 'checkpoint.npz'}")


@pytest.mark.usefixtures("no_pictures")
def test_a_finished_training_is_drawn_again(tmp_path, capsys):
    _, accuracy = run(capsys, *SMALL, "--out", tmp_path)
    (tmp_path / "network.dot").unlink()
    lines, again = run(capsys, "--resume", tmp_path / "checkpoint.npz")
    assert again == accuracy
    assert "going on after epoch 2 of 2" in lines
    assert (tmp_path / "network.dot").exists()


@pytest.mark.usefixtures("no_pictures")
def test_other_options_beside_resume_are_refused(tmp_path, capsys):
    status, error = refused(capsys, "--resume", tmp_path / "a.npz", "--lr", "1", "--batch-size", "3")
    assert status == 2
    assert "leave out --lr, --batch-size" in error


def damaged(path):
    path.write_bytes(path.read_bytes()[:-100])
    return r"checkpoint.npz cannot be loaded: "


def foreign(path):
    save({"model": {}}, path)
    return r"checkpoint.npz is no checkpoint of mlp_digits.py"


def of_another_program(path):
    state = load(path)
    state["plan"]["program"] = "fashion_mnist.py"
    save(state, path)
    return r"checkpoint.npz is no checkpoint of mlp_digits.py"


def missing(path):
    path.unlink()
    return "No such file"


@pytest.mark.usefixtures("no_pictures")
def test_what_cannot_be_resumed_stops_with_status_2_and_one_line(tmp_path, capsys):
    run(capsys, "--epochs", "1", "--hidden", "4", "--out", tmp_path)
    whole = (tmp_path / "checkpoint.npz").read_bytes()
    for spoil in (damaged, foreign, of_another_program, missing):
        (tmp_path / "checkpoint.npz").write_bytes(whole)
        message = spoil(tmp_path / "checkpoint.npz")
        status, error = refused(capsys, "--resume", tmp_path / "checkpoint.npz")
        assert status == 2
        assert message in error
        assert error.count("\n") == 1


@pytest.mark.usefixtures("no_pictures")
def test_it_stops_early_and_takes_the_best_weights(tmp_path, monkeypatch, capsys):
    accuracies = iter([0.5, 0.9, 0.8, 0.9, 0.7, 0.8, 0.6, 0.9])
    evaluate = image_training.evaluate
    monkeypatch.setattr(image_training, "evaluate", lambda *a: (evaluate(*a)[0], next(accuracies)))
    lines, _ = run(capsys, "--epochs", 9, "--hidden", 4, "--patience", 3, "--out", tmp_path)
    assert "stopped early: none of the last 3 epochs came up to the best accuracy before" in lines
    assert "epoch 4 has the best accuracy on the images held out (0.900; of equals, the last)" in lines
    assert load(tmp_path / "checkpoint.npz")["epoch"] == 7
    assert next(accuracies) == 0.9


@pytest.mark.usefixtures("no_pictures")
def test_too_few_images_to_hold_some_out_are_refused(tmp_path, capsys):
    status, error = refused(capsys, *SMALL, "--validation", "0.0001", "--out", tmp_path)
    assert (status, error) == (2, "mlp_digits.py: --validation leaves nothing on one side of 1437 images\n")

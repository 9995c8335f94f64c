import gzip
import re
import shutil
import struct
import sys

import mlp_digits
import numpy as np
import pytest

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--epochs", "2", "--hidden", "16"]


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    """Laying out a graph takes longer than the rest of a small run."""
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
    assert any("1,437 images to learn from, 360 to test on" in line for line in lines)
    for name in ("curves.png", "predictions.png"):
        assert plt.imread(out / name).ndim == 3
    assert not plt.get_fignums()
    if shutil.which("dot"):
        svg = (out / "network.svg").read_text(encoding="utf-8")
        assert ">loss</text>" in svg
        assert "weight</text>" in svg
        assert sorted(path.name for path in out.iterdir()) == ["curves.png", "network.svg", "predictions.png"]


@pytest.mark.usefixtures("no_dot")
def test_without_dot_it_leaves_the_source_and_names_the_package(tmp_path, capsys):
    lines, _ = run(capsys, *SMALL, "--out", tmp_path)
    (line,) = (line for line in lines if "network" in line)
    assert "network.dot" in line
    assert "apt install graphviz" in line
    assert (tmp_path / "network.dot").read_text(encoding="utf-8").startswith("digraph")
    assert not (tmp_path / "network.svg").exists()


@pytest.mark.usefixtures("no_dot")
def test_the_progress_bar_tells_loss_and_accuracy_of_every_epoch(tmp_path, capsys):
    mlp_digits.main([*SMALL, "--out", str(tmp_path)])
    bars = capsys.readouterr().err
    for epoch in (1, 2):
        numbers = r"loss \d\.\d{3} test \d\.\d{3}, accuracy \d\.\d{3} test \d\.\d{3}"
        assert re.search(rf"epoch +{epoch}/2 .* 45/45, {numbers}", bars)


@pytest.mark.usefixtures("no_dot")
def test_a_seed_decides_everything(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(mlp_digits, "draw_curves", lambda history, _: seen.append(history))
    for seed in ("3", "3", "4"):
        mlp_digits.main([*SMALL, "--seed", seed, "--out", str(tmp_path)])
    first, again, other = seen
    assert first == again
    assert first != other
    assert {len(numbers) for numbers in first.values()} == {2}


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize(("activation", "hidden"), [("sigmoid", [20]), ("tanh", [20, 12])])
def test_depth_and_activation_can_be_chosen(tmp_path, capsys, activation, hidden):
    options = ["--hidden", *hidden, "--activation", activation]
    lines, accuracy = run(capsys, *options, "--epochs", 3, "--lr", 0.2, "--out", tmp_path)
    assert "MLP(" in lines[0]
    assert " -> ".join(map(str, [64, *hidden, 10])) in lines[1]
    assert sum(activation in line.lower() for line in lines) == len(hidden)
    assert accuracy > 0.3


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_are_read_from_a_folder(tmp_path, capsys, ending):
    folder = make_idx_folder(tmp_path / "data", ending)
    lines, accuracy = run(capsys, "--epochs", 5, "--hidden", 16, "--data", folder, "--out", tmp_path / "out")
    assert "300 images to learn from, 30 to test on" in lines
    assert accuracy == 1.0
    assert (tmp_path / "out" / "predictions.png").exists()


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
    for option in ["epochs", "hidden", "activation", "lr", "batch-size", "seed", "out", "data"]:
        assert f"--{option}" in text


@pytest.mark.parametrize("package", ["sklearn", "tqdm", "matplotlib", "graphviz"])
def test_a_missing_package_stops_before_the_training_and_names_the_extra(
    package, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, package, None)
    status, error = refused(capsys, *SMALL, "--out", tmp_path)
    assert status == 2
    assert 'pip install "minigrad[examples,viz]"' in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("no_dot")
def test_a_training_that_blows_up_says_so(tmp_path, capsys):
    status, error = refused(capsys, *SMALL, "--lr", "1e12", "--out", tmp_path)
    assert status == 1
    assert "smaller --lr" in error.splitlines()[-1]


def test_mistakes_are_marked_and_come_first(tmp_path, monkeypatch):
    torch = mlp_digits.torch
    x = torch.zeros(4, 4)
    y = torch.tensor([0, 1, 2, 2])
    data = mlp_digits.Data(x, y, (2, 2))

    def model(images):
        return torch.eye(3)[torch.tensor([0, 1, 0, 2])]

    drawn = []
    monkeypatch.setattr(plt, "close", drawn.append)
    mlp_digits.draw_predictions(model, data, tmp_path / "page.png", rows=1, columns=5)
    monkeypatch.undo()
    plt.close("all")
    (axes,) = drawn[0].axes
    assert [text.get_text() for text in axes.texts] == ["0, not 2", "0", "1", "2"]
    colours = [text.get_color() for text in axes.texts]
    assert colours[0] not in colours[1:]
    assert len({patch.get_edgecolor() for patch in axes.patches}) == 2
    assert axes.get_title() == "3 of 4 recognised; the mistakes come first"

import re

import larger_than_memory
import pytest

import minigrad as torch

pytest.importorskip("distributed", reason="pip install 'dask[array,distributed]'")
plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--rows", "3000", "--chunk", "250", "--batch", "1000", "--features", "10", "--hidden", "16"]


def test_it_trains_on_chunks_and_leaves_its_picture(tmp_path, capsys):
    assert larger_than_memory.main([*SMALL, "--epochs", "12", "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3,000 rows: 0.00 GiB, for 2 workers of 350 MiB"
    last, first = re.fullmatch(r"loss: (\d\.\d{3}), at first (\d\.\d{3})", lines[-1]).groups()
    assert float(last) < 0.8
    assert float(first) > 1
    assert plt.imread(tmp_path / "larger_than_memory.png").ndim == 3


def test_a_step_on_chunks_is_a_step_on_the_whole():
    args = larger_than_memory.make_parser().parse_args([*SMALL, "--epochs", "1"])
    losses = larger_than_memory.train(args)
    points = larger_than_memory.draw_points(3000, 250, 10).compute()
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(10, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    x, ring = torch.from_numpy(points[:1000, :-1]), torch.from_numpy(points[:1000, -1]).long()
    assert torch.nn.functional.cross_entropy(model(x), ring).item() == pytest.approx(losses[0], rel=1e-6)

"""Numbers for TensorBoard: by its own package, or a sentence that names it."""

import importlib.util
import sys

import numpy as np
import pytest

import minigrad as torch

THERE = importlib.util.find_spec("tensorboard") is not None


def test_without_the_package_a_sentence_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in [n for n in sys.modules if n.startswith("tensorboard.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "minigrad.utils.tensorboard", raising=False)
    for line in ("import minigrad.utils.tensorboard", "from minigrad.utils.tensorboard import SummaryWriter"):
        with pytest.raises(ImportError, match="pip install tensorboard"):
            exec(line)


@pytest.mark.skipif(not THERE, reason="tensorboard is not installed")
@pytest.mark.filterwarnings("ignore")
def test_what_is_written_can_be_read(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from minigrad.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path / "run") as writer:
        for step in range(3):
            writer.add_scalar("loss", torch.tensor(step * 0.5, requires_grad=True), step)
        writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 0)
        writer.add_histogram("weights", torch.arange(10.0), 0)
        writer.add_text("note", "hello", 0)
        writer.add_image("picture", torch.rand(3, 4, 5), 0)
        with pytest.raises(NotImplementedError, match=r"viz\.graph"):
            writer.add_graph(None)
    read = EventAccumulator(writer.get_logdir()).Reload()
    assert [(e.step, e.value) for e in read.Scalars("loss")] == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert sum(read.Histograms("weights")[0].histogram_value.bucket) == 10
    assert read.Images("picture")[0].width == 5
    assert np.isclose(EventAccumulator(f"{tmp_path}/run/both_b").Reload().Scalars("both")[0].value, 2.0)

import numpy as np
import ops
import plots
import pytest
import report
import samples

import minigrad

SMALL = samples.SIZES[1]


def names_of_ops(t):
    """The ops in the history of a tensor."""
    waiting, found = [t._node], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node.op is not None:
            found.add(node.op.name)
            waiting += node.parents()
    return found


def test_every_op_has_a_sample():
    assert samples.without_sample() == []
    assert set(samples.IN_RULES.values()) <= set(samples.OPS)


def test_an_op_without_a_sample_is_an_error(monkeypatch):
    monkeypatch.delitem(samples.OPS, "gelu")
    with pytest.raises(LookupError, match="no sample of gelu"):
        ops.samples()


@pytest.mark.parametrize("name", [*samples.of_registry(), *samples.COMPOSED])
def test_a_sample_runs_forward_and_backward(name):
    sample = ops.samples()[name]
    contender = ops.contender(minigrad, sample, *SMALL)
    contender.step()
    assert all(np.isfinite(array).all() for array in contender.read())


def test_a_sample_of_an_op_calls_the_op():
    for name, sample in samples.of_registry().items():
        inputs = [minigrad.tensor(array) for array in sample.arrays(*SMALL)]
        leaves = [x for i, x in enumerate(inputs) if x.is_floating_point() and i not in sample.constants]
        for leaf in leaves:
            leaf.requires_grad_()
        found = names_of_ops(sample.call(minigrad, *inputs))
        assert name in found or not found, f"{name}: {found}"


def test_the_slowest_stand_first_and_those_beyond_the_bound_are_marked():
    def row(ratio):
        return {"2 x 2": {"minigrad": ratio * 1e-6, "torch": 1e-6, "ratio": ratio, "paired": [ratio] * 3}}

    rows = {"fast": row(0.5), "slower": row(2.5), "slowest": row(3.5)}
    table = report.slow_ops({"rows": rows})
    assert [line[0] for line in table[1:]] == ["slowest", "slower"]
    assert [line[-1] for line in table[1:]] == ["3.50!", "2.50 "]
    assert report.slowest(rows["slowest"]) == 3.5


def test_a_measure_without_pytorch_has_no_ratio(tmp_path):
    row = ops.measure(samples.OPS["cumsum"], SMALL, ["minigrad"], rounds=1)
    assert set(row) == {"minigrad"}
    record = {"rows": {"cumsum": {"32 x 16": row}}}
    assert report.slow_ops(record) == [["", "32 x 16", "PyTorch's", "ratio"]]
    assert plots.draw_ops(record, tmp_path / "ops.png") is None

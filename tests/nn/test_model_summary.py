"""summary: a table of layers that leaves the model alone."""

import pytest

import minigrad as torch
from minigrad import nn


def test_counts_shapes_and_memory():
    net = nn.Sequential(nn.Linear(4, 5), nn.Sequential(nn.BatchNorm1d(5), nn.ReLU()), nn.Linear(5, 3))
    table = nn.summary(net, torch.ones(2, 4))
    assert [(row.name, row.kind, row.depth) for row in table.rows] == [
        ("", "Sequential", 0),
        ("0", "Linear", 1),
        ("1", "Sequential", 1),
        ("0", "BatchNorm1d", 2),
        ("1", "ReLU", 2),
        ("2", "Linear", 1),
    ]
    assert [row.output for row in table.rows][:2] == ["(2, 3)", "(2, 5)"]
    assert table.parameters == 25 + 10 + 18
    assert table.trainable == table.parameters
    assert table.parameter_bytes == 4 * 53 + 4 * 10 + 8
    assert table.output_bytes == 4 * (10 + 10 + 10 + 6)
    assert "53" in str(table)


def test_the_model_is_left_as_it_was():
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())
    net[1].eval()
    nn.summary(net, torch.ones(3, 2))
    assert net.training
    assert net[0].training
    assert not net[1].training
    assert net[0].num_batches_tracked.item() == 0
    assert not net._forward_hooks


def test_an_error_in_forward_leaves_it_so_too():
    net = nn.MLP(4, 5, 3)
    with pytest.raises(RuntimeError, match="Linear"):
        nn.summary(net, torch.ones(2, 7))
    assert net.training
    assert not net[0]._forward_hooks


def test_a_shared_layer_is_a_row_per_call_and_counted_once():
    layer = nn.Linear(2, 2)
    table = nn.summary(nn.Sequential(layer, layer), torch.ones(1, 2))
    assert len(table.rows) == 3
    assert table.parameters == 6


def test_frozen_parameters_are_told_apart():
    net = nn.Sequential(nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 1))
    assert "trainable 3" in str(nn.summary(net, torch.ones(1, 2)))


def test_layers_with_several_outputs():
    class Two(nn.Module):
        def forward(self, x):
            return {"a": x, "b": (x, x)}

    assert nn.summary(Two(), torch.ones(2)).rows[0].output == "(2,) (2,) (2,)"

"""MLP: sizes in, layers out."""

import pytest

import minigrad as torch
from minigrad import nn


def kinds(net):
    return [type(layer).__name__ for layer in net]


def test_the_tutorials_network():
    net = nn.MLP(4, 5, 3, activation="relu")
    assert kinds(net) == ["Linear", "ReLU", "Linear"]
    assert net[0].weight.shape == (5, 4)
    assert net[2].weight.shape == (3, 5)
    assert net(torch.ones(2, 4)).shape == (2, 3)
    assert repr(net) == (
        "MLP(\n"
        "  4 -> 5 -> 3, 43 parameters\n"
        "  (0): Linear(in_features=4, out_features=5, bias=True)\n"
        "  (1): ReLU()\n"
        "  (2): Linear(in_features=5, out_features=3, bias=True)\n"
        ")"
    )


def test_any_depth():
    assert kinds(nn.MLP(4, 3)) == ["Linear"]
    net = nn.MLP(*range(10, 0, -1))
    assert len(net) == 9 + 8
    assert net(torch.ones(1, 10)).shape == (1, 1)


def test_all_options_in_order():
    net = nn.MLP(
        4, 5, 6, 3, activation="tanh", norm="batch", dropout=0.1, bias=False, output_activation="sigmoid"
    )
    block = ["Linear", "BatchNorm1d", "Tanh", "Dropout"]
    assert kinds(net) == [*block, *block, "Linear", "Sigmoid"]
    assert net[0].bias is None
    assert net[1].num_features == 5
    assert kinds(nn.MLP(4, 5, 3, norm="layer"))[1] == "LayerNorm"


@pytest.mark.parametrize(
    "activation",
    ["ELU", nn.ELU, lambda: nn.ELU(0.5), nn.ELU(0.5)],
    ids=["name", "class", "factory", "module"],
)
def test_an_activation_by_name_class_factory_or_module(activation):
    net = nn.MLP(2, 3, 3, 1, activation=activation)
    assert kinds(net) == ["Linear", "ELU", "Linear", "ELU", "Linear"]
    assert net[1] is not net[3]


def test_no_activation_makes_an_affine_network():
    assert kinds(nn.MLP(2, 3, 1, activation=None)) == ["Linear", "Linear"]


def test_its_state_dict_is_that_of_a_sequential():
    net = nn.MLP(4, 5, 3)
    twin = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    twin.load_state_dict(net.state_dict())
    x = torch.randn(2, 4)
    assert torch.equal(net(x), twin(x))


def test_a_slice_of_it_is_a_sequential():
    head = nn.MLP(4, 5, 3)[:2]
    assert type(head) is nn.Sequential
    assert head(torch.ones(1, 4)).shape == (1, 5)


@pytest.mark.parametrize("sizes", [(), (4,)])
def test_fewer_than_two_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match=rf"at least two sizes.*given {len(sizes)}"):
        nn.MLP(*sizes)


def test_sizes_are_positive_integers_given_one_by_one():
    with pytest.raises(TypeError, match="one by one"):
        nn.MLP([4, 5, 3])
    with pytest.raises(TypeError, match=r"float 2\.5"):
        nn.MLP(4, 2.5)
    with pytest.raises(ValueError, match="at least one unit"):
        nn.MLP(4, 0, 3)


def test_an_unknown_activation_lists_the_known():
    with pytest.raises(ValueError, match=r"activation='rleu' is not known; known are relu, sigmoid, tanh"):
        nn.MLP(4, 5, 3, activation="rleu")
    with pytest.raises(ValueError, match="output_activation='x'"):
        nn.MLP(4, 3, output_activation="x")
    with pytest.raises(ValueError, match="norm must be None or one of batch, layer"):
        nn.MLP(4, 5, 3, norm="group")


def test_an_activation_that_makes_no_module_is_explained():
    with pytest.raises(
        TypeError, match="must make a module when called; calling it without arguments failed"
    ):
        nn.MLP(4, 5, 3, activation=torch.relu)
    with pytest.raises(TypeError, match="calling it gave a int"):
        nn.MLP(4, 5, 3, activation=lambda: 3)
    with pytest.raises(TypeError, match="a name, a module class"):
        nn.MLP(4, 5, 3, activation=3)


def test_it_learns_what_no_affine_map_can():
    torch.manual_seed(0)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([0, 1, 1, 0])
    net = nn.MLP(2, 8, 2, activation="tanh")
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(net(x), y).backward()
        optimizer.step()
    assert net(x).argmax(1).tolist() == [0, 1, 1, 0]

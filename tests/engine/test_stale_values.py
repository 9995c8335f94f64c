"""Values that were saved for backward and written since."""

import pytest

import minigrad as torch
from minigrad.engine.writes import writes


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def grad_of(x):
    return x.grad.tolist()


@pytest.mark.parametrize(
    "write",
    [
        lambda h: h.detach().add_(1),
        lambda h: h.detach()[0:1].zero_(),
        lambda h: h.detach().reshape(1, 2).mul_(2),
        lambda h: h.detach().numpy() is not None and h.detach().fill_(0),
    ],
)
def test_a_saved_value_written_through_an_alias_is_caught(write):
    x = leaf([1.0, 2.0])
    h = x.exp()
    y = (h * h).sum()
    write(h)
    with pytest.raises(RuntimeError, match=r"mul .*shape \(2,\)"):
        y.backward()


def test_a_saved_value_written_directly_is_caught():
    x = leaf([1.0, 2.0])
    h = x * 2
    y = h.sin()
    h.add_(1)
    with pytest.raises(RuntimeError, match="sin"):
        y.sum().backward()


def test_a_saved_leaf_written_under_no_grad_is_caught():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with torch.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()


def test_a_saved_index_written_in_place_is_caught():
    x, i = leaf([1.0, 2.0, 3.0]), torch.tensor([0, 0])
    y = x[i]
    i.add_(1)
    with pytest.raises(RuntimeError, match="getitem"):
        y.sum().backward()


@pytest.mark.parametrize("saved_where", ["one of a list", "alone"])
def test_a_saved_constant_written_in_place_is_caught(saved_where):
    x, c = leaf([1.0, 2.0]), torch.ones(2, dtype=torch.float64)
    y = torch.einsum("i,i->i", x, c) if saved_where == "one of a list" else x * c
    c.mul_(10)
    with pytest.raises(RuntimeError, match="inplace"):
        y.sum().backward()


def test_a_write_before_the_op_or_to_what_nobody_saved_is_no_fault():
    x = leaf([1.0, 2.0])
    c = torch.ones(2, dtype=torch.float64)
    c.mul_(3)
    h = x * c
    y = h + 1  # saves nothing
    h.detach().zero_()
    y.sum().backward()
    assert grad_of(x) == [3.0, 3.0]


def test_writing_data_is_the_way_past_the_check():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    x.data.mul_(10)
    x.data[0:1].mul_(10)
    y.backward()
    assert grad_of(x) == [200.0, 40.0]


def test_a_stale_value_that_is_not_needed_does_not_matter():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    h = x.exp()
    y = (h * 2 + w).sum()
    h.detach().zero_()  # exp saved it, but w does not lie behind exp
    assert torch.autograd.grad(y, w)[0].tolist() == [1.0, 1.0]


def test_stamps_are_forgotten_with_their_arrays():
    known = len(writes.stamps)
    written = [torch.zeros(3).add_(1).mul_(2) for _ in range(5)]
    assert len(writes.stamps) == known + 5
    del written
    assert len(writes.stamps) == known

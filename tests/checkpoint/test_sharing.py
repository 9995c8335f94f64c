"""Tensors that share memory share it again after loading."""

import json

import pytest

import minigrad as torch
from minigrad.checkpoint import CheckpointError, load, save
from minigrad.checkpoint.structure import pack, unpack


@pytest.fixture
def again(tmp_path, suffix):
    def there_and_back(value):
        save(value, tmp_path / f"a{suffix}")
        return load(tmp_path / f"a{suffix}")

    return there_and_back


def test_one_tensor_under_two_names(again):
    t = torch.ones(2)
    found = again({"a": t, "b": [t]})
    found["a"].fill_(9.0)
    assert found["b"][0].tolist() == [9.0, 9.0]


VIEWS = {
    "rows": lambda x: x[1:3],
    "columns": lambda x: x[:, ::2],
    "transposed": lambda x: x.T,
    "flat": lambda x: x.view(-1),
    "an element": lambda x: x[2, 1],
    "detached": lambda x: x.detach(),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("first", [True, False])
def test_views_of_a_saved_tensor(again, name, first):
    x = torch.arange(12.0).reshape(4, 3)
    view = VIEWS[name](x)
    pair = {"x": x, "view": view} if first else {"view": view, "x": x}
    found = again(pair)
    assert (found["x"].tolist(), found["view"].tolist()) == (x.tolist(), view.tolist())
    for tensors in (pair, found):
        tensors["view"].mul_(2).add_(100)
    assert found["x"].tolist() == x.tolist()
    found["x"].zero_()
    assert not found["view"].any()


def test_views_of_a_tensor_that_is_not_saved(again):
    x = torch.arange(12.0).reshape(4, 3)
    found = again([x[:3, 1:], x[1:].T])
    assert [t.tolist() for t in found] == [x[:3, 1:].tolist(), x[1:].T.tolist()]
    found[0].zero_()
    x[:3, 1:] = 0
    assert found[1].tolist() == x[1:].T.tolist()


def test_only_the_memory_that_is_shared_is_saved():
    x = torch.zeros(1000)
    _, arrays = pack([x[:5], x[3:8], x[900:905]])
    assert sorted(array.size for array in arrays.values()) == [5, 8]
    _, arrays = pack({"a": x, "b": x})
    assert list(arrays) == ["a"]
    _, arrays = pack([x[:5], x[5:10], torch.zeros(0), x[:0]])
    assert [array.size for array in arrays.values()] == [5, 5, 0, 0]


def test_a_tied_weight_stays_tied_and_trains_as_before(again):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    state = again(model.state_dict())
    assert list(state) == ["0.weight", "1.weight"]
    state["0.weight"].fill_(3.0)
    assert state["1.weight"].tolist() == [[3.0, 3.0], [3.0, 3.0]]


def test_what_requires_grad_and_what_is_expanded_comes_back_as_it_was(again):
    x = torch.ones(3, requires_grad=True)
    found = again({"x": x, "detached": x.detach(), "wide": x.detach().expand(2, 3)})
    assert (found["x"].requires_grad, found["detached"].requires_grad) == (True, False)
    assert found["wide"].tolist() == [[1.0] * 3] * 2


@pytest.mark.parametrize(
    "view",
    [
        [-1, [1], [1]], [0, [4], [1]], [2, [2], [1]], [0, [2], [5]], [0, [2], [-1]], [0, [10**9], [0]],
        [0, [-1], [1]], [0, [1]], [0, [1], []], "abc", [0.5, [1], [1]], [10**30, [1], [1]],
    ],
)  # fmt: skip
def test_a_view_that_reaches_beyond_its_tensor_is_refused(view):
    text, arrays = pack({"a": (x := torch.ones(3)), "b": x[:2]})
    top = json.loads(text)
    entry = next(part for _, part in top["tree"]["dict"] if "view" in part)
    entry["view"] = view
    with pytest.raises(CheckpointError) as told:
        unpack(json.dumps(top), arrays)
    if [10**9] in [*view]:  # before it looks at them
        assert "a view of 1000000000 elements in an array of 3" in str(told.value)

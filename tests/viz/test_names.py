import minigrad as torch
from minigrad.viz._names import Names


def test_variables_come_before_what_lists_hold_and_private_ones_not_at_all():
    items = [torch.ones(1), torch.ones(1)]
    second = items[1]
    _hidden = torch.ones(1)
    found = dict(Names(None, None).tensors)
    assert next(iter(found)) == "second" and found["items[0]"] is items[0]
    assert found["second"] is second and "_hidden" not in found


def test_of_a_model_and_its_parts_the_whole_counts():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    first = model[0]
    names = Names(None, None)
    assert [name for name, _ in names.parameters] == ["0.weight", "0.bias"]
    assert names.kinds["0"] == ("Linear", first.extra_repr())
    assert names.kinds[""] == ("Sequential", "")


def test_given_names_are_taken_as_they_are():
    x = torch.ones(1)
    names = Names([("a", x), ("b", 3)], {"w": x})
    assert names.tensors == [("a", x)] and names.parameters == [("w", x)]

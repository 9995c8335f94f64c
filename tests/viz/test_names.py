import minigrad as torch
from minigrad.viz._names import Line, Names, assigned, line_of


def test_a_recorded_line_is_taken_apart():
    assert line_of("C:\\me\\fit.py:3: x = 1") == Line("C:\\me\\fit.py", 3, "x = 1")
    assert line_of("<stdin>:1") == Line("<stdin>", 1, "")
    assert line_of("an unknown line") is None
    assert str(Line("/home/me/fit.py", 3, "")) == "fit.py:3"


def test_the_name_that_a_line_gives():
    assert assigned("y = f(x)") == "y"
    assert assigned("y: Tensor = f(x)") == "y"
    assert assigned("y += x") == "y"
    for other in ("y = z = f(x)", "a, b = f(x)", "self.y = f(x)", "f(", "if x:", "y = 1; z = 2", ""):
        assert assigned(other) == ""


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

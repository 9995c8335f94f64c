"""Names: parts by assignment, in order; lookups, suggestions, refusals, walking down."""

import pickle

import pytest

import minigrad as torch
from minigrad import nn


def test_parameters_come_in_definition_order_own_before_children(Net):
    assert [name for name, _ in Net().named_parameters()] == [
        "scale",
        "second.weight",
        "second.bias",
        "first.weight",
    ]


def test_a_shared_parameter_is_listed_once_and_saved_under_both_names():
    net = nn.Module()
    net.a = nn.Linear(2, 2, bias=False)
    net.b = nn.Linear(2, 2, bias=False)
    net.b.weight = net.a.weight
    assert [name for name, _ in net.named_parameters()] == ["a.weight"]
    assert [name for name, _ in net.named_parameters(remove_duplicate=False)] == ["a.weight", "b.weight"]
    assert list(net.state_dict()) == ["a.weight", "b.weight"]


def test_buffers_are_named_saved_and_not_parameters(Net):
    net = Net()
    net.register_buffer("scratch", torch.zeros(2), persistent=False)
    assert [name for name, _ in net.named_buffers()] == ["seen", "scratch"]
    assert "seen" in net.state_dict()
    assert "scratch" not in net.state_dict()
    assert "seen" not in dict(net.named_parameters())


def test_assigning_a_tensor_to_a_buffer_replaces_it(Net):
    net = Net()
    net.seen = torch.ones(1)
    assert dict(net.named_buffers())["seen"].item() == 1


def test_a_misspelt_attribute_raises_and_names_the_nearest(Net):
    with pytest.raises(
        AttributeError, match=r"'Net' object has no attribute 'secnd'. Did you mean: 'second'\?"
    ):
        Net().secnd
    with pytest.raises(AttributeError, match="'scale'"):
        Net().scael


def test_nobody_looks_for_a_near_name_until_the_message_is_read(Net, monkeypatch):
    looked = []
    monkeypatch.setattr("minigrad.nn.registry.nearest", lambda name, _: looked.append(name) or "second")
    net = Net()
    assert not hasattr(net, "secnd") and getattr(net, "secnd", 3) == 3 and not looked
    with pytest.raises(AttributeError) as caught:
        net.secnd
    assert not looked and caught.value.name == "secnd"
    assert "'second'" in str(caught.value) and looked == ["secnd"]
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is AttributeError and str(again) == str(caught.value)


def test_an_attribute_like_nothing_raises_without_a_suggestion(Net):
    with pytest.raises(AttributeError, match=r"attribute 'zzzzzz'$"):
        Net().zzzzzz


def test_forgetting_super_init_is_said():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Forgetful()

    class Bare(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Bare()(1)


@pytest.mark.parametrize("name", ["second", "scale", "seen"])
def test_a_registered_name_takes_only_its_own_kind(Net, name):
    with pytest.raises(TypeError, match=name):
        setattr(Net(), name, 3)


def test_a_parameter_is_not_replaced_by_a_plain_tensor(Net):
    with pytest.raises(TypeError, match=r"nn\.Parameter"):
        Net().scale = torch.ones(1)


def test_a_registered_name_can_be_set_to_none_and_back(Net):
    net = Net()
    net.second = None
    assert "second.weight" not in dict(net.named_parameters())
    net.second = nn.Linear(2, 2)
    assert "second.weight" in dict(net.named_parameters())


def test_a_name_moves_between_kinds_when_assigned_another(Net):
    net = Net()
    net.note = nn.Linear(1, 1)
    assert "note.weight" in dict(net.named_parameters())
    net.scale = nn.Linear(1, 1)
    assert "scale" not in dict(net.named_parameters())
    assert "scale.bias" in dict(net.named_parameters())


def test_names_that_would_hide_a_method_or_break_paths_are_refused(Net):
    net = Net()
    with pytest.raises(KeyError, match="forward"):
        net.forward = nn.Linear(1, 1)
    with pytest.raises(KeyError, match="dot"):
        net.add_module("a.b", nn.Linear(1, 1))
    with pytest.raises(KeyError, match="empty"):
        net.register_buffer("", torch.ones(1))


def test_the_output_of_an_op_cannot_be_registered(Net):
    with pytest.raises(TypeError, match=r"nn\.Parameter"):
        Net().register_parameter("w", torch.ones(1))


def test_deleting_removes_the_registration(Net):
    net = Net()
    del net.first
    assert not hasattr(net, "first")
    assert "first.weight" not in net.state_dict()
    with pytest.raises(AttributeError):
        del net.first


def test_dir_lists_parameters_buffers_and_modules(Net):
    assert {"first", "scale", "seen", "note"} <= set(dir(Net()))


def test_modules_and_children_are_walked_with_dotted_names(Net):
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU()))
    assert [name for name, _ in net.named_modules()] == ["", "0", "1", "1.0"]
    assert [name for name, _ in net.named_children()] == ["0", "1"]
    assert [type(m).__name__ for m in net.modules()] == ["Sequential", "Linear", "Sequential", "ReLU"]
    assert net.get_submodule("1.0") is net[1][0]
    assert net.get_submodule("") is net
    with pytest.raises(AttributeError, match="not a Module"):
        net.get_submodule("0.weight")
    assert net.get_parameter("0.weight") is net[0].weight
    with pytest.raises(AttributeError, match=r"no parameter '1\.0\.weight'"):
        net.get_parameter("1.0.weight")
    assert Net().get_buffer("seen").tolist() == [0.0]


def test_a_property_that_fails_inside_is_told_from_a_missing_attribute(Net):
    class Broken(Net):
        @property
        def size(self):
            return self.note.length

    with pytest.raises(AttributeError, match="its property raised an AttributeError"):
        Broken().size


@pytest.mark.parametrize(
    ("hide", "told"),
    [
        (lambda: [nn.Linear(1, 1)], "a list that holds a Module: .* Use a ModuleList"),
        (lambda: (nn.ReLU(), 3), "a tuple that holds a Module: .* Use a ModuleList"),
        (lambda: {"a": nn.Linear(1, 1)}, "a dict that holds a Module: .* Use a ModuleDict"),
        (lambda: [nn.Parameter(torch.ones(1))], "a list that holds a Parameter: .* Use attributes"),
    ],
)
def test_parts_in_a_plain_list_are_not_registered_and_a_warning_says_so(hide, told):
    module = nn.Module()
    with pytest.warns(UserWarning, match=told):
        module.layers = hide()
    assert not list(module.parameters())


def test_a_list_of_parts_that_are_registered_is_no_reason_to_warn():
    module = nn.Module()
    module.first = nn.Linear(1, 1)
    module.both = [module.first, module.first.weight]
    module.sizes = [1, 2]
    assert len(list(module.parameters())) == 2


def test_a_buffer_that_is_assigned_is_registered():
    module = torch.nn.Module()
    module.seen = torch.nn.Buffer(torch.tensor([1.0]))
    module.hidden = torch.nn.Buffer(torch.tensor([2.0]), persistent=False)
    assert [name for name, _ in module.named_buffers()] == ["seen", "hidden"]
    assert list(module.state_dict()) == ["seen"] and module.hidden.item() == 2
    assert not list(module.parameters()) and torch.nn.Buffer().shape == (0,)
    copied = pickle.loads(pickle.dumps(module))
    assert copied.seen.item() == 1 and type(copied.seen) is torch.Tensor
    module.seen = module.seen + 1
    assert module.state_dict()["seen"].item() == 2


def test_set_submodule_puts_a_module_at_a_path():
    net = torch.nn.Sequential(torch.nn.Sequential(torch.nn.ReLU()))
    new = torch.nn.Tanh()
    net.set_submodule("0.0", new)
    assert net[0][0] is new
    net.set_submodule("0.extra", torch.nn.ReLU())
    assert list(dict(net[0].named_children())) == ["0", "extra"]
    for path, module, strict, error in (
        ("", new, False, ValueError), ("0.0", 3, False, ValueError), ("1.0", new, False, AttributeError),
        ("0.5", new, True, AttributeError), ("0.training", new, False, AttributeError),
    ):  # fmt: skip
        with pytest.raises(error):
            net.set_submodule(path, module, strict)

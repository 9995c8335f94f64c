"""The files that a debugger enters: a reader who steps from `x * y` to the gradients meets four."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import minigrad
from minigrad._tensor import record
from minigrad.engine.silence import quiet
from minigrad.ops import REGISTRY

PACKAGE = Path(minigrad.__file__).parent

SHORT = ["_tensor/shortcuts.py", "ops/elementwise.py", "_tensor/backward.py", "engine/walk.py"]
# The complete way takes any array, and lets the node lay itself out.
COMPLETE = [
    "_tensor/record.py",
    "ops/arrays.py",
    "engine/node.py",
    "_tensor/backward.py",
    "engine/walk.py",
    "ops/elementwise.py",
]


@pytest.fixture(autouse=True)
def python_filters_warnings_as_at_import():
    """Pytest's filters stand before minigrad's: there, each forward is called through `silently`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minigrad\.")
        quiet.look()
        minigrad.ones((), requires_grad=True).backward()  # the first makes the 1 to start from
        yield
    quiet.look()


def rooms(run: Callable[[], Any]) -> list[str]:
    """The files of the package that a call enters, in the order of their first frames."""
    seen: dict[str, None] = {}

    def enter(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            seen.setdefault(path.relative_to(PACKAGE).as_posix())

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        run()
    finally:
        sys.settrace(before)
    return list(seen)


def step(multiply: Callable[[Any, Any], Any], shape: tuple[int, ...], again: bool) -> list[str]:
    """The rooms of a product of two leaves and of its backward, the first one or one that adds to it."""
    x = minigrad.full(shape, 2.0, requires_grad=True)
    y = minigrad.full(shape, 3.0, requires_grad=True)
    g = minigrad.ones(shape) if shape else None
    if again:
        multiply(x, y).backward(g)
    found = rooms(lambda: multiply(x, y).backward(g))
    assert (x.grad == 3.0 * (1 + again)).all()
    assert (y.grad == 2.0 * (1 + again)).all()
    return found


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_product_and_its_backward_enter_four_rooms(shape, again):
    found = step(lambda x, y: x * y, shape, again)
    assert set(found) <= set(SHORT), found


@pytest.mark.parametrize("shape", [(), (3,)])
def test_without_shortcuts_the_rooms_are_those_of_the_complete_record(shape):
    multiply = record.call_of(REGISTRY["mul"])
    assert set(step(multiply, shape, False)) == set(COMPLETE)

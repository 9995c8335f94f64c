"""Lesson 5: recording."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad import viz
from minigrad.ops import Interval, elementwise as table
from minigrad.testing import Drawer

from ..compare import MisfitError, array, close, several
from ..exercise import Case, Exercise, Miss, Property
from ..sights import before_and_after

_OPS = (table.add, table.mul, table.exp, table.sin, table.tanh, table.div)
_NUMBERS = Interval(0.5, 2.0)


def _draw(d: Drawer) -> Case:
    op = d.choice(_OPS)
    return {"op": op.name, "inputs": [d.values((d.integer(1, 2),) * 1, _NUMBERS) for _ in op.inputs]}


def _run(answer: Any, case: Case) -> tuple[Any, Any, Any, dict[str, Any]]:
    op, inputs = getattr(table, case["op"]), case["inputs"]
    length = max(map(len, inputs))
    inputs = [np.resize(x, length) for x in inputs]
    out, saved = several(answer.apply(op, *inputs), "apply", 2)
    if not isinstance(saved, dict):
        raise MisfitError("The second result of apply should be a dict: name -> array.")
    return op, out, saved, dict(zip(op.inputs, inputs, strict=True))


def _computes(answer: Any, case: Case) -> Miss | None:
    op, out, _, inputs = _run(answer, case)
    right = op.forward(*inputs.values())
    return None if close(array(out, "apply"), right) else Miss(out, right, says="the op gives")


def _saves(answer: Any, case: Case) -> Miss | None:
    op, out, saved, inputs = _run(answer, case)
    needed = {name for needs in op.needs.values() for name in needs}
    for name in needed & set(saved):
        if saved[name] is not (out if name == "out" else inputs[name]):
            return Miss(looks_like="copied", note=f"What you saved as {name} is not the array itself.")
    if set(saved) == needed:
        return None
    everything = {*inputs, "out"}
    key = "missing" if needed - set(saved) else "too much"
    if set(saved) == everything:
        key = "everything"
    elif set(saved) == set(inputs):
        key = "inputs only"
    elif not saved:
        key = "nothing"
    return Miss(_listed(saved), _listed(needed), key, "its rules name")


def _listed(names: Any) -> str:
    return ", ".join(sorted(map(str, names))) or "nothing"


def _sight(case: Case) -> str:
    op = getattr(table, case["op"])
    length = max(map(len, case["inputs"]))
    inputs = [np.resize(x, length) for x in case["inputs"]]
    leaves = {
        name: minigrad.tensor(x, dtype=minigrad.float64, requires_grad=True)
        for name, x in zip(op.inputs, inputs, strict=True)
    }
    with viz.watch():
        out = getattr(minigrad, case["op"])(*leaves.values())
    return before_and_after(out, leaves, [("backward", out)])


_HEAD = """def apply(op, *inputs):
    out = op.forward(*inputs)
    known = dict(zip(op.inputs, inputs), out=out)
"""

EXERCISE = Exercise(
    number=5,
    name="recording",
    aim="keep what the rules need, and no "
    "more",
    idea="While a program runs, each operation keeps what its rules will ask for on the way back. The "
    "rule of x * y "
    "asks for x and y. The rule of exp asks for its output. The rule of x + y asks for nothing, so an "
    "addition keeps "
    "nothing, however large its inputs are. Kept values are the memory that training needs.",
    one_sees="The cards of an operation: what it keeps, and when backward frees it.",
    functions=("apply",),
    starter='''
"""Lesson 5, recording: run an operation, and keep what its rules will need.

`op.forward(*inputs)` computes the output. `op.inputs` are the names of the inputs, as ('a', 'b').
`op.needs` says what the rule of each input asks for: for mul {'a': ('b',), 'b': ('a',)}, for exp
{'x': ('out',)}, where 'out' is the output, for add {'a': (), 'b': ()}.
Return the output and a dict of what is kept: name -> array, the arrays themselves.
"""


def apply(op, *inputs):
    out = op.forward(*inputs)
    known = dict(zip(op.inputs, inputs))
    known["out"] = out
    return out, known  # mend this: must all of it be kept?
''',
    solution=_HEAD + "    names = {name for needs in op.needs.values() for name in needs}\n"
    "    return out, "
    "{name: known[name] for name in names}\n",
    others=(
        "def apply(op, *arrays):\n    result = op.forward(*arrays)\n    kept = {}\n    for rule in "
        "op.needs:\n"
        "        for name in op.needs[rule]:\n            if name == 'out':\n                kept[name] "
        "= result\n"
        "            else:\n                kept[name] = arrays[list(op.inputs).index(name)]\n    "
        "return result, kept\n",
    ),
    wrong=(
        ("everything", _HEAD + "    return out, "
        "known\n"),
        ("inputs only", _HEAD + "    return out, dict(zip(op.inputs, inputs))\n"),
        ("nothing", _HEAD + "    return out, {}\n"),
        ("copied", _HEAD + "    return out, {n: known[n].copy() for ns in op.needs.values() for n in ns}\n"),
        ("missing", _HEAD + "    return out, {n: known[n] for n in op.needs[op.inputs[0]]}\n"),
        ("too much", _HEAD + "    names = "
        "{n for needs in op.needs.values() for n in needs}\n"
         "    return out, {n: known[n] for n in names | {'out'}}\n"),
    ),
    misconceptions={
        "everything": "Not everything is kept. Rules say what they need: add needs nothing, exp only "
        "its output.",
        "inputs only": "Inputs are not what every rule needs: exp and tanh ask for their output, add "
        "for nothing.",
        "nothing": "The way back would have nothing to compute with: the rule of x * y asks for x and y.",
        "copied": "Keep the array itself. A copy costs memory and time, and tells nothing new.",
        "missing": "Each input has a rule of its own, and all of them will ask. Look at every entry of "
        "op.needs.",
        "too much": "Some of this is asked for by no rule: it would hold memory for nothing.",
    },
    hints=(
        "Print op.needs for a few operations. Which names stand in it?",
        "Collect the names that any rule needs in a set; then look each up among the inputs and the output.",
        "names = {name for needs in op.needs.values() for name in needs}",
    ),
    properties=(
        Property("the output is what the operation computes", _draw, _computes),
        Property("what is kept is what the rules name", _draw, _saves, runs=40),
    ),
    sight=_sight,
)  # fmt: skip

"""A live graph, read into plain records: the one place where `viz` looks at nodes.

Of a `Node` it reads what the engine documents: `tick`, `op`, `edges`, `shape`, `dtype` and `watch`. Reading
neither warns nor changes anything.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad._tensor.record import history_of
from minigrad._tensor.tensor import Tensor
from minigrad.autograd._context import FunctionCtx
from minigrad.engine.node import Node
from minigrad.engine.writes import owner_of, writes
from minigrad.nn import Parameter
from minigrad.ops.op import Op
from minigrad.viz._names import Names
from minigrad.viz._naming import name_by_statements
from minigrad.viz._numbers import number, raw
from minigrad.viz._reach import newest, reachable, within
from minigrad.viz._source import Line, Span, line_of, made_at
from minigrad.viz._watch import Call

_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "matmul": "@"}
_LONG = "\N{HORIZONTAL ELLIPSIS}"  # in the place of what is too long to show


@dataclass(eq=False, slots=True)
class Operand:
    """An operand of an op: a tensor of the scene, a number, or something unknown."""

    name: str
    place: int
    source: Entry | None = None
    value: Any = None
    edge: Any = None  # of the graph, where a gradient flows back

    @property
    def text(self) -> str:
        if self.source is not None:
            return self.source.label
        if self.edge is not None:  # to what is left out of the scene
            return "\N{HORIZONTAL ELLIPSIS}"
        return "constant" if self.value is None else number(self.value)


@dataclass(eq=False, slots=True)
class Entry:
    """A tensor of the scene: a leaf, a constant, or what an op made.

    Attributes:
        kind: "leaf", "parameter", "constant", "op"; or "operand" of an op whose edges a backward has freed:
            nothing tells any more whether a gradient flowed to it.
        name: what the program calls it, or nothing.
        label: the name, or one made up.
        value: its storage or a copy of that; None where nothing kept it.
        grad: the storage of its `.grad`; None where there is none.
        saved: what its rules keep, by name; freed where a backward has let go of it.
        stale: the names of those that were written since.
        detached: what a constant shares its memory with: an entry, or the name of a variable.
        made: the statement that made a leaf, where it is found.
        calls: the modules inside which it was made, the outermost first.
    """

    kind: str
    node: Node | None
    shape: tuple[int, ...]
    dtype: Any
    name: str = ""
    label: str = ""
    value: Any = None
    grad: Any = None
    operands: list[Operand] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    saved: dict[str, Any] = field(default_factory=dict)
    stale: tuple[str, ...] = ()
    freed: bool = False
    retained: bool = False
    detached: Entry | str = ""
    line: Line | None = None
    made: Line | None = None
    span: Span | None = None  # which part of its file asked for it
    calls: tuple[Call, ...] = ()

    @property
    def op(self) -> Op | None:
        return self.node.op if self.node is not None else None

    @property
    def kept(self) -> list[str]:
        """The saved values of its rules, by the program's names: arrays, and numbers that were operands."""
        return self.called(self.saved)

    def called(self, names: Iterable[str]) -> list[str]:
        """The program's names of saved values: its operands by their names."""
        given = {operand.name: operand.text for operand in self.operands}
        listed = self.op.inputs[:1] if self.op is not None and self.op.variadic else ()
        found: list[str] = []
        own = 0
        for name in names:
            arrays = arrays_in(self.saved[name])
            if name == "out":
                found.append("its result")
            elif name in given and (arrays or isinstance(self.saved[name], (int, float))):
                found.append(given[name])
            elif name in listed and arrays:
                found += given.values()
            else:
                own += len(arrays)
        if own:
            found.append("an array of its own" if own == 1 else f"{own} arrays of its own")
        return list(dict.fromkeys(found))

    @property
    def call(self) -> str:
        """The call that made it, as a program would write it."""
        op = self.op
        if op is None:
            return ""
        parts = [operand.text for operand in self.operands]
        if len(parts) == 2 and op.name in _SYMBOLS:
            return f" {_SYMBOLS[op.name]} ".join(parts)
        if op.name == "neg" and len(parts) == 1:
            return f"-{parts[0]}"
        if op.name == "getitem" and parts:
            return f"{parts[0]}[{index_text(self.options.get('index', _LONG))}]"
        if op.variadic:
            parts = [f"[{', '.join(parts)}]"]
        for name, value in self.options.items():
            parts.append(f"{name}=[{index_text(value)}]" if name == "index" else f"{name}={value!r}")
        return f"{op.name}({', '.join(parts)})"


class Scene:
    """The ops behind a tensor, oldest first, as far as it was asked for.

    Attributes:
        entries: parents before their users; constants just before the first op that takes them.
        root: the tensor's own entry, the last.
        left_out: how many more nodes there are.
        kinds: class and options of each module that is known, by its path.
    """

    def __init__(
        self, tensor: Tensor, names: Names, *, depth: int | None = None, max_nodes: int | None = None
    ) -> None:
        root = history_of(tensor)
        assert root is not None
        nodes = reachable(root)
        kept = newest(within(root, nodes, depth), len(nodes) if max_nodes is None else max_nodes)
        self.left_out = len(nodes) - len(kept)
        self.kinds = names.kinds
        self.of: dict[Node, Entry] = {}
        self.entries: list[Entry] = []
        self._constants: dict[int, Entry] = {}
        for node in reversed(kept):
            self._add(node)
        self.root = self.of[root]
        self.root.value = raw(tensor)
        self._name(names)
        self._mark_detached(names)
        for entry in self.entries:
            if entry.op is None and entry.name and names.place[0] and not entry.detached:
                held = names.variables.get(entry.name, entry.name.partition("[")[0])
                entry.made = made_at(*names.place, held)

    def _add(self, node: Node) -> None:
        watch = node.watch
        entry = Entry("leaf" if node.op is None else "op", node, node.shape, node.dtype)
        self.of[node] = entry
        if watch is not None:
            entry.grad = raw(watch.grad)
            entry.retained = node.op is not None and watch.keep
            entry.line = line_of(watch.line)
            if watch.seen is not None:
                entry.value, entry.calls, entry.span = watch.seen.value, watch.seen.calls, watch.seen.span
        if node.op is not None:
            entry.freed = node.edges is None
            entry.saved = _saved(node.op, node.edges or ())
            if not entry.freed and not node.op.inputs:
                entry.saved |= _saved_by_function(node.edges or ())
            entry.stale = tuple(name for name, value in entry.saved.items() if _is_stale(value, node))
            entry.options = _options(node.op, entry.saved)
            if entry.value is None:
                entry.value = raw(entry.saved.get("out"))
            entry.operands = list(self._operands(entry, node, node.op))
        self.entries.append(entry)

    def _operands(self, entry: Entry, node: Node, op: Op) -> Iterator[Operand]:
        """The operands of the op, in order: from the edges, from what was saved, from what was seen."""
        seen = node.watch.seen.operands if node.watch is not None and node.watch.seen is not None else ()
        edges = node.edges or (None,) * len(seen)
        listed = entry.saved.get(op.inputs[0]) if op.variadic else None
        for i in range(max(len(edges), len(seen))):
            edge = edges[i] if i < len(edges) else None
            name = op.inputs[i] if i < len(op.inputs) and not op.variadic else str(i)
            saved = listed[i] if isinstance(listed, tuple) else entry.saved.get(name)
            storage, value = seen[i] if i < len(seen) else (saved, saved)
            if edge is not None:
                source = self.of.get(edge[0])
                if source is not None and source.value is None:
                    source.value = raw(value)
                yield Operand(name, i, source, raw(value), edge)
            elif isinstance(storage, np.ndarray):
                kind = "operand" if entry.freed and storage.dtype.kind == "f" else "constant"
                yield Operand(name, i, self._constant(kind, storage, value), value)
            elif not (name in op.optional and storage is None):  # an optional operand that was not given
                yield Operand(name, i, None, raw(storage))

    def _constant(self, kind: str, storage: Any, value: Any) -> Entry:
        known = self._constants.get(id(storage))
        if known is None:
            known = Entry(kind, None, storage.shape, storage.dtype, value=value)
            known.saved["storage"] = storage  # alive, so that its identity means something
            self._constants[id(storage)] = known
            self.entries.append(known)
        return known

    def _name(self, names: Names) -> None:
        """Give names to what has one, and labels to the rest."""
        taken: Counter[str] = Counter()
        linked: dict[Entry, bool] = {}  # operands of freed ops: is there a tensor that has a history?
        for pairs, kind in ((names.parameters, "parameter"), (names.tensors, "leaf")):
            for name, tensor in pairs:
                node = history_of(tensor)
                entry = self.of.get(node) if node is not None else None
                entry = entry or self._constants.get(id(tensor._array))
                if entry is None or (entry.kind == "constant" and node is not None):
                    continue
                if entry.kind == "operand":
                    linked[entry] = linked.get(entry, False) or node is not None
                if entry.kind == "leaf" and (kind == "parameter" or isinstance(tensor, Parameter)):
                    entry.kind = "parameter"
                if not entry.name and name not in taken:
                    entry.name = name
                    taken[name] += 1
                if entry.value is None:
                    entry.value = raw(tensor)
        for entry, has_history in linked.items():
            entry.kind = "operand" if has_history else "constant"
        name_by_statements(self.entries, taken)
        made: Counter[str] = Counter()
        for entry in self.entries:
            entry.label = entry.name
            while not entry.label:
                letter = {"op": "v", "constant": "c", "operand": "c"}.get(entry.kind, "leaf")
                made[letter] += 1
                entry.label = f"{letter}{made[letter]}" if f"{letter}{made[letter]}" not in taken else ""

    def _mark_detached(self, names: Names) -> None:
        """Tell which constants are the memory of something that is recorded."""
        owners: dict[int, Entry | str] = {}
        for name, tensor in names.tensors:
            node = history_of(tensor)
            if node is not None:
                owners.setdefault(id(owner_of(tensor._array)), self.of.get(node) or name)
        for entry in self.entries:
            for operand in entry.operands:
                if operand.edge is not None and operand.source is not None:
                    for storage in _storages(entry, operand):
                        owners.setdefault(id(owner_of(storage)), operand.source)
            if isinstance(entry.saved.get("out"), np.ndarray):
                owners.setdefault(id(owner_of(entry.saved["out"])), entry)
        for constant in self._constants.values():
            storage = constant.saved.pop("storage")
            constant.detached = owners.get(id(owner_of(storage)), "") if constant.kind == "constant" else ""


def names_of(entry: Entry) -> dict[str, str]:
    """The program's words for the names in the rules of an op: its operands, its result, its options."""
    op = entry.op
    assert op is not None
    options = {k: _option_text(v) for k, v in {**op.options, **entry.saved}.items() if k in op.options}
    given = {operand.name: operand.text for operand in entry.operands}
    return {**options, **given, "out": entry.label, "n": number(_folded(entry))}


def values_of(entry: Entry) -> dict[str, Any]:
    """The values of those names, as far as they are known."""
    op = entry.op
    assert op is not None
    given = {
        operand.name: operand.value if operand.source is None else operand.source.value
        for operand in entry.operands
    }
    return {**op.options, **given, **entry.saved, "out": entry.value, "n": _folded(entry)}


def known_of(entry: Entry) -> dict[str, Any]:
    """Options and shapes by their names in the rules: a form may depend on them."""
    given = {}
    for operand in entry.operands:
        source = operand.edge[0] if operand.edge is not None else operand.source
        given[f"{operand.name}_shape"] = np.shape(operand.value) if source is None else source.shape
    return {**entry.saved, **given, "out_shape": entry.shape}


def _folded(entry: Entry) -> int:
    """How many elements of the first operand make one of the result."""
    first = next(iter(known_of(entry).get(f"{o.name}_shape", ()) for o in entry.operands), ())
    return int(math.prod(first) // max(math.prod(entry.shape), 1))


def _option_text(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _saved(op: Op, edges: Iterable[Any]) -> dict[str, Any]:
    """The values that the edges keep, by the names in their rules: operands in their order, then the rest."""
    found: dict[str, Any] = {}
    for i, edge in enumerate(edges):
        ruled = op.inputs[:1] if op.variadic else op.inputs[i : i + 1]  # none for a user's own Function
        if edge is not None and ruled and ruled[0] in op.needs:
            kept = dict(zip(op.needs[ruled[0]], edge[2:], strict=False))
            if "others" in kept:  # each input keeps the others: together they may be all
                others, known = kept.pop("others"), found.get(ruled[0]) or ()
                kept[ruled[0]] = tuple(b if a is None else a for a, b in itertools.zip_longest(others, known))
            found.update(kept)
    order = {name: i for i, name in enumerate((*op.inputs, "out"))}
    return dict(sorted(found.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0])))


def _saved_by_function(edges: Iterable[Any]) -> dict[str, Any]:
    """The values that a user's Function saved: by the place of the operand that it is, or as its result."""
    run = next((getattr(edge[1], "func", None) for edge in edges if edge is not None and edge[0]), None)
    ctx = getattr(getattr(run, "__self__", None), "ctx", None)
    saved = ctx._saved if isinstance(ctx, FunctionCtx) else ()
    places = {id(edge[0]): str(i) for i, edge in enumerate(edges) if edge is not None and edge[0]}
    return {
        "out" if isinstance(place, int) else places.get(id(place), f"saved {k}"): array
        for k, (array, place) in enumerate(saved)
        if array is not None
    }


def _options(op: Op, saved: dict[str, Any]) -> dict[str, Any]:
    """The options that differ from their defaults, as far as a rule keeps them."""
    plain = (bool, int, float, str, tuple)
    return {
        k: saved[k]
        for k, default in op.options.items()
        if isinstance(saved.get(k), plain) and saved[k] != default and len(_text(k, saved[k])) < 40
    }


def _text(name: str, value: Any) -> str:
    return index_text(value) if name == "index" else repr(value)


def index_text(index: Any) -> str:
    """An index as it stands between brackets.

    >>> index_text((slice(1, None), None, 0, Ellipsis)), index_text((Ellipsis, slice(None, None, -1)))
    ('1:, None, 0', '..., ::-1')
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    if len(parts) > 1 and parts[-1] is Ellipsis:
        parts.pop()
    return ", ".join(map(_between_brackets, parts))


def _between_brackets(part: Any) -> str:
    if isinstance(part, slice):
        start, stop, step = ("" if end is None else str(end) for end in (part.start, part.stop, part.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
    if part is Ellipsis:
        return "..."
    if isinstance(part, np.ndarray):
        return str(part.tolist()) if part.size <= 8 else _LONG
    return str(part)


def arrays_in(value: Any) -> list[Any]:
    """The arrays that a saved value holds: one, several for a list of operands, or none."""
    return [v for v in (value if isinstance(value, (tuple, list)) else (value,)) if isinstance(v, np.ndarray)]


def _is_stale(value: Any, node: Node) -> bool:
    return any(writes.of(array) > node.tick for array in arrays_in(value))


def _storages(entry: Entry, operand: Operand) -> Iterator[Any]:
    assert entry.node is not None
    seen = entry.node.watch.seen if entry.node.watch is not None else None
    place = operand.place
    if seen is not None and place < len(seen.operands) and isinstance(seen.operands[place][0], np.ndarray):
        yield seen.operands[place][0]
    if isinstance(entry.saved.get(operand.name), np.ndarray):
        yield entry.saved[operand.name]

"""Trees of containers, flattened and rebuilt: the part of `torch.utils._pytree` that programs use.

Lists, tuples, named tuples, dicts, ordered and default dicts and deques are nodes; everything else, None too,
is a leaf. `register_pytree_node` adds classes.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from minigrad.pytorch_names import answers_for

from ._pytree_keys import GetAttrKey, MappingKey, SequenceKey, key_get, keystr  # noqa: F401 (public here)

__getattr__ = answers_for(__name__)

Leaf = Callable[[Any], bool]
Flattened = tuple[list[Any], Any]


class _Kind(NamedTuple):
    """How the nodes of a class are taken apart, into children and context, and put together."""

    flatten: Callable[[Any], Flattened]
    unflatten: Callable[[Iterable[Any], Any], Any]


def _values(node: Any) -> Flattened:
    return list(node.values()), list(node.keys())


_KINDS: dict[Any, _Kind] = {
    list: _Kind(lambda node: (node, None), lambda parts, _: list(parts)),
    tuple: _Kind(lambda node: (list(node), None), lambda parts, _: tuple(parts)),
    dict: _Kind(_values, lambda parts, keys: dict(zip(keys, parts, strict=True))),
    OrderedDict: _Kind(_values, lambda parts, keys: OrderedDict(zip(keys, parts, strict=True))),
    defaultdict: _Kind(
        lambda node: (list(node.values()), [node.default_factory, list(node)]),
        lambda parts, made: defaultdict(made[0], zip(made[1], parts, strict=True)),
    ),
    deque: _Kind(lambda node: (list(node), node.maxlen), lambda parts, size: deque(parts, maxlen=size)),
}
_NAMED = _Kind(lambda node: (list(node), type(node)), lambda parts, kind: kind(*parts))


_KEYS: dict[Any, Callable[[Any], Iterable[Any]]] = {  # the steps to the children of a node
    **dict.fromkeys((list, tuple, deque), lambda node: map(SequenceKey, range(len(node)))),
    **dict.fromkeys((dict, OrderedDict, defaultdict), lambda node: map(MappingKey, node)),
    NamedTuple: lambda node: map(GetAttrKey, node._fields),
}


def _kind_of(tree: Any) -> tuple[Any, _Kind | None]:
    kind = type(tree)
    if kind in _KINDS:
        return kind, _KINDS[kind]
    return (NamedTuple, _NAMED) if isinstance(tree, tuple) and hasattr(kind, "_fields") else (kind, None)


class TreeSpec:
    """The structure of a tree: the type and the context of a node, and the structures of its children.

    Attributes:
        type: the class of the node; None for a leaf.
        context: all that the node holds besides its children, such as the keys of a dict.
        num_leaves, num_nodes, num_children: how many there are.

    >>> from minigrad.utils._pytree import tree_structure
    >>> tree_structure([1, (2, 3)])
    TreeSpec(list, None, [*,
      TreeSpec(tuple, None, [*,
        *])])
    """

    def __init__(self, type: Any, context: Any, children: Iterable[TreeSpec] = ()) -> None:
        self.type, self.context = type, context
        self._children = list(children)
        self.num_leaves: int
        self.num_nodes: int
        self.num_children = len(self._children)
        self.num_leaves = 1 if type is None else sum(child.num_leaves for child in self._children)
        self.num_nodes = 1 + sum(child.num_nodes for child in self._children)

    def is_leaf(self) -> bool:
        """True if it stands for one leaf."""
        return self.type is None

    def children(self) -> list[TreeSpec]:
        """The structures of the children."""
        return list(self._children)

    def child(self, index: int) -> TreeSpec:
        """The structure of one child.

        Arguments:
            index: its place.
        """
        return self._children[index]

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The tree of this structure with such leaves; see `tree_unflatten`.

        Arguments:
            leaves: as many as the structure has.
        """
        return tree_unflatten(leaves, self)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """The parts of another tree that stand where this structure has leaves.

        Arguments:
            tree: a tree that begins as this one, and may go on where this one has a leaf.

        Raises:
            ValueError: where it has another node.
        """
        if self.type is None:
            return [tree]
        kind, how = _kind_of(tree)
        if how is None or kind is not self.type:
            raise ValueError(f"Node type mismatch; expected {self.type!r}, but got {type(tree)!r}.")
        parts, context = how.flatten(tree)
        if len(parts) != self.num_children:
            raise ValueError(f"Node arity mismatch; expected {self.num_children}, but got {len(parts)}.")
        if kind in (dict, OrderedDict, defaultdict):
            mine = self.context[1] if kind is defaultdict else self.context
            if set(mine) != set(tree):
                missing, extra = set(mine) - set(tree), set(tree) - set(mine)
                raise ValueError(
                    f"Node keys mismatch; missing key(s): {missing or '{}'}; extra key(s): {extra or '{}'}."
                )
            parts = [tree[key] for key in mine]
        elif context != self.context:
            raise ValueError(f"Node context mismatch; expected {self.context!r}, but got {context!r}.")
        return [
            leaf
            for child, part in zip(self._children, parts, strict=True)
            for leaf in child.flatten_up_to(part)
        ]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TreeSpec):
            return NotImplemented
        mine, its = ((spec.type, spec.context, spec._children) for spec in (self, other))
        return mine == its

    def __hash__(self) -> int:
        return hash((self.type, self.num_leaves, self.num_nodes))

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        name = "namedtuple" if self.type is NamedTuple else self.type.__name__
        pad = "\n" + " " * (indent + 2)
        parts = f",{pad}".join(child.__repr__(indent + 2) for child in self._children)
        return f"TreeSpec({name}, {self.context!r}, [{parts}])"


def LeafSpec() -> TreeSpec:
    """The structure of a leaf.

    >>> from minigrad.utils._pytree import LeafSpec, tree_structure
    >>> tree_structure(1) == LeafSpec()
    True
    """
    return TreeSpec(None, None)


def register_pytree_node(
    cls: type, flatten_fn: Any, unflatten_fn: Any, *, flatten_with_keys_fn: Any = None, **options: Any
) -> None:
    """Let objects of a class be nodes.

    Arguments:
        cls: the class.
        flatten_fn: takes an object; returns its children and a context.
        unflatten_fn: takes children and the context; returns an object.
        flatten_with_keys_fn: takes an object; returns (key, child) for each child, and the context: for the
            functions that tell paths.
        options: accepted, such as `serialized_type_name`.

    Raises:
        ValueError: for a class that is known.

    >>> from minigrad.utils._pytree import register_pytree_node, tree_leaves
    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda parts, _: Pair(*parts))
    >>> tree_leaves([Pair(1, 2), 3])
    [1, 2, 3]
    """
    if cls in _KINDS:
        raise ValueError(f"{cls!r} is already registered as a pytree node")
    _KINDS[cls] = _Kind(flatten_fn, unflatten_fn)
    if flatten_with_keys_fn is not None:
        _KEYS[cls] = lambda node: [key for key, _ in flatten_with_keys_fn(node)[0]]


def tree_flatten(tree: Any, is_leaf: Leaf | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of a tree in order, and its structure.

    Arguments:
        tree: any nesting of containers.
        is_leaf: says of a node that it is to be taken for a leaf.

    >>> from minigrad.utils._pytree import tree_flatten, tree_unflatten
    >>> leaves, spec = tree_flatten({"a": 1, "b": (2, 3)})
    >>> leaves
    [1, 2, 3]
    >>> tree_unflatten([10, 20, 30], spec)
    {'a': 10, 'b': (20, 30)}
    """
    leaves: list[Any] = []

    def structure(tree: Any) -> TreeSpec:
        kind, how = _kind_of(tree)
        if how is None or (is_leaf is not None and is_leaf(tree)):
            leaves.append(tree)
            return LeafSpec()
        parts, context = how.flatten(tree)
        return TreeSpec(kind, context, map(structure, parts))

    return leaves, structure(tree)


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The tree of a structure with such leaves.

    Arguments:
        leaves: as many as the structure has.
        treespec: a structure, of `tree_flatten`.

    Raises:
        TypeError: for something else than a structure.
        ValueError: for too few or too many leaves.
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(
            f"tree_unflatten(leaves, treespec): expected a TreeSpec, not {type(treespec).__name__}"
        )
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(
            f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree "
            f"that holds {treespec.num_leaves} items ({treespec})."
        )
    waiting = iter(leaves)

    def built(spec: TreeSpec) -> Any:
        if spec.type is None:
            return next(waiting)
        how = _NAMED if spec.type is NamedTuple else _KINDS[spec.type]
        return how.unflatten([built(child) for child in spec._children], spec.context)

    return built(treespec)


def tree_iter(tree: Any, is_leaf: Leaf | None = None) -> Iterator[Any]:
    """The leaves of a tree, one after the other; arguments as of `tree_flatten`."""
    return iter(tree_flatten(tree, is_leaf)[0])


def tree_leaves(tree: Any, is_leaf: Leaf | None = None) -> list[Any]:
    """The leaves of a tree; arguments as of `tree_flatten`.

    >>> from minigrad.utils._pytree import tree_leaves
    >>> tree_leaves({"a": [1, None], "b": 2})
    [1, None, 2]
    """
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: Leaf | None = None) -> TreeSpec:
    """The structure of a tree; arguments as of `tree_flatten`."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Leaf | None = None) -> Any:
    """The tree of a function's results at the leaves.

    Arguments:
        func: takes a leaf, and the parts of `rests` that stand in its place.
        tree: any nesting of containers.
        rests: trees that begin as the first one.
        is_leaf: says of a node that it is to be taken for a leaf.

    Raises:
        ValueError: where one of the other trees has another node.

    >>> from minigrad.utils._pytree import tree_map
    >>> tree_map(lambda a, b: a + b, {"x": 1, "y": [2]}, {"x": 10, "y": [20]})
    {'x': 11, 'y': [22]}
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, leaves, *(spec.flatten_up_to(other) for other in rests)))


def tree_map_(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Leaf | None = None) -> Any:
    """Call a function at each leaf, and return the tree itself; arguments as of `tree_map`."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def _only(wanted: Any, func: Callable[[Any], Any], other: Callable[[Any], Any]) -> Callable[[Any], Any]:
    fits = (
        wanted if callable(wanted) and not isinstance(wanted, type) else lambda leaf: isinstance(leaf, wanted)
    )
    return lambda leaf: func(leaf) if fits(leaf) else other(leaf)


def tree_map_only(
    type_or_types: Any, func: Callable[[Any], Any], tree: Any, is_leaf: Leaf | None = None
) -> Any:
    """`tree_map` at the leaves of some types; the others stay.

    Arguments:
        type_or_types: a type, a tuple of types, or a function that says which leaves.
        func: takes a leaf.
        tree: any nesting of containers.
        is_leaf: says of a node that it is to be taken for a leaf.

    >>> from minigrad.utils._pytree import tree_map_only
    >>> tree_map_only(int, lambda n: n + 1, [1, "a"])
    [2, 'a']
    """
    return tree_map(_only(type_or_types, func, lambda leaf: leaf), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: Leaf | None = None) -> bool:
    """True if `pred` holds for every leaf; other arguments as of `tree_flatten`."""
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: Leaf | None = None) -> bool:
    """True if `pred` holds for a leaf; other arguments as of `tree_flatten`."""
    return any(map(pred, tree_leaves(tree, is_leaf)))


def tree_all_only(
    type_or_types: Any, pred: Callable[[Any], bool], tree: Any, is_leaf: Leaf | None = None
) -> bool:
    """True if `pred` holds for every leaf of some types; arguments as of `tree_map_only`."""
    return tree_all(_only(type_or_types, pred, lambda _: True), tree, is_leaf)


def tree_any_only(
    type_or_types: Any, pred: Callable[[Any], bool], tree: Any, is_leaf: Leaf | None = None
) -> bool:
    """True if `pred` holds for a leaf of some types; arguments as of `tree_map_only`."""
    return tree_any(_only(type_or_types, pred, lambda _: False), tree, is_leaf)


def tree_is_leaf(tree: Any, is_leaf: Leaf | None = None) -> bool:
    """True if it is a leaf and no node; arguments as of `tree_flatten`."""
    return _kind_of(tree)[1] is None or (is_leaf is not None and is_leaf(tree))


def tree_flatten_with_path(
    tree: Any, is_leaf: Leaf | None = None
) -> tuple[list[tuple[tuple[Any, ...], Any]], TreeSpec]:
    """The leaves of a tree in order, each with the path to it, and its structure.

    Arguments:
        tree: any nesting of containers.
        is_leaf: says of a node that it is to be taken for a leaf.

    Raises:
        ValueError: for a class that was registered without `flatten_with_keys_fn`.

    >>> from minigrad.utils._pytree import keystr, tree_flatten_with_path
    >>> found, spec = tree_flatten_with_path({"a": [1, 2], "b": 3})
    >>> [(keystr(path), leaf) for path, leaf in found]
    [("['a'][0]", 1), ("['a'][1]", 2), ("['b']", 3)]
    """
    found: list[tuple[tuple[Any, ...], Any]] = []

    def descend(tree: Any, path: tuple[Any, ...]) -> None:
        kind, how = _kind_of(tree)
        if how is None or (is_leaf is not None and is_leaf(tree)):
            found.append((path, tree))
            return
        if kind not in _KEYS:
            raise ValueError(
                f"Did not find a flatten_with_keys_fn for type: {kind}. Please pass a flatten_with_keys_fn "
                "argument to register_pytree_node."
            )
        for key, part in zip(_KEYS[kind](tree), how.flatten(tree)[0], strict=True):
            descend(part, (*path, key))

    descend(tree, ())
    return found, tree_structure(tree, is_leaf)


def tree_leaves_with_path(tree: Any, is_leaf: Leaf | None = None) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves of a tree, each with the path to it; arguments as of `tree_flatten_with_path`.

    >>> from minigrad.utils._pytree import tree_leaves_with_path
    >>> tree_leaves_with_path([5])
    [((SequenceKey(idx=0),), 5)]
    """
    return tree_flatten_with_path(tree, is_leaf)[0]


def tree_map_with_path(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Leaf | None = None) -> Any:
    """The tree of a function's results at the leaves; the function is given the path first.

    Arguments:
        func: takes a path, a leaf, and the parts of `rests` that stand in its place.
        tree, rests, is_leaf: as of `tree_map`.

    >>> from minigrad.utils._pytree import keystr, tree_map_with_path
    >>> tree_map_with_path(lambda path, leaf: keystr(path) + str(leaf), [1, (2,)])
    ['[0]1', ('[1][0]2',)]
    """
    found, spec = tree_flatten_with_path(tree, is_leaf)
    others = (spec.flatten_up_to(other) for other in rests)
    return spec.unflatten(map(func, [path for path, _ in found], [leaf for _, leaf in found], *others))

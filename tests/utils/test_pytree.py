"""Trees of containers: flattened, mapped and rebuilt as `torch.utils._pytree` does."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest

import minigrad
from minigrad.utils import _pytree as tree

Point = namedtuple("Point", "a b")
TREES = [
    {
        "b": [1, (2, None)],
        "a": Point(3, {"z": 4}),
        "o": OrderedDict(q=5),
        "d": defaultdict(list, k=[6]),
        "dq": deque([7], 3),
    },
    [],
    (),
    {},
    5,
    [[1], (2, [3])],
]


@pytest.mark.parametrize("case", TREES)
def test_a_tree_is_rebuilt_from_its_leaves(case):
    leaves, spec = tree.tree_flatten(case)
    again = tree.tree_unflatten(leaves, spec)
    assert again == case and type(again) is type(case)
    assert leaves == tree.tree_leaves(case) == [*tree.tree_iter(case)] and len(leaves) == spec.num_leaves
    assert spec == tree.tree_structure(again) and hash(spec) == hash(tree.tree_structure(again))
    assert tree.tree_map(lambda leaf: leaf, case) == case


def test_nodes_keep_their_kind():
    made = tree.tree_map(lambda leaf: (leaf or 0) * 2, TREES[0])
    assert made["a"] == Point(6, {"z": 8}) and made["dq"].maxlen == 3 and made["d"].default_factory is list
    assert made["b"] == [2, (4, 0)]


def test_a_structure_is_written_as_in_pytorch():
    assert repr(tree.tree_structure({"b": [1, (2, None)], "a": ()})) == (  # PyTorch 2.13's
        "TreeSpec(dict, ['b', 'a'], [TreeSpec(list, None, [*,\n    TreeSpec(tuple, None, [*,\n      *])]),\n"
        "  TreeSpec(tuple, None, [])])"
    )


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([1, (2, 3)], [10, (20,)], "arity mismatch; expected 2, but got 1"),
        ([1, 2], (10, 20), "type mismatch; expected <class 'list'>, but got <class 'tuple'>"),
        ({"a": 1}, {"b": 1}, r"missing key\(s\): \{'a'\}; extra key\(s\): \{'b'\}"),
        (deque([1], 2), deque([1], 3), "context mismatch; expected 2, but got 3"),
    ],
)
def test_trees_that_differ_are_not_mapped_together(first, second, words):
    with pytest.raises(ValueError, match=words):
        tree.tree_map(lambda a, b: a + b, first, second)
    with pytest.raises(ValueError, match="length 7 but the spec refers to a pytree that holds"):
        tree.tree_unflatten([0] * 7, tree.tree_structure(first))
    with pytest.raises(TypeError, match="expected a TreeSpec, not list"):
        tree.tree_unflatten(first, [])


def test_keys_go_together_whatever_their_order():
    assert tree.tree_map(lambda a, b: a - b, {"x": 5, "y": 7}, {"y": 1, "x": 2}) == {"x": 3, "y": 6}


def test_the_rest_of_the_second_tree_comes_as_it_is():
    assert tree.tree_map(lambda a, b: (a, b), [1, 2], [[3], {"z": 4}]) == [(1, [3]), (2, {"z": 4})]


def test_types_and_predicates_choose_leaves():
    assert tree.tree_map_only(int, lambda n: n + 1, [1, "a", (2,)]) == [2, "a", (3,)]
    assert tree.tree_map_only((int, str), lambda v: v * 2, [1, "a", 1.5]) == [2, "aa", 1.5]
    assert tree.tree_all(lambda v: v > 0, [1, 2]) and not tree.tree_all(lambda v: v > 1, [1, 2])
    assert tree.tree_any(lambda v: v > 1, [1, 2]) and tree.tree_all_only(int, lambda v: v > 0, [1, "a"])
    assert not tree.tree_any_only(str, lambda v: v == "b", [1, "a"])
    assert tree.tree_map(lambda v: v, [1, [2]], is_leaf=lambda v: v == [2]) == [1, [2]]
    assert tree.tree_is_leaf(1) and tree.tree_is_leaf(None) and not tree.tree_is_leaf([])
    seen = []
    tree.tree_map_(seen.append, [1, (2,)])
    assert seen == [1, 2]


def test_a_class_becomes_a_node():
    class Pair:
        def __init__(self, a, b):
            self.a, self.b = a, b

    tree.register_pytree_node(Pair, lambda p: ([p.a, p.b], "pair"), lambda parts, _: Pair(*parts))
    assert tree.tree_leaves([Pair(1, [2]), 3]) == [1, 2, 3]
    assert tree.tree_map(lambda v: v + 1, Pair(1, [2])).b == [3]
    with pytest.raises(ValueError, match="already registered"):
        tree.register_pytree_node(Pair, None, None)
    del tree._KINDS[Pair]


def test_gradients_flow_through_a_tree():
    w = {"a": minigrad.ones(2, requires_grad=True), "b": [minigrad.full((2,), 3.0, requires_grad=True)]}
    squares = tree.tree_map(lambda t: (t * t).sum(), w)
    sum(tree.tree_leaves(squares)).backward()
    np.testing.assert_allclose(w["b"][0].grad.numpy(), [6, 6])
    grads = tree.tree_map(lambda t: t.grad, w)
    assert tree.tree_structure(grads) == tree.tree_structure(w)


@pytest.mark.parity
@pytest.mark.parametrize("case", TREES)
def test_pytorch_says_the_same(case):
    theirs = pytest.importorskip("torch").utils._pytree
    (a, s), (b, t) = tree.tree_flatten(case), theirs.tree_flatten(case)
    assert a == b and repr(s) == repr(t)
    assert (s.num_leaves, s.num_nodes, s.num_children) == (t.num_leaves, t.num_nodes, t.num_children)


def test_paths_lead_to_the_leaves():
    Pair = namedtuple("Pair", "a b")
    nest = {"x": [1, (2,)], "n": Pair(3, None), "o": OrderedDict(k=5), "d": deque([6])}
    found, spec = tree.tree_flatten_with_path(nest)
    paths = [tree.keystr(path) for path, _ in found]
    assert paths == ["['x'][0]", "['x'][1][0]", "['n'].a", "['n'].b", "['o']['k']", "['d'][0]"]
    assert all(tree.key_get(nest, path) is leaf for path, leaf in found)
    assert spec == tree.tree_structure(nest)
    assert tree.tree_leaves_with_path(7) == [((), 7)]
    both = tree.tree_map_with_path(lambda path, *leaves: (tree.keystr(path), *leaves), [1, [2]], [3, [4]])
    assert both == [("[0]", 1, 3), [("[1][0]", 2, 4)]]


def test_a_class_without_keys_has_no_paths():
    class Box:
        def __init__(self, part):
            self.part = part

    class Named(Box):
        pass

    tree.register_pytree_node(Box, lambda box: ([box.part], None), lambda parts, _: Box(*parts))
    tree.register_pytree_node(
        Named, lambda box: ([box.part], None), lambda parts, _: Named(*parts),
        flatten_with_keys_fn=lambda box: ([(tree.GetAttrKey("part"), box.part)], None),
    )  # fmt: skip
    with pytest.raises(ValueError, match="flatten_with_keys_fn"):
        tree.tree_flatten_with_path([Box(1)])
    assert tree.keystr(tree.tree_leaves_with_path([Named(1)])[0][0]) == "[0].part"

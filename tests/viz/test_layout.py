from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from minigrad.viz._layout import GAP, _nearest_rising, layered


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 14))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda pair: pair[0] < pair[1]
    )
    return count, draw(st.lists(pairs, max_size=25)) if count > 1 else []


@given(graphs())
def test_nothing_overlaps_and_every_edge_points_ahead(graph):
    count, edges = graph
    layout = layered(count, edges)
    assert len(layout.nodes) == count and len(layout.edges) == len(edges)
    rows = defaultdict(list)
    for layer, at in layout.nodes:
        rows[layer].append(at)
        assert 0 <= layer < layout.size[0] and -1e-6 <= at <= layout.size[1] - 1 + 1e-6
    for row in rows.values():
        row.sort()
        assert all(b - a >= 1 - 2e-3 for a, b in pairwise(row))
    for (tail, head), way in zip(edges, layout.edges, strict=True):
        layers = [layout.nodes[tail][0], *(layer for layer, _ in way), layout.nodes[head][0]]
        assert layers == list(range(layers[0], layers[-1] + 1))


@given(graphs())
def test_an_edge_passes_beside_the_nodes_on_its_way(graph):
    count, edges = graph
    layout = layered(count, edges)
    for way in layout.edges:
        for layer, at in way:
            others = [a for other, a in layout.nodes if other == layer]
            assert all(abs(at - other) >= GAP for other in others)


def test_a_chain_is_straight():
    layout = layered(4, [(0, 1), (1, 2), (2, 3)])
    assert layout.nodes == [(0, 0.0), (1, 0.0), (2, 0.0), (3, 0.0)]
    assert layout.size == (4, 1.0)


def test_a_leaf_stands_just_before_the_first_that_takes_it():
    layout = layered(5, [(0, 2), (2, 3), (1, 4), (3, 4)])
    assert layout.nodes[1][0] == 2


def test_edges_that_need_not_cross_do_not():
    layout = layered(5, [(0, 3), (1, 2), (2, 4), (3, 4)])  # in the given order 0 and 1 would cross
    place = [at for _, at in layout.nodes]
    assert (place[0] < place[1]) == (place[3] < place[2])


def test_operands_stand_in_the_order_of_their_places():
    layout = layered(4, [(2, 3), (1, 3), (0, 3)])
    place = [at for _, at in layout.nodes]
    assert place[2] < place[1] < place[0]


def test_a_single_node_and_several_without_edges():
    assert layered(1, []).size == (1, 1.0)
    assert len({at for _, at in layered(3, []).nodes}) == 3


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=8))
def test_the_nearest_rising_numbers_rise_and_are_best_among_shifts(wanted):
    found = _nearest_rising(wanted, [0.0] * len(wanted))
    assert all(b >= a - 1e-9 for a, b in pairwise(found))
    if wanted == sorted(wanted):
        assert found == pytest.approx(wanted)
    assert sum(found) == pytest.approx(sum(wanted), abs=1e-6)

"""The layers in which the player draws a graph, computed by the page's own script in a browser."""

import random
from collections import defaultdict
from importlib.resources import files
from itertools import pairwise
from types import SimpleNamespace

import pytest

GAP = 0.45  # as in the script
SCRIPT = files("minigrad.viz") / "page" / "layout.js"


@pytest.fixture(scope="module")
def layered(browser, tmp_path_factory):
    """The page's function, of a list of graphs or of one graph."""
    page = tmp_path_factory.mktemp("layout") / "page.html"
    page.write_text(f"<!doctype html><script>{SCRIPT.read_text(encoding='utf-8')}</script>", encoding="utf-8")

    def run(*graphs):
        browser.get(page.as_uri())
        found = browser.execute_script(
            "return arguments[0].map(([count, edges]) => layered(count, edges))", graphs
        )
        layouts = [SimpleNamespace(**layout) for layout in found]
        return layouts if len(layouts) > 1 else layouts[0]

    return run


def some_graphs():
    draw = random.Random(0)
    for _ in range(300):
        count = draw.randint(2, 14)
        edges = [sorted(draw.sample(range(count), 2)) for _ in range(draw.randint(0, 25))]
        yield count, edges


def test_nothing_overlaps_every_edge_points_ahead_and_passes_beside_the_nodes_on_its_way(layered):
    graphs = list(some_graphs())
    for (count, edges), layout in zip(graphs, layered(*graphs), strict=True):
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
            assert all(abs(at - other) >= GAP for layer, at in way for other in rows[layer])


def test_a_chain_is_straight(layered):
    layout = layered((4, [(0, 1), (1, 2), (2, 3)]))
    assert layout.nodes == [[0, 0], [1, 0], [2, 0], [3, 0]]
    assert layout.size == [4, 1]


def test_a_diamond_is_one(layered):
    assert layered((4, [(0, 1), (0, 2), (1, 3), (2, 3)])).nodes == [[0, 0.5], [1, 0], [1, 1], [2, 0.5]]


def test_a_leaf_stands_just_before_the_first_that_takes_it(layered):
    layout = layered((5, [(0, 2), (2, 3), (1, 4), (3, 4)]))
    assert layout.nodes[1][0] == 2


def test_edges_that_need_not_cross_do_not(layered):
    layout = layered((5, [(0, 3), (1, 2), (2, 4), (3, 4)]))  # in the given order 0 and 1 would cross
    place = [at for _, at in layout.nodes]
    assert (place[0] < place[1]) == (place[3] < place[2])


def test_operands_stand_in_the_order_of_their_places(layered):
    place = [at for _, at in layered((4, [(2, 3), (1, 3), (0, 3)])).nodes]
    assert place[2] < place[1] < place[0]


def test_long_edges_of_one_node_share_a_lane(layered):
    layout = layered((6, [(1, 2), (2, 3), (3, 4), (4, 5), *((0, head) for head in range(2, 6))]))
    lanes = [
        way for (tail, _), way in zip([(1, 0)] * 4 + [(0, 0)] * 4, layout.edges, strict=True) if tail == 0
    ]
    assert lanes == [lanes[-1][: len(lane)] for lane in lanes] and len(lanes[-1]) == 3


def test_a_single_node_and_several_without_edges(layered):
    assert layered((1, [])).size == [1, 1]
    assert len({at for _, at in layered((3, [])).nodes}) == 3


def test_the_nearest_rising_numbers_rise_and_keep_their_mean(browser, layered):
    layered((1, []))
    draw = random.Random(1)
    wanted = [[draw.uniform(-10, 10) for _ in range(draw.randint(1, 8))] for _ in range(100)]
    for given, found in zip(
        wanted, browser.execute_script("return arguments[0].map(nearestRising)", wanted), strict=True
    ):
        assert all(b >= a - 1e-9 for a, b in pairwise(found))
        assert sum(found) == pytest.approx(sum(given))
        assert found == pytest.approx(given) or given != sorted(given)

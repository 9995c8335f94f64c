"""A picture of a graph in layers: who stands in which, in what order, and where.

Layers as in Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures"
(1981): every node one layer behind the latest of its sources, long edges led through each layer between,
crossings made few by sorting each layer by its neighbours' middle.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

Edge = tuple[int, int]
# The neighbours on one side: who, and by how much the edge leaves from or ends beside the middle.
Near = dict[int, list[tuple[int, float]]]
SWEEPS = 12
GAP = 0.45  # between an edge that passes through and its neighbours; between two nodes it is 1


class Layout(NamedTuple):
    """Places in units of one node: (layer, place in the layer).

    Attributes:
        nodes: the place of each node.
        edges: for each edge the places through which it is led on its way, ends not included.
        size: the number of layers, and how many units the widest takes.
    """

    nodes: list[tuple[int, float]]
    edges: list[list[tuple[int, float]]]
    size: tuple[int, float]


def layered(count: int, edges: Sequence[Edge]) -> Layout:
    """Lay out the nodes 0 to count - 1; each edge leads from a node to a later one.

    The edges into a node end beside each other, in the order in which they are given.

    >>> layered(4, [(0, 1), (0, 2), (1, 3), (2, 3)]).nodes
    [(0, 0.5), (1, 0.0), (1, 1.0), (2, 0.5)]
    """
    layer = _layers(count, edges)
    rows: list[list[int]] = [[] for _ in range(max(layer, default=0) + 1)]
    for node in range(count):
        rows[layer[node]].append(node)
    before: Near = {node: [] for node in range(count)}
    after: Near = {node: [] for node in range(count)}
    trails: list[list[int]] = []
    fresh = count
    many = Counter(head for _, head in edges)
    come: Counter[int] = Counter()
    for tail, head in edges:
        come[head] += 1
        end = come[head] / (many[head] + 1) - 0.5
        trail = []
        last = tail
        for depth in range(layer[tail] + 1, layer[head]):
            rows[depth].append(fresh)
            before[fresh], after[fresh] = [], []
            trail.append(fresh)
            _join(last, fresh, 0.0, before, after)
            last = fresh
            fresh += 1
        _join(last, head, end, before, after)
        trails.append(trail)
    rows = _untangled(rows, before, after)
    place = _places(rows, before, after, count)
    depth_of = {node: depth for depth, row in enumerate(rows) for node in row}
    where = {node: (depth_of[node], round(place[node], 3)) for node in place}
    width = max((p for n, p in place.items() if n < count), default=0.0) + 1
    return Layout(
        [where[node] for node in range(count)],
        [[where[node] for node in trail] for trail in trails],
        (len(rows), round(width, 3)),
    )


def _join(tail: int, head: int, end: float, before: Near, after: Near) -> None:
    before[head].append((tail, -end))
    after[tail].append((head, end))


def _layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """One behind the latest source; a node without sources just before the first that takes it."""
    layer = [0] * count
    for tail, head in sorted(edges, key=lambda edge: edge[1]):
        layer[head] = max(layer[head], layer[tail] + 1)
    heads = {head for _, head in edges}
    for node in range(count):
        if node not in heads:
            layer[node] = min((layer[head] - 1 for tail, head in edges if tail == node), default=0)
    return layer


def _untangled(rows: list[list[int]], before: Near, after: Near) -> list[list[int]]:
    """The best of several sweeps back and forth, each sorting a layer by the middle of its neighbours."""
    best, fewest = rows, _crossings(rows, after)
    for sweep in range(SWEEPS):
        rows = [list(row) for row in rows]
        neighbours = before if sweep % 2 == 0 else after
        for depth in range(len(rows)) if sweep % 2 == 0 else reversed(range(len(rows))):
            place = {node: i for row in rows for i, node in enumerate(row)}

            def middle(node: int, place: dict[int, int] = place, near: Near = neighbours) -> float:
                return _middle(near[node], place, place[node])

            rows[depth].sort(key=middle)
        if (crossed := _crossings(rows, after)) < fewest:
            best, fewest = rows, crossed
    return best


def _middle(near: list[tuple[int, float]], place: Mapping[int, float], default: float) -> float:
    return sum(place[n] + end for n, end in near) / len(near) if near else default


def _crossings(rows: list[list[int]], after: Near) -> int:
    total = 0
    for row, following in pairwise(rows):
        place = {node: i for i, node in enumerate(following)}
        ends = [at for node in row for at in sorted(place[head] + end for head, end in after[node])]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def _places(rows: list[list[int]], before: Near, after: Near, count: int) -> dict[int, float]:
    """Places that keep the order and the distances, as near as can be to the middle of the neighbours."""
    place = {node: float(i) for row in rows for i, node in enumerate(row)}
    for sweep in range(2 * SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_middle(before[node] + after[node], place, place[node]) for node in row]
            offset, offsets = 0.0, []
            for left, right in zip(row, [*row[1:], -1], strict=True):
                offsets.append(offset)
                offset += 1.0 if max(left, right) < count else GAP if min(left, right) >= count else 0.75
            for node, near, far in zip(row, _nearest_rising(wanted, offsets), offsets, strict=True):
                place[node] = near + far
    low = min((place[node] for node in place if node < count), default=0.0)
    return {node: value - low for node, value in place.items()}


def _nearest_rising(wanted: list[float], offsets: list[float]) -> list[float]:
    """The non-decreasing numbers nearest to wanted - offsets in the least squares sense.

    Neighbours in the wrong order are pooled in their mean until none is left.
    """
    pools: list[tuple[float, int]] = []
    for value, offset in zip(wanted, offsets, strict=True):
        mean, size = value - offset, 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean, size = (mean * size + other * many) / (size + many), size + many
        pools.append((mean, size))
    return [mean for mean, size in pools for _ in range(size)]

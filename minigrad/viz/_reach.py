"""Which nodes lie behind a tensor, and which of them a picture has room for."""

from __future__ import annotations

from operator import attrgetter

from minigrad.engine.node import Node


def reachable(root: Node) -> list[Node]:
    """Every node behind `root` and itself, newest first."""
    found = [root]
    seen = {root}
    for node in found:  # grows while it is walked
        for edge in node.edges or ():
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                found.append(edge[0])
    found.sort(key=attrgetter("tick"), reverse=True)
    return found


def within(root: Node, nodes: list[Node], depth: int | None) -> list[Node]:
    """The nodes at most `depth` steps behind the root."""
    if depth is None:
        return nodes
    near = {root}
    front = near
    for _ in range(depth):
        front = {edge[0] for node in front for edge in node.edges or () if edge is not None} - near
        near |= front
    return [node for node in nodes if node in near]


def newest(nodes: list[Node], limit: int) -> list[Node]:
    """The newest ops, each with its leaves (a weight may be older than all that was computed with it)."""
    if len(nodes) <= limit:
        return nodes
    among = set(nodes)
    kept: dict[Node, None] = {}
    for node in nodes:
        leaves = (edge[0] for edge in node.edges or () if edge is not None and edge[0].op is None)
        fresh = [n for n in dict.fromkeys((node, *leaves)) if n not in kept and n in among]
        if kept and len(kept) + len(fresh) > limit:
            break
        kept |= dict.fromkeys(fresh[:limit])
    return sorted(kept, key=attrgetter("tick"), reverse=True)

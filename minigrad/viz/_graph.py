"""`graph`: a picture of the recorded graph, the one that `backward` walks."""

from collections.abc import Iterable, Mapping
from html import escape
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from minigrad._engine import Node
from minigrad._tensor import Tensor

if TYPE_CHECKING:
    import graphviz

Named = Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]

FONT = "Helvetica,Arial,sans-serif"
QUIET = "#7a828c"  # shapes, operand names, arrows: there when looked for
# What a node is decides its fill and its border.
LEAF = ("#fff4d6", "#d79b00")
PARAMETER = ("#e3f1e5", "#4f9d5d")
RECORDED = ("#f4f6f8", "#9aa5b1")
OUTPUT = ("#dce9f8", "#2b6cb0")
FREED = ("#ffffff", "#b8bec6")


def graph(
    tensor: Tensor,
    names: Named | None = None,
    params: Named | None = None,
    max_nodes: int = 500,
) -> "graphviz.Digraph":
    """Draw how a tensor was computed: leaves, recorded ops, and which operand each value became.

    Each op and each leaf is drawn once, with shape and dtype; an op also with what it saves for the way
    back, or that a backward has freed it (what lay behind is then gone). Where an op has several
    operands, each has its place, so `x * x` shows two arrows. A constant is not recorded, so its
    operand has no arrow. In an SVG the pointer shows the derivative. Nothing is changed by looking.

    `names` (a dict or pairs) gives tensors of the graph a name, and `params` does the same for
    parameters: `params=model.named_parameters()`. Names of what is not in the graph are passed over.
    Beyond `max_nodes` the newest are drawn, and one node says how many more there are.

    The picture is a `graphviz.Digraph`: a notebook shows it, `render("name", format="svg")` writes it
    (both run the program `dot`), and `source` is its text.

    Raises:
        RuntimeError: where nothing was recorded.
        ImportError: where the Python package graphviz is missing.
        graphviz.ExecutableNotFound: from `render`, where the program `dot` is missing.

    >>> import minigrad as torch
    >>> from minigrad.viz import graph
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> picture = graph((x * x).sum(), names={"x": x})
    >>> picture.source.count("->")
    3
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"graph: draws the graph behind a tensor, not a {type(tensor).__name__}")
    if max_nodes < 1:
        raise ValueError(f"graph: max_nodes is {max_nodes}; it must be at least 1")
    root = tensor._node
    if root is None:
        raise RuntimeError(
            "graph: nothing is recorded behind this tensor: no input required grad, "
            "or it was detached or built under no_grad()."
        )
    parameters = {node: name for name, node in _named_nodes(params)}
    called = parameters | {node: name for name, node in _named_nodes(names)}
    nodes = _reachable(root)
    kept = _newest(nodes, max_nodes)
    number = {node: f"n{i}" for i, node in enumerate(kept)}

    picture = _digraph_class()(
        graph_attr={"rankdir": "LR", "bgcolor": "white", "nodesep": "0.22", "ranksep": "0.4", "pad": "0.15"},
        node_attr={"shape": "plain", "fontname": FONT, "fontsize": "12", "fontcolor": "#1f2933"},
        edge_attr={"color": QUIET, "arrowsize": "0.6", "penwidth": "1.1"},
    )
    for node in reversed(kept):
        if node.op is None:
            colours = PARAMETER if node in parameters else LEAF
            kind = "parameter" if node in parameters else "leaf"
        else:
            colours = OUTPUT if node is root else FREED if node.edges is None else RECORDED
            kind = node.op.name
        label = _label(node, kind, called.get(node), colours)
        picture.node(number[node], label, tooltip=_tooltip(node))
    left = len(nodes) - len(kept)
    if left:
        picture.node(
            "more", f"and {left:,} more", shape="box", style="dashed,rounded", color=QUIET, fontcolor=QUIET
        )
    for node in reversed(kept):
        several = len(node.edges or ()) > 1
        for i, edge in enumerate(node.edges or ()):
            if edge is None:
                continue
            head = f"{number[node]}:i{i}:w" if several else number[node]
            if edge[0] in number:
                picture.edge(number[edge[0]], head)
            else:
                picture.edge("more", head, style="dashed")
    return picture


def _named_nodes(named: Named | None) -> Iterable[tuple[str, Node]]:
    for name, tensor in named.items() if isinstance(named, Mapping) else named or ():
        if tensor._node is not None:
            yield name, tensor._node


def _reachable(root: Node) -> list[Node]:
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


def _newest(nodes: list[Node], limit: int) -> list[Node]:
    """The newest ops, each with its leaves (a weight may be older than all that was computed with it)."""
    if len(nodes) <= limit:
        return nodes
    kept: dict[Node, None] = {}
    for node in nodes:
        family = [node] + [e[0] for e in node.edges or () if e is not None and e[0].op is None]
        fresh = dict.fromkeys(n for n in family if n not in kept)
        if kept and len(kept) + len(fresh) > limit:
            break
        kept |= dict.fromkeys(list(fresh)[:limit])
    return list(kept)


def _label(node: Node, kind: str, name: str | None, colours: tuple[str, str]) -> str:
    """An HTML-like label: a rounded box, on its left a place for each operand where there are several."""
    fill, border = colours
    title = f"<B>{_text(name)}</B> = {_text(kind)}" if name and node.op else f"<B>{_text(name or kind)}</B>"
    lines = [title, _small(f"{node.shape} {node.dtype}")]
    if node.op is not None and node.edges is None:
        lines.append(_small("freed by backward"))
    elif node.op is not None and (saved := _saved(node)):
        lines.append(_small(f"saves {', '.join(saved)}"))
    elif node.op is None and name is not None:
        lines[1] = _small(f"{kind} {node.shape} {node.dtype}")
    operands = _operands(node)
    body = f'<TD ROWSPAN="{max(len(operands), 1)}" CELLPADDING="5">{"<BR/>".join(lines)}</TD>'
    places = [
        f'<TD PORT="i{i}" CELLPADDING="3" ALIGN="LEFT">{_small(operand)}</TD>' for i, operand in operands
    ]
    rows = "".join(f"<TR>{place}{body if not r else ''}</TR>" for r, place in enumerate(places or [""]))
    return (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" STYLE="ROUNDED" BGCOLOR="{fill}" '
        f'COLOR="{border}">{rows}</TABLE>>'
    )


def _operands(node: Node) -> list[tuple[int, str]]:
    """Position and name of each operand, where there are several; of a list only the recorded ones."""
    if node.op is None or node.edges is None or len(node.edges) < 2:
        return []
    named = 0 if node.op.variadic else len(node.op.inputs)
    operands = ((i, node.op.inputs[i] if i < named else str(i)) for i in range(len(node.edges)))
    return [(i, name) for i, name in operands if i < named or node.edges[i] is not None]


def _saved(node: Node) -> list[str]:
    """The names of the arrays that the op keeps for its rules: operands in their order, then the rest."""
    op, names = node.op, set()
    assert op is not None
    for i, edge in enumerate(node.edges or ()):
        ruled = op.inputs[:1] if op.variadic else op.inputs[i : i + 1]  # none for a user's own Function
        if edge is not None and ruled:
            pairs = zip(op.needs[ruled[0]], edge[2], strict=False)
            names |= {name for name, value in pairs if _holds_array(value)}
    return sorted(
        names, key=lambda name: (op.inputs.index(name) if name in op.inputs else len(op.inputs), name)
    )


def _holds_array(value: Any) -> bool:
    return any(hasattr(v, "nbytes") for v in (value if isinstance(value, tuple | list) else (value,)))


def _tooltip(node: Node) -> str:
    return node.op.formula.replace("\\", "\\\\") if node.op is not None else "leaf: its gradient is in .grad"


def _small(text: str) -> str:
    return f'<FONT POINT-SIZE="9" COLOR="{QUIET}">{_text(text)}</FONT>'


def _text(text: str) -> str:
    """Fit for an HTML-like label, whatever a user named a tensor."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))


def _digraph_class() -> type["graphviz.Digraph"]:
    try:
        import graphviz
    except ImportError as error:
        raise ImportError(
            'graph draws with the Python package graphviz: pip install "minigrad[viz]"'
        ) from error

    class Digraph(graphviz.Digraph):  # type: ignore[misc]
        """A graphviz.Digraph that says which system package holds the program it needs."""

        def render(self, *args: Any, **kwargs: Any) -> str:
            try:
                return super().render(*args, **kwargs)
            except graphviz.ExecutableNotFound as error:
                raise _with_advice(error) from None

        def pipe(self, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().pipe(*args, **kwargs)
            except graphviz.ExecutableNotFound as error:
                raise _with_advice(error) from None

    return Digraph


def _with_advice(error: Exception) -> Exception:
    error.args = (
        "graph: drawing needs the program dot, of the system package graphviz: "
        "apt install graphviz, or brew install graphviz. Without it, .source holds the picture's text.",
    )
    return error

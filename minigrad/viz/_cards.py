"""The boxes of a graph's picture: HTML-like labels for `dot`, in colours that every eye tells apart."""

from __future__ import annotations

import math
from html import escape
from typing import Any, NamedTuple

import numpy as np

from minigrad.viz._boxes import Box, size_of
from minigrad.viz._numbers import array, strip
from minigrad.viz._scene import Entry

FONT = "Helvetica,Arial,sans-serif"
SMALL = 6  # elements that are written out


class Theme(NamedTuple):
    """Colours: of the ground, of text and of lines; and (fill, border) of each kind of box."""

    name: str
    ground: str
    text: str
    quiet: str
    gradient: str
    box: str
    faint: str
    leaf: tuple[str, str]
    parameter: tuple[str, str]
    constant: tuple[str, str]
    op: tuple[str, str]
    output: tuple[str, str]
    freed: tuple[str, str]
    module: tuple[str, str]


LIGHT = Theme(
    "light", ground="#ffffff", text="#1f2933", quiet="#5a646d", gradient="#ad4700", box="#c5ccd4",
    faint="#e4e7eb",
    leaf=("#fff6dc", "#c98f00"), parameter=("#e4f3ea", "#2e8b62"), constant=("#ffffff", "#a9b1ba"),
    op=("#f5f7f9", "#98a3af"), output=("#dcebfa", "#1f6cb4"), freed=("#ffffff", "#b8bec6"),
    module=("#ece8f6", "#6353a0"),
)  # fmt: skip
DARK = Theme(
    "dark", ground="#14181d", text="#e8ecf0", quiet="#9aa6b2", gradient="#ffa657", box="#4a545f",
    faint="#343a42",
    leaf=("#3a3016", "#d9a521"), parameter=("#16352a", "#4fb98a"), constant=("#14181d", "#6b7682"),
    op=("#222a33", "#6d7a88"), output=("#14304c", "#5aa7ea"), freed=("#14181d", "#4d5761"),
    module=("#2a2542", "#9c8ee0"),
)  # fmt: skip
# The kinds of boxes, in the order of the legend.
KINDS = {
    "leaf": "leaf", "parameter": "parameter", "constant": "constant: no gradient", "op": "operation",
    "module": "module", "freed": "operation freed by backward", "operand": "operand of a freed operation",
    "output": "output",
}  # fmt: skip
THEMES = {"light": LIGHT, "dark": DARK}


def card(entry: Entry, theme: Theme, *, root: bool, ports: str) -> str:
    """The label of one entry; its operands have places on the side that `ports` names (left, right)."""
    kind = entry.op.name if entry.op is not None else entry.kind
    title = _bold(entry.label) + (f" = {_text(kind)}" if entry.op else "")
    about = f"{tuple(entry.shape)} {entry.dtype.name}"
    rows = [title, _small(about if entry.op else f"{kind} {about}", theme.quiet)]
    if entry.detached:
        whom = entry.detached if isinstance(entry.detached, str) else entry.detached.label
        rows.append(_small(f"detached from {whom}", theme.quiet))
    rows += _values(entry.value, theme, "", theme.text)
    rows += _gradient(entry, theme)
    if entry.freed:
        rows.append(_small("freed by backward", theme.quiet))
    elif entry.kept:
        rows.append(_small(f"keeps {', '.join(entry.kept)}", theme.quiet))
    if entry.stale:
        rows.append(_small(f"{', '.join(entry.called(entry.stale))} written since!", theme.gradient))
    if entry.kind == "operand":
        rows.append(_small("its edge is freed", theme.quiet))
    fill = (
        "output" if root and entry.op else "freed" if entry.freed or entry.kind == "operand" else entry.kind
    )
    places = [(f"i{operand.place}", operand.text) for operand in entry.operands]
    return _table(rows, places if len(places) > 1 else [], getattr(theme, fill), theme, ports)


# The other signs of a picture, in the order of the legend: a sample and its meaning.
SIGNS = {
    "dashed": ("\N{BOX DRAWINGS LIGHT DOUBLE DASH HORIZONTAL}" * 2, "no gradient flows"),
    "dotted": ("\N{MIDDLE DOT}" * 4, "detached: shares its memory"),
    "gradient": ("grad", "gradient"),
    "bars": ("", "elements above and below 0, darker for more"),
}


def legend(kinds: list[str], theme: Theme) -> str:
    """A row of the signs of a picture, each with its meaning."""
    cells = []
    for kind in kinds:
        if kind in SIGNS:
            sample, meaning = SIGNS[kind]
            ink = theme.gradient if kind == "gradient" else theme.quiet
            shown = _small(sample, ink) if sample else _bars([0.3, 1.0, -0.4, -1.0], theme.text, theme)
            cells.append(f'<TD>{shown}</TD><TD ALIGN="LEFT">{_small(meaning, theme.quiet)}</TD>')
            continue
        fill, border = getattr(theme, "freed" if kind == "operand" else kind)
        cells.append(
            f'<TD FIXEDSIZE="TRUE" WIDTH="14" HEIGHT="10" BORDER="1" BGCOLOR="{fill}" COLOR="{border}"></TD>'
            f'<TD ALIGN="LEFT">{_small(KINDS[kind], theme.quiet)}</TD>'
        )
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4"><TR>{"".join(cells)}</TR></TABLE>>'


def module_card(box: Box, members: list[Entry], theme: Theme) -> str:
    """The label of a module that is folded into one node."""
    ops = [entry for entry in members if entry.op is not None]
    rows = [_bold(box.kind or box.path) + (f" {_text(box.path)}" if box.kind and box.path else "")]
    if box.options:
        rows.append(_small(box.options, theme.quiet))
    rows.append(_small(size_of(members), theme.quiet))
    if ops:
        rows.append(_small(f"{ops[-1].shape} {ops[-1].dtype}", theme.quiet))
        rows += _values(ops[-1].value, theme, "", theme.text)
    parameters = [entry for entry in members if entry.kind == "parameter"]
    grads = [np.ravel(entry.grad) for entry in parameters if entry.grad is not None]
    if grads:
        rows += _values(np.concatenate(grads), theme, "grad ", theme.gradient)
    if len(grads) < len(parameters):
        some = f"{len(parameters) - len(grads)} of {len(parameters)} have " * bool(grads)
        rows.append(_small(f"{some}no gradient yet", theme.quiet))
    return _table(rows, [], theme.module, theme, "left")


def _gradient(entry: Entry, theme: Theme) -> list[str]:
    if entry.grad is not None:
        return _values(entry.grad, theme, "retained grad " if entry.retained else "grad ", theme.gradient)
    if entry.kind in ("leaf", "parameter") or entry.retained:
        return [_small(f"{'keeps its gradient: ' * entry.retained}no gradient yet", theme.quiet)]
    return []


def _values(value: Any, theme: Theme, caption: str, ink: str) -> list[str]:
    """The elements of a small array; the strip and the range of a large one; nothing where unknown."""
    if value is None or not np.size(value):
        return []
    if np.size(value) <= SMALL:
        rows = value if np.ndim(value) == 2 and len(value) > 1 else [value]
        captions = [caption] + [""] * (len(rows) - 1)
        return [_small(f"{c}{array(row)}", ink, 10) for c, row in zip(captions, rows, strict=True)]
    bars = strip(value)
    text = _small(f"{caption}{array(value, SMALL)}", ink, 10)
    return [_bars(bars, ink, theme), text] if bars else [text]


def _bars(parts: list[float], ink: str, theme: Theme) -> str:
    """Numbers as two rows of cells: darker for more, the upper row above 0, the lower below."""
    rows = [
        "".join(
            f'<TD FIXEDSIZE="TRUE" WIDTH="7" HEIGHT="6" BGCOLOR="{shade(sign * part, ink, theme)}"></TD>'
            for part in parts
        )
        for sign in (1, -1)
    ]
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" '
        f'WIDTH="{7 * len(parts)}" HEIGHT="12"><TR>{rows[0]}</TR><TR>{rows[1]}</TR></TABLE>'
    )


def shade(part: float, ink: str, theme: Theme) -> str:
    """The ink for 1, a faint ground for 0 and for what lies on the other side of 0."""
    start, end = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (theme.faint, ink))
    share = math.sqrt(min(max(part, 0.0), 1.0))
    return "#" + "".join(f"{round(p + (e - p) * share):02x}" for p, e in zip(start, end, strict=True))


def _table(
    rows: list[str], places: list[tuple[str, str]], colours: tuple[str, str], theme: Theme, ports: str
) -> str:
    """A rounded box: the rows, and beside them a place for each operand where there are several."""
    fill, border = colours
    inner = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    body = (
        f'<TD ROWSPAN="{max(len(places), 1)}" CELLPADDING="3"><TABLE BORDER="0" CELLBORDER="0" '
        f'CELLSPACING="0" CELLPADDING="1">{inner}</TABLE></TD>'
    )
    cells = [
        f'<TD PORT="{port}" CELLPADDING="3" ALIGN="LEFT">{_small(text, theme.quiet)}</TD>'
        for port, text in places
    ] or [""]
    lines = [
        f"<TR>{cell}{body if not i else ''}</TR>"
        if ports == "left"
        else f"<TR>{body if not i else ''}{cell}</TR>"
        for i, cell in enumerate(cells)
    ]
    return (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" STYLE="ROUNDED" '
        f'BGCOLOR="{fill}" COLOR="{border}">{"".join(lines)}</TABLE>>'
    )


def _bold(text: str) -> str:
    return f"<B>{_text(text)}</B>"


def _small(text: str, ink: str, size: int = 9) -> str:
    return f'<FONT POINT-SIZE="{size}" COLOR="{ink}">{_text(text)}</FONT>'


def _text(text: str) -> str:
    """Fit for an HTML-like label, whatever a user named a tensor."""
    return escape(plain(text))


def plain(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)

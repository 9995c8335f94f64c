"""The pictures of `show`, as text, for the lessons whose picture is no recorded graph."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import minigrad
from minigrad import viz
from minigrad.engine.writes import writes

_BLOCKS = "▁▂▃▄▅▆▇█"


def secants(f: Callable[[float], float], x: float, slope: float) -> str:
    """The slope between two points as the step shrinks, and its error as a bar on a scale of powers of ten.

    >>> print(secants(lambda x: x * x, 3.0, 6.0).splitlines()[1])
      1e-0   7                       1e+00   ################
    """
    lines = ["  step   slope of the secant     error"]
    for power in range(0, 17, 2):
        step = 10.0**-power
        found = (f(x + step) - f(x)) / step
        error = abs(found - slope)
        bar = "#" * max(0, round(16 + math.log10(error))) if error else ""
        lines.append(f"  1e-{power:<3} {found:<22.12g}  {error:<7.0e} {bar}".rstrip())
    lines.append(
        f"  the tangent has slope {slope:.12g}: the error falls with the step, then rounding makes it rise"
    )
    return "\n".join(lines)


def curve(values: Sequence[float]) -> str:
    """Numbers as a line of blocks, the lowest for the least of them.

    >>> curve([0.0, 1.0, 7.0])
    '▁▂█'
    """
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BLOCKS[round((v - low) / span * (len(_BLOCKS) - 1))] for v in values)


def cards(tensor: Any, names: dict[str, Any]) -> str:
    """Each recorded operation behind a tensor on a card: what it keeps, or that backward has freed it."""
    told = str(viz.explain(tensor, names=names)).split("FORWARD")[1].split("\n\n")[0].splitlines()[1:]
    made = [
        line.strip() for line in told if " = " in line and "; " in line and not line.lstrip().startswith("#")
    ]
    drawn = [_card(line.split("   ")[0], line.rpartition("; ")[2]) for line in made]
    return "\n".join(
        "  " + " ─> ".join(row) if i == 1 else "  " + "    ".join(row)
        for i, row in enumerate(zip(*drawn, strict=True))
    )


def _card(title: str, text: str) -> list[str]:
    width = max(len(title), len(text))
    edge = "─" * (width + 2)
    return [f"┌{edge}┐", f"│ {title:<{width}} │", f"│ {text:<{width}} │", f"└{edge}┘"]


def before_and_after(result: Any, names: dict[str, Any], walks: Iterable[tuple[str, Any]]) -> str:
    """The cards behind a result, then again after each backward: pairs of its words and its tensor."""
    parts = ["  recorded", cards(result, names)]
    for words, tensor in walks:
        tensor.backward(minigrad.ones_like(tensor))
        parts += [f"  after {words}", cards(result, names)]
    return "\n".join(parts)


def grads(start: float, lr: float) -> str:
    """Three steps down x^3, with .grad cleared after each and without.

    >>> print(grads(1.0, 0.1).splitlines()[2])
      1      0.7        3            0.7        3
    """
    lines = [
        "         cleared               not cleared",
        "  step   x          .grad        x          .grad",
    ]
    x = {clear: minigrad.tensor(start, dtype=minigrad.float64, requires_grad=True) for clear in (True, False)}
    for step in (1, 2, 3):
        row = f"  {step:<6}"
        for clear, p in x.items():
            (p**3).backward()
            assert p.grad is not None
            slope = p.grad.item()
            p.data -= lr * p.grad
            row += f" {p.item():<10.4g} {slope:<12.4g}"
            if clear:
                p.grad = None
        lines.append(row.rstrip())
    return "\n".join(lines)


def stamps(program: str, scope: dict[str, Any]) -> str:
    """A program statement by statement, with the tensors whose memory it has written."""
    lines = ["  statement                        stamps that move"]
    for statement in program.split("; "):
        before = _stamps(scope)
        try:
            exec(statement, scope)
        except RuntimeError as error:
            said = textwrap.shorten(str(error), 78, placeholder=" ...")
            lines.append(f"  {statement:<32} error: {said}")
            break
        after = _stamps(scope)
        moved = [name for name, stamp in after.items() if stamp != before.get(name, stamp)]
        lines.append(f"  {statement:<32} {', '.join(moved) or '-'}")
    told = (
        "  A write moves the stamp of the memory, and so of all tensors that share it. An operation\n"
        "  notes when it was recorded; its rule refuses what was written later."
    )
    return "\n".join([*lines, told])


def _stamps(scope: dict[str, Any]) -> dict[str, int]:
    return {name: writes.of(t._array) for name, t in scope.items() if isinstance(t, minigrad.Tensor)}

"""The numbers of several engines side by side, and the message where one of them differs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .report import GradientError, Place
from .reproduction import described

Array = Any
Numbers = dict[str, Any]  # arrays, or None for no gradient, by what a message calls them

EAGER, FIRST, PROGRAM = "eager", "first engine", "program"
CLOSE = {2: 1e-2, 4: 1e-4, 8: 1e-9}  # by the bytes of the narrowest floats


def require_same(sides: dict[str, Numbers], when: str, place: Place, found: Any, rtol: float | None) -> None:
    """Raise for the first number of eager mode's that another engine has differently."""
    eager = sides[EAGER]
    floats = [x.dtype.itemsize for x in eager.values() if x is not None and x.dtype.kind == "f"]
    close = CLOSE.get(min(floats, default=8), 1e-9) if rtol is None else rtol
    largest = max((_largest(x) for x in eager.values() if x is not None), default=0.0)
    for other in (PROGRAM, FIRST):
        for name, wanted in eager.items():
            if name not in sides[other] and other == FIRST:
                continue
            got = sides[other].get(name)
            gap, index = _gap(wanted, got, other == PROGRAM)
            allowed = close * (_largest(wanted) + 1e-3 * largest)
            if gap > allowed:
                raise _error(sides, name, other, when, index, allowed, place, found)
            if allowed:
                found.gap = max(found.gap, gap * close / allowed)


def _gap(a: Any, b: Any, strict: bool) -> tuple[float, Any]:
    """The largest difference of two arrays, and its index; inf where they are not even alike."""
    if a is None or b is None:
        zero = a is b or (not strict and not np.any(a if b is None else b))
        return (0.0 if zero else np.inf), None
    if a.shape != b.shape or (strict and a.dtype != b.dtype):
        return np.inf, None
    if not a.size:
        return 0.0, None
    with np.errstate(all="ignore"):
        same = (a == b) | ((a != a) & (b != b))
        wide = np.float64 if a.dtype.kind != "c" else np.complex128
        gaps = np.where(same, 0.0, np.abs(a.astype(wide) - b.astype(wide)))
    gaps = np.nan_to_num(gaps, nan=np.inf)
    worst = int(np.argmax(gaps))
    return float(gaps.flat[worst]), tuple(int(i) for i in np.unravel_index(worst, gaps.shape))


def _error(
    sides: dict[str, Numbers], name: str, other: str, when: str, index: Any, allowed: float, place: Place,
    found: Any,
) -> GradientError:  # fmt: skip
    """The message: who disagrees, where, by how much, and with whom the third engine holds."""
    known = {who: numbers[name] for who, numbers in sides.items() if name in numbers}
    wrong, why = _outvoted(known, other, allowed)
    shape = known[EAGER].shape if known[EAGER] is not None else ()
    at = f", at index {list(index)}" if index else ""
    lines = [f"the {other} and eager mode differ in the {name}, of shape {tuple(shape)}{at}, {when}", ""]
    lines += [f"    {who:<14}{_shown(x, index)}" for who, x in known.items()]
    if index is not None:
        a, b = known[EAGER], known[other]
        gap = _gap(a, b, False)[0]
        lines.append(f"    {'apart by':<14}{gap:.3g}  (allowed {allowed:.1e})")
        n = int((~np.isclose(a, b, rtol=0, atol=allowed, equal_nan=True)).sum())
        lines += ["", f"{n} of {a.size} entries differ."]
    lines += ["", why]
    line = _line_of(found, name) if wrong == PROGRAM else ""
    lines += [f"Its line is `{line}`."] * bool(line)
    head = f"check_engines of {described(place.functions[0])}"
    return GradientError(f"{head}: " + "\n".join(lines) + f"\n\n{place.reproduction}", looks_like=wrong)


def _outvoted(known: Numbers, other: str, allowed: float) -> tuple[str, str]:
    """The engine that is alone with its number, and a sentence on it."""
    if len(known) == 3:
        third = FIRST if other == PROGRAM else PROGRAM
        if _gap(known[third], known[EAGER], False)[0] <= allowed:
            return other, f"The {third} agrees with eager mode, so the {other} is wrong."
        if _gap(known[third], known[other], False)[0] <= allowed:
            return EAGER, f"The {third} agrees with the {other}, so eager mode is wrong."
        return "", "All three differ."
    if other == PROGRAM:
        return PROGRAM, "The same Python ran in both: the program computes something else."
    return other, "The rules are the same in both: one of the two walks is wrong."


def _largest(x: Array | None) -> float:
    if x is None or x.dtype.kind not in "fiub":
        return 0.0
    values = np.abs(np.asarray(x, float))
    return float(values[np.isfinite(values)].max(initial=0.0))


def _shown(x: Array | None, index: Any) -> str:
    if x is None:
        return "no gradient"
    if index is None:
        number = f": {x.item():.12g}" if x.size == 1 else ""
        return f"{x.dtype.name} of shape {tuple(x.shape)}{number}"
    return f"{x[index]:.12g}"


def _line_of(found: Any, name: str) -> str:
    """The line of the program that gives a gradient its value."""
    short = re.sub(r"\W+", "_", name.partition("(")[2].rstrip(")") or name.rpartition(" ")[2])
    body = found.compiled.source.rpartition("return {")[0] if name.startswith("gradient") else ""
    lines = [line.strip() for line in body.splitlines() if line.strip().startswith(f"grad_{short} = ")]
    return lines[-1].partition("  #")[0].strip() if lines else ""

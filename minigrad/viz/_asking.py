"""Questions for the player's predict mode: a number, and kind words for the wrong ones that learners give."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.viz._numbers import number
from minigrad.viz._recording import Part, Visit
from minigrad.viz._scene import Entry

Question = dict[str, Any]


def asked_of_value(entry: Entry) -> Question | None:
    """The question after the value that an op gives; none where it is not known."""
    if entry.value is None:
        return None
    found = _element(entry.value)
    if found is None:
        return _shape(f"What is the shape of {entry.label}?", entry.shape)
    place, value = found
    question = f"What is {entry.label}{place}?"
    return _question(question, value, [(-value, "The size is right, the sign is not.")])


def asked_of_part(entry: Entry, part: Part, visit: Visit, receiver: str) -> Question | None:
    """The question after the gradient that an op sends to an operand."""
    if part.value is None:
        return None
    found = _element(part.value)
    name = entry.label
    if found is None:
        return _shape(f"What is the shape of the gradient that {name} sends to {receiver}?", part.value.shape)
    place, value = found
    near: list[tuple[float, str]] = [(-value, "The size is right, the sign is not.")]
    if visit.g is not None and np.size(visit.g) == 1 and not place:
        g = float(np.reshape(visit.g, ()))
        slope = value / g if g else value
        near += [
            (slope, f"That is the derivative alone. Multiply it by the g that arrived, {number(g)}."),
            (g, f"That is g, which arrived at {name}. Multiply it by the derivative of {name}."),
            (g + slope, "The two factors are multiplied, not added."),
            (1 / value if value else np.nan, "That is upside down: one divided by it."),
        ]
    if part.total is not None and np.size(part.total) == 1 and not part.first:
        text = (
            f"That is the sum with the part that came before. Only this part is asked for: what {name} sends."
        )
        near.insert(1, (float(np.reshape(part.total, ())), text))
    held = [o.source.value for o in entry.operands if o.source is not None and o is part.operand]
    if held and held[0] is not None and np.size(held[0]) == 1:
        near.append((float(np.reshape(held[0], ())), f"That is the value of {receiver} itself."))
    return _question(
        f"{name} sends {receiver} a gradient. What is {f'its entry {place}' if place else 'it'}?", value, near
    )


def _question(text: str, answer: float, near: list[tuple[float, str]]) -> Question | None:
    """With the wrong answers that are not right by chance."""
    if not np.isfinite(answer):
        return None
    wrong = [
        [float(f"{value:.7g}"), words]
        for value, words in near
        if np.isfinite(value) and not np.isclose(value, answer, rtol=0.02, atol=1e-9)
    ]
    return {"text": text, "answer": float(f"{answer:.7g}"), "shown": number(answer), "wrong": wrong}


def _shape(text: str, shape: tuple[int, ...]) -> Question:
    return {"text": text, "shape": list(shape), "shown": str(tuple(shape)), "wrong": []}


def _element(value: Any) -> tuple[str, float] | None:
    """The largest element of a small array with its place; of a number the number; else nothing."""
    value = np.asarray(value)
    if value.dtype.kind not in "fiu" or not value.size or value.size > 12:
        return None
    if not value.ndim:
        return "", float(value)
    size = np.where(np.isfinite(value), np.abs(value), -1.0)
    place = np.unravel_index(int(size.argmax()), value.shape)
    return f"[{', '.join(str(int(i)) for i in place)}]", float(value[place])

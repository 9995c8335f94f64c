"""The form of an exercise: its texts, a starter, right and wrong answers, and what grades it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from minigrad.testing import Drawer

Case = dict[str, Any]


@dataclass(frozen=True)
class Miss:
    """An answer that is not right in one case.

    Attributes:
        yours, right: the two values, as the report shows them.
        looks_like: the key of the misconception; empty where none fits.
        says: where the right value comes from.
        note: a sentence that stands in place of the two values.
    """

    yours: Any = None
    right: Any = None
    looks_like: str = ""
    says: str = "nudging says"
    note: str = ""


@dataclass(frozen=True)
class Property:
    """A sentence that must hold in every case that is drawn.

    Attributes:
        title: the sentence, as the learner reads it.
        draw: makes a case of what a drawer gives; its names and values are shown.
        judge: given the learner's functions and a case, the miss; None where the answer is right.
        runs: how many cases are drawn.
        shown: the case in words, where its values alone would not do.
    """

    title: str
    draw: Callable[[Drawer], Case]
    judge: Callable[[Any, Case], Miss | None]
    runs: int = 20
    shown: Callable[[Case], str] | None = None


@dataclass(frozen=True)
class Exercise:
    """One lesson's exercise.

    Attributes:
        number, name: its place on the ladder, and one or two words.
        aim: one line for the ladder.
        idea: the one idea of the lesson, in a few sentences.
        one_sees: the picture that shows it.
        functions: the names that the learner writes.
        starter, solution: source text; the starter runs and fails.
        others: right answers in another style.
        wrong: pairs of a misconception's key and an answer that has it.
        misconceptions: a sentence for each key: what is mistaken, and what is so.
        hints: three, each franker than the one before.
        properties: checked in order; the first that fails is explained.
        errors: a piece of an error's text, and the key of the misconception that it comes from.
        picture: a tensor whose backward shows the case, and names of tensors, for `show`.
        sight: the picture of a case as text, where it is no recorded graph.
        smallest: of how many drawn integers the failing case of a wrong answer is at most.
        seconds: the time that one case may take.
    """

    number: int
    name: str
    aim: str
    idea: str
    one_sees: str
    functions: tuple[str, ...]
    starter: str
    solution: str
    others: tuple[str, ...]
    wrong: tuple[tuple[str, str], ...]
    misconceptions: Mapping[str, str]
    hints: tuple[str, str, str]
    properties: tuple[Property, ...] = field(repr=False)
    errors: Mapping[str, str] = field(default_factory=dict, repr=False)
    picture: Callable[[Case], tuple[Any, dict[str, Any]]] | None = None
    sight: Callable[[Case], str] | None = None
    smallest: int = 8
    seconds: float = 1.0

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def file(self) -> str:
        """The name of the learner's file."""
        return f"lesson_{self.number:02}.py"

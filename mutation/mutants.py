"""The proof that the property tests bite: every rule of every op, broken in many ways, must be found out.

    python mutation/mutants.py                        all families, with the count of each
    python mutation/mutants.py tanh -v                the rules of one op, each mutant as it falls
    python mutation/mutants.py --file my_ops.py       the ops that a file of yours defines
    python mutation/mutants.py planted                faults outside the rules: see planted.py

A mutant is an op with one wrong rule. It is killed if a property of `minigrad.testing.properties` fails on
one of the samples drawn for it. The right rule faces the same samples first: an op that fails its own checks
kills every mutant, which says nothing. Mutants that cannot be told from the right rule are listed, with the
reason, in `equivalents.py`.
"""

from __future__ import annotations

import argparse
import functools
import inspect
import multiprocessing
import os
import runpy
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import planted
from bar import bar
from edges import conventions_hold
from equivalents import KNOWN, reason
from rewrite import variants
from wrong_rules import BROADCAST, SAVED, WRAPPED, copied, mistaken, wrapped

import minigrad  # noqa: F401 (importing it fills the registry)
from minigrad.ops.op import REGISTRY, Op, Rule
from minigrad.testing import RandomDrawer, draw_sample, properties

SAMPLES = 60  # drawn for a mutant before it counts as a survivor
RIGHT = "the right rules"


class Mutant(NamedTuple):
    """An op with a wrong rule."""

    op: Op
    input: str
    family: str
    description: str

    def __str__(self) -> str:
        return f"{self.op.name}, rule for {self.input}: {self.family}" + f" ({self.description})" * bool(
            self.description
        )


def mutants_of(op: Op) -> Iterator[Mutant]:
    """Every way in which a rule of `op` is broken."""
    for name, rule in op.rules.items():
        for family, wrap in WRAPPED.items():
            if (family != SAVED or any(n in (*op.rules, "out") for n in op.needs[name])) and (
                family != BROADCAST or _is_broadcast(op, name)
            ):
                yield Mutant(_with_rule(op, name, wrapped(op, name, rule, wrap)), name, family, "")
        for other, taken in op.rules.items():
            if other != name:
                yield Mutant(_with_rule(op, name, copied(taken)), name, "another input's rule", other)
        for family, description, wrong in (*mistaken(op, name, rule), *variants(rule)):
            yield Mutant(_with_rule(op, name, wrong), name, family, description)


def killer(op: Op, samples: int = SAMPLES) -> str:
    """The check that an op fails, with its error; "" if it passes them all."""
    try:
        conventions_hold(op)
    except Exception as error:
        return _told(conventions_hold, error)
    for seed in range(samples):
        given = draw_sample(op, RandomDrawer(seed))
        same_shape = draw_sample(op, RandomDrawer(seed, equal_shapes=True))
        for check in (properties.rules_keep_shape, properties.rules_keep_dtype, properties.rules_are_linear):
            try:
                check(op, *same_shape)
            except Exception as error:
                return _told(check, error)
        try:
            properties.gradients_are_derivatives(op, *given, seed=seed, max_entries=0, projections=1)
        except Exception as error:
            return _told(properties.gradients_are_derivatives, error)
    return ""


def _told(check: Callable[..., None], error: Exception) -> str:
    return f"{check.__name__}: {type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _is_broadcast(op: Op, name: str) -> bool:
    """True if the domain has calls in which the rule's result is summed back to the shape of this input."""
    for seed in range(SAMPLES):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        for position, of, result, _ in properties.run_rules(op, inputs, options):
            if of == name and result.shape != inputs[position].shape:
                return True
    return False


def _with_rule(op: Op, name: str, rule: Rule) -> Op:
    """The op with another rule, not registered; all else of its record is the same."""
    parameters = inspect.signature(Op).parameters.values()
    same = {
        p.name: getattr(op, p.name) for p in parameters if p.kind is p.KEYWORD_ONLY and hasattr(op, p.name)
    }
    same["inputs"] = " ".join(op.inputs)
    return Op(op.name, op.forward, **same, register=False, **{**op.rules, name: rule})


# --- the count ------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """The end of a mutant: the check that killed it, or why it is no mistake; both "" for a survivor."""

    family: str
    mutant: str
    killed_by: str
    equivalent: str


def verdicts_on(name: str, samples: int = SAMPLES) -> list[Verdict]:
    """The mutants of one op; its right rules alone, if these fail."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if wrong := killer(REGISTRY[name], samples):
            return [Verdict(RIGHT, name, wrong, "")]
        found = []
        for mutant in mutants_of(REGISTRY[name]):
            by = killer(mutant.op, samples)
            found.append(Verdict(mutant.family, str(mutant), by, "" if by else reason(name, mutant)))
        return found


def main(arguments: list[str] | None = None) -> int:
    """Print `killed N of M` for each family; 1 if a mutant survives unexplained, or a right rule fails."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["planted"]:
        return planted.main(arguments[1:])
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ops", nargs="*", help="names of ops (default: all), or `planted`")
    parser.add_argument("--file", help="Python that defines ops of your own, and then the default are those")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every mutant and what killed it")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="samples that a survivor survived")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one per core)")
    options = parser.parse_args(arguments)
    shipped = set(REGISTRY)
    _load(options.file)
    unknown = [name for name in options.ops if name not in REGISTRY]
    if unknown:
        parser.error(f"there is no op {unknown[0]!r}; the ops are {', '.join(REGISTRY)}")
    whole = not (options.ops or options.file)
    names = options.ops or [n for n, op in REGISTRY.items() if op.rules and (whole or n not in shipped)]
    found = [v for verdicts in _in_parallel(names, options) for v in verdicts]
    if options.verbose:
        for v in found:
            print(
                f"{v.mutant}: {v.killed_by or (v.equivalent and f'equivalent: {v.equivalent}') or 'SURVIVES'}"
            )
    broken, found = ([v for v in found if (v.family == RIGHT) is right] for right in (True, False))
    for family in dict.fromkeys(v.family for v in found):
        print(_count(family, [v for v in found if v.family == family]))
    print(_count("all", found))
    survivors = [v for v in found if not v.killed_by and not v.equivalent]
    for v in survivors:
        print(f"survivor: {v.mutant}")
    for v in broken:
        print(f"{v.mutant}: its right rules fail, so its mutants tell nothing: {v.killed_by}")
    idle = [k for k in KNOWN if k[-1] not in {v.equivalent for v in found}] if whole else []
    for ops, family, description, _ in idle:
        print(f"listed as equivalent, but no mutant needs it: {ops}: {family}: {description}")
    return 1 if survivors or broken or idle else 0


def _load(file: str | None) -> None:
    if file:
        runpy.run_path(file)


def _count(family: str, verdicts: Sequence[Verdict]) -> str:
    killed = sum(bool(v.killed_by) for v in verdicts)
    equivalent = sum(bool(v.equivalent) for v in verdicts)
    known = f" ({equivalent} equivalent)" if equivalent else ""
    return f"{family:45} killed {killed} of {len(verdicts) - equivalent}{known}"


def _in_parallel(names: Sequence[str], options: argparse.Namespace) -> Iterator[list[Verdict]]:
    """The verdicts on each op, in the order of the names."""
    work = functools.partial(verdicts_on, samples=options.samples)
    jobs = min(options.jobs, len(names))
    if jobs <= 1:
        yield from map(work, names)
        return
    # Started anew rather than forked: NumPy's threads do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(jobs, _load, (options.file,)) as pool:
        yield from bar(pool.imap(work, names), len(names), " ops")


if __name__ == "__main__":
    sys.exit(main())

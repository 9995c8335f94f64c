"""The proof that the property tests bite: every rule of every op, broken in many ways, must be found out.

    python -m minigrad.testing.mutants          all families, with the count of each
    python -m minigrad.testing.mutants tanh     the rules of one op
    python -m minigrad.testing.mutants -v       each mutant as it falls

A mutant is an op with one wrong rule. It is killed if a property of `minigrad.testing.properties` fails on
one of the samples drawn for it. A mutant that cannot be told from the right rule is listed as equivalent,
with the reason, in `minigrad.testing.equivalents`.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from minigrad._tensor.tensor import Tensor  # noqa: F401 (importing it fills the registry)
from minigrad.ops.op import REGISTRY, Op, Rule

from . import properties
from .draw import RandomDrawer, draw_sample
from .edges import conventions_hold
from .equivalents import KNOWN, reason
from .rewrite import variants
from .wrong_rules import BROADCAST, SAVED, WRAPPED, copied, mistaken, wrapped

SAMPLES = 60  # drawn for a mutant before it counts as a survivor


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
        for family, description, wrong in mistaken(op, name, rule):
            yield Mutant(_with_rule(op, name, wrong), name, family, description)
        for family, description, wrong in variants(rule):
            yield Mutant(_with_rule(op, name, wrong), name, family, description)


def killer(mutant: Mutant, samples: int = SAMPLES) -> str:
    """What found the mutant out; "" if nothing did."""
    op = mutant.op
    try:
        conventions_hold(op)
    except Exception as error:
        return f"conventions_hold: {type(error).__name__}"
    for seed in range(samples):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        same_shape = draw_sample(op, RandomDrawer(seed, equal_shapes=True))
        for check in CHECKS:
            given = (inputs, options) if check is properties.gradients_are_derivatives else same_shape
            try:
                if check is properties.gradients_are_derivatives:
                    check(op, *given, seed=seed, rtol=1e-9, max_entries=0, projections=1)
                else:
                    check(op, *given)
            except Exception as error:
                return f"{check.__name__}: {type(error).__name__}"
    return ""


CHECKS: tuple[Callable[..., None], ...] = (
    properties.rules_keep_shape,
    properties.rules_keep_dtype,
    properties.rules_are_linear,
    properties.gradients_are_derivatives,
)


def _is_broadcast(op: Op, name: str) -> bool:
    """Whether the domain has calls in which the rule's result is summed back to the shape of this input."""
    for seed in range(SAMPLES):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        for position, of, result, _ in properties.run_rules(op, inputs, options):
            if of == name and result.shape != inputs[position].shape:
                return True
    return False


def _with_rule(op: Op, name: str, rule: Rule) -> Op:
    return Op(
        op.name,
        op.forward,
        formula=op.formula,
        domain=op.domain,
        inputs=" ".join(op.inputs),
        result=op.result,
        promote=op.promote,
        constants=op.constants,
        view=op.view,
        once=op.once,
        register=False,
        **{**op.rules, name: rule},
    )


# --- the count ------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """What became of a mutant: what killed it, or why it is no mistake; both "" for a survivor."""

    family: str
    mutant: str
    killed_by: str
    equivalent: str


def verdicts_on(task: str, samples: int = SAMPLES) -> list[Verdict]:
    """The mutants of one op.

    >>> from minigrad.testing import mutants
    >>> [v for v in mutants.verdicts_on("neg") if not v.killed_by]
    []
    """
    warnings.simplefilter("ignore")
    found = []
    for mutant in mutants_of(REGISTRY[task]):
        by = killer(mutant, samples)
        found.append(Verdict(mutant.family, str(mutant), by, "" if by else reason(task, mutant)))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print `killed N of M` for each family; 1 if a mutant survives that is not known to be equivalent."""
    parser = argparse.ArgumentParser(
        prog="python -m minigrad.testing.mutants", description=__doc__.split("\n")[0]
    )
    parser.add_argument("ops", nargs="*", help="names of ops; all if none is given")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every mutant and what killed it")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="samples that a survivor survived")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one per core)")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.ops if name not in REGISTRY]
    if unknown:
        parser.error(f"there is no op {unknown[0]!r}; the ops are {', '.join(REGISTRY)}")
    whole = [name for name, op in REGISTRY.items() if op.rules]
    tasks = options.ops or whole
    found = [v for verdicts in _in_parallel(tasks, options.samples, options.jobs) for v in verdicts]
    if options.verbose:
        for v in found:
            _say(
                f"{v.mutant}: {v.killed_by or (v.equivalent and 'equivalent: ' + v.equivalent) or 'SURVIVES'}"
            )
    for family in dict.fromkeys(v.family for v in found):
        _say(_count(family, [v for v in found if v.family == family]))
    _say(_count("all", found))
    survivors = [v for v in found if not v.killed_by and not v.equivalent]
    for v in survivors:
        _say(f"survivor: {v.mutant}")
    idle = () if options.ops else tuple(k for k in KNOWN if k[-1] not in {v.equivalent for v in found})
    for ops, family, description, _ in idle:
        _say(f"listed as equivalent, but no mutant needs it: {ops}: {family}: {description}")
    return 1 if survivors or idle else 0


def _count(family: str, verdicts: Sequence[Verdict]) -> str:
    killed = sum(bool(v.killed_by) for v in verdicts)
    equivalent = sum(bool(v.equivalent) for v in verdicts)
    known = f" ({equivalent} equivalent)" if equivalent else ""
    return f"{family:45} killed {killed} of {len(verdicts) - equivalent}{known}"


def _in_parallel(tasks: Sequence[str], samples: int, jobs: int) -> Iterator[list[Verdict]]:
    """The verdicts on each task, in the order of the tasks, with a bar on stderr that moves meanwhile."""
    work = functools.partial(verdicts_on, samples=samples)
    if min(jobs, len(tasks)) == 1:
        yield from map(work, tasks)
        return
    # Started anew rather than forked: NumPy's threads do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(min(jobs, len(tasks))) as pool:
        yield from _with_bar(pool.imap(work, tasks), len(tasks))


def _with_bar(results: Iterator[Any], total: int) -> Iterator[Any]:
    try:
        from tqdm import tqdm  # noqa: PLC0415 (optional: it comes with minigrad[examples])
    except ImportError:
        return results
    return iter(tqdm(results, total=total, desc="mutants of", unit=" ops", disable=None))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

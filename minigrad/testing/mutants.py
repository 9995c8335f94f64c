"""The proof that the property tests bite: every rule of every op, broken in many ways, must be found out.

    python -m minigrad.testing.mutants          all families, with the count of each
    python -m minigrad.testing.mutants tanh     the rules of one op; engine: the faults of the walk
    python -m minigrad.testing.mutants -v       each mutant as it falls

A mutant is an op with one wrong rule. It is killed if a property of `minigrad.testing.properties` fails on
one of the samples drawn for it. A mutant that cannot be told from the right rule is listed as equivalent,
with the reason, in `minigrad.testing.equivalents`.
"""

import argparse
import inspect
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .._op import REGISTRY, Op
from .._tensor import Tensor
from . import engine_faults, properties
from .draw import RandomDrawer, draw_sample
from .edges import conventions_hold
from .equivalents import reason
from .rewrite import variants

Array = Any
Rule = Callable[..., Any]

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
                yield Mutant(_with_rule(op, name, _wrapped(op, name, rule, wrap)), name, family, "")
        for other, taken in op.rules.items():
            if other != name:
                yield Mutant(_with_rule(op, name, _copied(taken)), name, "another input's rule", other)
        for wanted, given in (("out", op.inputs[0]), (op.inputs[0], "out")):
            if wanted in op.needs[name] and not op.variadic:
                wrong = _renamed(rule, wanted, given)
                yield Mutant(
                    _with_rule(op, name, wrong), name, "out and input mistaken", f"{given} for {wanted}"
                )
        for description, wrong in variants(rule):
            yield Mutant(_with_rule(op, name, wrong), name, "a factor, term or function", description)


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

# --- ways to break a rule -------------------------------------------------------------------------------
# Each takes the right result and what it was made of: f(result, g, saved, shape of the input).


def _moved(result: Array, by: int) -> Array:
    flat = np.reshape(result, (-1,))
    return np.reshape(np.roll(flat, by), result.shape)


def _transposed(result: Array) -> Array:
    if result.ndim < 2:
        return result
    return np.reshape(np.swapaxes(result, -1, -2), result.shape)


def _one_row(result: Array, shape: tuple[int, ...]) -> Array:
    """The first row where the sum over a broadcast axis belongs."""
    while result.ndim > len(shape):
        result = result[0]
    for axis, n in enumerate(shape):
        if n == 1 and result.shape[axis] > 1:
            result = result[(slice(None),) * axis + (slice(0, 1),)]
    return result


def _detached(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_detached, x))
    return x.detach() if isinstance(x, Tensor) else x


def _first_only(result: Array, factor: float) -> Array:
    mask = np.ones(result.shape)
    mask[(0,) * result.ndim] = factor
    return result * mask.astype(result.dtype)


BROADCAST = "un-broadcast left out"
SAVED = "second order: saved values as constants"
WRAPPED: dict[str, Callable[[Rule, Array, tuple[Any, ...], tuple[int, ...]], Any]] = {
    "sign": lambda rule, g, saved, _: -rule(g, *saved),
    "scaled by 1 + 1e-4": lambda rule, g, saved, _: rule(g, *saved) * (1 + 1e-4),
    "one entry scaled by 1 + 1e-4": lambda rule, g, saved, _: (
        _first_only(d, 1 + 1e-4) if (d := rule(g, *saved)).shape.count(0) == 0 else d
    ),
    "nothing": lambda rule, g, saved, _: rule(g, *saved) * 0,
    "incoming gradient ignored": lambda rule, g, saved, _: rule(g * 0 + 1, *saved),
    "incoming gradient squared": lambda rule, g, saved, _: rule(g * g, *saved),
    "transposed": lambda rule, g, saved, _: _transposed(rule(g, *saved)),
    "one element off": lambda rule, g, saved, _: _moved(rule(g, *saved), 1),
    "flattened": lambda rule, g, saved, _: np.reshape(rule(g, *saved), (-1,)),
    BROADCAST: lambda rule, g, saved, shape: _one_row(rule(g, *saved), shape),
    "float32 inside": lambda rule, g, saved, _: _cast(_cast(rule(g, *saved), np.float32), np.float64),
    "float64 always": lambda rule, g, saved, _: _cast(rule(g, *saved), np.float64),
    SAVED: lambda rule, g, saved, _: rule(g, *map(_detached, saved)),
    "second order: gradient as a constant": lambda rule, g, saved, _: rule(_detached(g), *saved),
    "second order: scaled by 1 + 1e-4": lambda rule, g, saved, _: (
        d + (d - d.detach()) * 1e-4 if isinstance(d := rule(g, *saved), Tensor) else d
    ),
    "writes into g": lambda rule, g, saved, _: rule(_written(g), *saved),
}


def _is_broadcast(op: Op, name: str) -> bool:
    """Whether the domain has calls in which the rule's result is summed back to the shape of this input."""
    for seed in range(SAMPLES):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        for position, of, result, _ in properties.run_rules(op, inputs, options):
            if of == name and result.shape != inputs[position].shape:
                return True
    return False


def _cast(x: Any, dtype: Any) -> Any:
    return x.to(dtype) if isinstance(x, Tensor) else x.astype(dtype)


def _written(g: Any) -> Any:
    if isinstance(g, np.ndarray):
        g *= 1.0
    return g


def _wrapped(op: Op, name: str, rule: Rule, wrap: Callable[..., Any]) -> Rule:
    """A rule that names what the right one names, and the shape of its input, and breaks the result."""
    shape = f"{op.inputs[0] if op.variadic else name}_shape"

    def wrong(g: Any, *saved: Any) -> Any:
        *rest, own = saved
        own = own[rest[-1]] if op.variadic else own
        return wrap(rule, g, tuple(rest[:-1] if op.variadic else rest), own)

    return _signed(wrong, [*op.needs[name], *(["i"] if op.variadic else []), shape])


def _copied(rule: Rule) -> Rule:
    needs = list(inspect.signature(rule).parameters)[1:]
    return _signed(rule, needs)


def _renamed(rule: Rule, wanted: str, given: str) -> Rule:
    needs = list(inspect.signature(rule).parameters)[1:]
    positions = [needs.index(given if n == wanted else n) if given in needs else None for n in needs]
    if None in positions:
        return _signed(rule, [given if n == wanted else n for n in needs])
    return _signed(lambda g, *saved: rule(g, *[saved[p] for p in positions if p is not None]), needs)


def _signed(function: Rule, needs: list[str]) -> Rule:
    """The function with the signature (g, *needs): Op reads there what a rule saves."""
    # A name may come twice (a rule that already asked for the shape): the later takes the plain name.
    parameter = inspect.Parameter
    unique = list(dict.fromkeys(needs))
    places = [unique.index(n) for n in needs]

    def rule(g: Any, *saved: Any) -> Any:
        return function(g, *[saved[p] for p in places])

    rule.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter(n, parameter.POSITIONAL_OR_KEYWORD) for n in ("g", *unique)]
    )
    return rule


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


def main(arguments: list[str] | None = None) -> int:
    """Print `killed N of M` for each family; 1 if a mutant survives that is not known to be equivalent."""
    parser = argparse.ArgumentParser(
        prog="python -m minigrad.testing.mutants", description=__doc__.split("\n")[0]
    )
    parser.add_argument("ops", nargs="*", help="names of ops; all of them if none is given")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every mutant and what killed it")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="samples that a survivor survived")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    made: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    equivalent: Counter[str] = Counter()
    survivors: list[Mutant | engine_faults.Fault] = []
    chosen = [REGISTRY[name] for name in options.ops if name != "engine"]
    for op in chosen if options.ops else REGISTRY.values():
        for mutant in mutants_of(op):
            by = killer(mutant, options.samples)
            why = "" if by else reason(op.name, mutant)
            made[mutant.family] += 1
            killed[mutant.family] += bool(by)
            equivalent[mutant.family] += bool(why)
            if not by and not why:
                survivors.append(mutant)
            if options.verbose:
                _say(f"{mutant}: {by or 'equivalent: ' + why if by or why else 'SURVIVES'}")
    for fault in () if options.ops and "engine" not in options.ops else engine_faults.FAULTS:
        by = engine_faults.killer(fault, options.samples)
        made[fault.family] += 1
        killed[fault.family] += bool(by)
        if not by:
            survivors.append(fault)
        if options.verbose:
            _say(f"{fault}: {by or 'SURVIVES'}")
    for family in made:
        known = f" ({equivalent[family]} equivalent)" if equivalent[family] else ""
        _say(f"{family:45} killed {killed[family]} of {made[family] - equivalent[family]}{known}")
    _say(f"{'all':45} killed {killed.total()} of {made.total() - equivalent.total()}")
    for survivor in survivors:
        _say(f"survivor: {survivor}")
    return 1 if survivors else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

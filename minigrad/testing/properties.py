"""The properties of every op: statements about one call, on a sample of the op's domain.

The property tests make them about drawn samples of every op in the registry; `minigrad.testing.mutants`
makes them about ops whose rules were broken on purpose. Each raises an AssertionError where it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minigrad._tensor.record import call_of
from minigrad.ops.op import Op

from ..creation import from_numpy
from .check import check_grads
from .engines import check_engines

Array = Any
Options = dict[str, Any]


def gradients_are_derivatives(
    op: Op,
    inputs: Sequence[Any],
    options: Options,
    *,
    order: int = 2,
    chosen: Sequence[int] | None = None,
    **how: Any,
) -> None:
    """Backward through the engine agrees with finite differences, up to `order`.

    Of the inputs that can require grad only the `chosen` do (all, unless told): what a rule saves is then
    partly tensors and partly arrays when it is differentiated again.

    >>> from minigrad.ops import elementwise
    >>> from minigrad.testing import RandomDrawer, draw_sample, properties
    >>> inputs, options = draw_sample(elementwise.tanh, RandomDrawer(seed=1))
    >>> properties.gradients_are_derivatives(elementwise.tanh, inputs, options)
    """
    positions = differentiable_positions(op, inputs) if chosen is None else chosen
    if positions:
        fn = as_function(op, inputs, options, positions)
        how = {"engines": False, **how}  # `engines_agree` asks that
        check_grads(fn, *(inputs[i] for i in positions), order=1 if op.once else order, **how)


def engines_agree(op: Op, inputs: Sequence[Any], options: Options, **how: Any) -> None:
    """Eager mode, the first engine and the compiled op give the same numbers.

    >>> from minigrad.ops import elementwise
    >>> from minigrad.testing import RandomDrawer, draw_sample, properties
    >>> inputs, options = draw_sample(elementwise.tanh, RandomDrawer(seed=1))
    >>> properties.engines_agree(elementwise.tanh, inputs, options)
    """
    positions = differentiable_positions(op, inputs)
    fn = as_function(op, inputs, options, positions)

    def run(*tensors: Any) -> Any:
        return fn(*tensors) * 1  # a view of an input, returned, is never compiled

    run.__qualname__ = fn.__qualname__
    how = {"order": 1 if op.once else 2, **how}
    found = check_engines(run, *(inputs[i] for i in positions), **how)
    assert not found.program, found


def rules_keep_shape(op: Op, inputs: Sequence[Any], options: Options) -> None:
    """Where no operand was broadcast, a rule alone returns the shape of its input; it writes nowhere.

    Summing a gradient back to its operand's shape would hide a rule of the wrong shape.
    """
    for position, name, result, out in run_rules(op, inputs, options):
        wanted = inputs[position].shape
        # An operand of fewer axes than another (matmul's vector, linear's bias) is repeated along them.
        most = max(out.ndim, *(x.ndim for x in inputs if isinstance(x, np.ndarray)), 0)
        repeated = (
            len(wanted) < min(most, result.ndim) and result.shape[result.ndim - len(wanted) :] == wanted
        )
        assert result.shape == wanted or repeated, (
            f"the rule of op {op.name} for {name} returns shape {tuple(result.shape)}; the input has {wanted}"
        )


def rules_keep_dtype(op: Op, inputs: Sequence[Any], options: Options) -> None:
    """On float32 a rule computes in float32: a constant of its own must not widen it."""
    if op.result == "given":  # cast: the gradient arrives, and is passed on, in the dtype asked for
        return
    narrow = [_narrowed(x) for x in inputs]
    for _, name, result, _ in run_rules(op, narrow, {k: _narrowed(v) for k, v in options.items()}):
        assert result.dtype == np.float32, (
            f"the rule of op {op.name} for {name} returns {result.dtype.name} on float32"
        )


def rules_are_linear(op: Op, inputs: Sequence[Any], options: Options) -> None:
    """rule(2 u - 3 w) = 2 rule(u) - 3 rule(w)."""
    u, w, mixed = (
        list(run_rules(op, inputs, options, cotangent)) for cotangent in (_first, _second, _combined)
    )
    for (_, name, a, _), (_, _, b, _), (_, _, c, _) in zip(u, w, mixed, strict=True):
        terms = 2 * np.abs(a) + 3 * np.abs(b)
        gap = np.abs(2 * a - 3 * b - c)
        assert (gap <= 1e-9 * np.max(terms, initial=0.0)).all(), (
            f"the rule of op {op.name} for {name} is not linear in g"
        )


def constants_stay_constant(op: Op, inputs: Sequence[Any], options: Options) -> None:
    """Only an op with rules records; an output of whole numbers or booleans never requires grad."""
    call = call_of(op)
    operands = [
        from_numpy(x).requires_grad_(x.dtype.kind == "f") if isinstance(x, np.ndarray) else x for x in inputs
    ]
    made: Any = call(operands, **options) if op.variadic else call(*operands, **options)
    out, *beside = made if isinstance(made, tuple) else (made,)
    expected = bool(differentiable_positions(op, inputs)) and out.is_floating_point()
    assert out.requires_grad is expected, f"op {op.name}: requires_grad is {out.requires_grad}"
    assert {"bool": "b", "int": "i"}.get(op.result, out.dtype.kind) == out.dtype.kind, (
        f"op {op.name} promises {op.result} and returns {out.dtype.name}"
    )
    assert not any(getattr(x, "requires_grad", False) for x in beside)


def differentiable_positions(op: Op, inputs: Sequence[Any]) -> list[int]:
    """The inputs that have a rule and are floating arrays."""
    return [
        i
        for i, x in enumerate(inputs)
        if _input_name(op, i) in op.rules and isinstance(x, np.ndarray) and x.dtype.kind == "f"
    ]


def as_function(
    op: Op, inputs: Sequence[Any], options: Options, positions: Sequence[int] | None = None
) -> Callable[..., Any]:
    """The op as a function of the inputs at `positions`, or of all differentiable ones; the rest is bound."""
    call = call_of(op)
    positions = differentiable_positions(op, inputs) if positions is None else positions
    bound = [from_numpy(x) if isinstance(x, np.ndarray) else x for x in inputs]

    def fn(*tensors: Any) -> Any:
        operands = list(bound)
        for i, x in zip(positions, tensors, strict=True):
            operands[i] = (x + x.mT) / 2 if op.symmetric else x
        made: Any = call(operands, **options) if op.variadic else call(*operands, **options)
        return made[0] if isinstance(made, tuple) else made

    fn.__qualname__ = f"op {op.name}" + "".join(f", {k}={v!r}" for k, v in options.items())
    return fn


def _input_name(op: Op, position: int) -> str:
    return op.inputs[0] if op.variadic else op.inputs[position]


def _first(out: Array) -> Array:
    return np.cos(np.arange(out.size) + 0.5).reshape(out.shape)


def _second(out: Array) -> Array:
    return np.sin(np.arange(out.size) * 2 + 1.0).reshape(out.shape)


def _combined(out: Array) -> Array:
    return 2 * _first(out) - 3 * _second(out)


def run_rules(
    op: Op, inputs: Sequence[Any], options: Options, cotangent: Callable[[Array], Array] = _first
) -> Iterator[tuple[int, str, Array, Array]]:
    """(position, name, result, out) of each rule, run as backward runs it, on read-only arrays."""
    options = {**op.options, **options}
    arrays = tuple(_frozen(x) for x in inputs)
    with np.errstate(all="ignore"):
        made = op.forward(*arrays, **options)
    out, *constants = made if op.constants else (made,)
    out = _frozen(np.asarray(out))
    g = _frozen(np.asarray(cotangent(out), out.dtype))
    shapes = tuple(getattr(x, "shape", ()) for x in arrays)
    known: Options = {"out": out, **dict(zip(op.constants, map(_frozen, constants), strict=True)), **options}
    if op.variadic:
        known |= {op.inputs[0]: arrays, f"{op.inputs[0]}_shape": shapes}
    else:
        known |= dict(zip(op.inputs, arrays, strict=False))
        known |= {f"{n}_shape": s for n, s in zip(op.inputs, shapes, strict=False)}
    for position in differentiable_positions(op, inputs):
        name = _input_name(op, position)
        others = tuple(x if k != position else None for k, x in enumerate(arrays))
        saved = [{**known, "i": position, "others": others}.get(need) for need in op.needs[name]]
        with np.errstate(all="ignore"):
            result = np.asanyarray(op.rules[name](g, *saved))
        yield position, name, result, out


def _frozen(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    view = x.view()
    view.flags.writeable = False
    return view


def _narrowed(x: Any) -> Any:
    return x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x

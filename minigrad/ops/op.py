"""The `Op` record: one entry of the table of derivatives, and the single source of truth about an op.

    tanh = Op(
        "tanh", np.tanh,
        x=lambda g, out: g * (1 - out * out),
        formula="d tanh(x)/dx = 1 - tanh(x)^2",
        domain=REAL,
    )

A rule takes `g`, the gradient arriving at the output, and names all other values that it needs: inputs,
`out`, `<input>_shape`, options, and constants that forward returns beside the output. The rule of an op
that takes any number of inputs may name `i`, its input's position, and `others`, all inputs with None in
place of its own. The signature is read once, here. A recorded call looks at the inputs that need a gradient:
it saves the values that their rules name, and nothing else.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from inspect import Parameter
from operator import itemgetter
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

import numpy as np

Rule = Callable[..., Any]
Form = str | Callable[..., str]  # a rule as a reader sees it; a function of options and shapes chooses one


class Interval(NamedTuple):
    """Values from which a property test draws: low <= x <= high, keeping clear of the points to avoid.

    It opens at no end; a rule is drawn a margin away from each point of `avoid`.

    >>> from minigrad.ops import Interval
    >>> Interval(-3.0, 3.0, avoid=(0.0,)).avoid
    (0.0,)
    """

    low: float
    high: float
    avoid: tuple[float, ...] = ()


REAL = Interval(-3.0, 3.0)
NONZERO = Interval(-3.0, 3.0, avoid=(0.0,))
POSITIVE = Interval(0.3, 4.0)
UNIT = Interval(-0.9, 0.9)
ABOVE_ONE = Interval(1.1, 4.0)

# An elementwise op declares one Interval per input; any other op a function that is given a drawer
# (`minigrad.testing` has two: one over hypothesis, one over a NumPy generator) and returns
# (inputs, options).
Domain = Interval | tuple[Interval, ...] | Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]

REGISTRY: dict[str, Op] = {}
BY_FORWARD: dict[Any, Op] = {}


class Op:
    """One op: forward, a rule per differentiable input, the formula a reader sees, the domain a test draws.

    An op of your own is a record in a file of yours. Call the record: on tensors it runs and is recorded.

    >>> import numpy as np
    >>> import minigrad as torch
    >>> from minigrad.ops import REAL, REGISTRY, Op
    >>> swish = Op(
    ...     "swish",
    ...     lambda x: x / (1 + np.exp(-x)),
    ...     x=lambda g, x, out: g * (out + (1 - out) / (1 + np.exp(-x))),
    ...     formula="d swish(x)/dx = swish(x) + sigmoid(x) * (1 - swish(x))",
    ...     domain=REAL,
    ...     result="float",
    ... )
    >>> x = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    >>> y = swish(x)

    The rule is run on arrays for the first derivative. Under `create_graph=True` it is run on tensors, and
    recorded in its turn: this gives the second.

    >>> (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    >>> (bend,) = torch.autograd.grad(slope.sum(), x)
    >>> slope.tolist()[0], bend.tolist()[0]
    (0.5, 0.5)
    >>> print(*[line for line in str(torch.explain(swish(x).sum())).splitlines() if "d swish" in line])
        d swish(x)/dx = swish(x) + sigmoid(x) · (1 − swish(x))

    Compare it with finite differences at points of yours, and on a sample of its domain:

    >>> from minigrad.testing import RandomDrawer, check_grads, draw_sample, properties
    >>> check_grads(swish, x, order=2)
    >>> inputs, options = draw_sample(swish, RandomDrawer(seed=1))
    >>> properties.gradients_are_derivatives(swish, inputs, options)
    >>> del REGISTRY["swish"]  # a name is free once; only an example takes its op back

    Arguments:
        name: unique in the registry; the label in graphs. `SwishBackward0` is made of it.
        forward: arrays positional (one `*name` for a list of arrays), options keyword-only. It returns
            the output, or a tuple (output, *constants) when `constants` names more.
        rules: a keyword per differentiable input; `rule(g, ...)` returns the gradient of that input. Its
            other parameters may be inputs, `out`, `<input>_shape`, options and `constants`; the values of
            those that are arrays are saved from the forward to the backward. A gradient of a broadcast shape
            or of a wider dtype is fitted to its input afterwards. Use NumPy functions and operators only:
            they work on arrays and on tensors.
        formula: the derivative as a reader would write it.
        domain: from where a property test draws inputs and options.
        inputs: their names, where forward (a ufunc, a builtin) has no signature to read.
        result: "same" (the promoted dtype of the inputs), "float" (integers become floats first),
            "floating" (only floats are accepted), "bool" or "int" (an index), "given" (an option says).
        promote: whether inputs of different dtypes meet in one; else mixing them is an error.
        constants: names of the values that forward returns beside the output; they have no derivative.
        stands: the input for which a constant stands, by the constant's name. A constant is a plain array
            in a higher derivative, so no gradient flows through it. One that stands for an input becomes a
            tensor there, at the input's place in the graph. An example is x - max(x) for x in a loss: the
            rule then saves the constant and not x, and the user may write to x.
        view: the output may share memory with the first input.
        saves: whether a backward frees saved values, after which a second backward through the op is refused
            unless the first had `retain_graph=True`. The default is True where a rule names an input, `out`,
            `others` or a constant.
        exact: a promise that every rule returns the shape of its operand, also where that was broadcast. An
            op that saves as `linear` does is recorded faster for it.
        once: the reason why it has no second derivative, for the rare rule that cannot have one.
        bools: the reason why it takes no boolean tensors, and the op to use instead.
        read: a rule as `viz` shows it, where the rule's own source says too little: because it calls a
            helper. It is one form for all inputs, or a dict of them by input. A form is an expression such as
            "g / n" (n: how many elements of the first input make one of the result), a few words such as
            "g flipped back", or a function that returns one of these; of options, shapes, and saved
            values, which are None where they are not known.
        symmetric: True if it is a function of symmetric matrices and reads only one half: a test then varies
            both halves alike.
        by_values: True if a rule takes its way by the values of its arrays (`if (x < 0).any(): ...`). Within
            `func.vmap` it is then called for one sample after the other.
        register: whether it enters the registry, under its name.

    Raises:
        TypeError: for a rule of an unknown input, or a rule or form that asks for an unknown name.

    The attribute `needs` tells the saved values of each rule.

    >>> swish.needs
    {'x': ('x', 'out')}
    """

    __slots__ = (
        "bools", "by_values", "constants", "domain", "exact", "formula", "forward", "inputs", "listed",
        "meeting", "name", "needs", "once", "optional", "options", "ours", "picks", "promote", "pulls",
        "read", "result", "rule_a", "rule_b", "rules", "saves", "saves_further", "stands", "straight",
        "symmetric", "variadic", "view", "wants_others", "wants_shapes",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *,
        formula: str,
        domain: Domain,
        inputs: str = "",
        result: str = "same",
        promote: bool = True,
        constants: tuple[str, ...] = (),
        stands: dict[str, str] | None = None,
        view: bool = False,
        exact: bool = False,
        saves: bool | None = None,
        once: str = "",
        bools: str = "",
        read: Mapping[str, Form] | Form | None = None,
        symmetric: bool = False,
        by_values: bool = False,
        register: bool = True,
        **rules: Rule,
    ) -> None:
        self.name, self.forward, self.formula, self.domain = name, forward, formula, domain
        self.result, self.promote, self.constants, self.view = result, promote, constants, view
        self.exact, self.once, self.bools, self.stands = exact, once, bools, stands or {}
        self.symmetric, self.by_values = symmetric, by_values
        # Of a compiled program: (node, g, retain) to the gradients of all its inputs, by node, or to None.
        self.straight: Callable[..., Any] | None = None
        # True if the warnings of its forward are those of NumPy's functions, or of lines of this package.
        self.ours = not isinstance(forward, FunctionType) or str(forward.__module__).startswith("minigrad.")
        self.variadic = False
        self.options: dict[str, Any] = {}
        self.optional: set[str] = set()  # inputs that may be None
        names = tuple(inputs.split()) or tuple(rules)
        if not isinstance(forward, (np.ufunc, BuiltinFunctionType)):
            names = self._read_signature(forward, names, inputs)
        self.inputs = names
        unknown = [k for k in rules if k not in names]
        if unknown:
            raise TypeError(f"op {name}: a rule for {unknown[0]!r}, but its inputs are {', '.join(names)}")
        if len(rules) > 1 and len({*map(id, rules.values())}) != len(rules):
            raise TypeError(f"op {name}: one function stands as the rule of two inputs; write it twice")
        self.rules = rules
        # The inputs that meet in the result, hence in one dtype; the others are indices and masks.
        self.meeting = tuple([i for i, n in enumerate(names) if not rules or n in rules])
        # The names that a rule may use, in the order in which a recorded call lines the values up.
        shapes = tuple([f"{n}_shape" for n in names])
        known = (
            *names,
            "out",
            *constants,
            *self.options,
            *shapes,
            *(("i", "others") if self.variadic else ()),
        )
        self.needs = {k: self._read_rule(k, rule, known) for k, rule in rules.items()}
        self.read: dict[str, Form] = {}
        if read:
            forms = dict(read) if isinstance(read, Mapping) else dict.fromkeys(rules, read)
            self.read = {of: form for of, form in forms.items() if form}
            # A test checks the forms of the package's own records: that takes as long as all the rest.
            if not all(str(rule.__module__).startswith("minigrad.ops.") for rule in rules.values()):
                self.check_forms()
        named = set().union(*self.needs.values())
        self.wants_shapes = self.variadic or not named.isdisjoint(shapes)
        self.wants_others = "others" in named
        self.picks = {k: _picker([known.index(n) for n in needs]) for k, needs in self.needs.items()}
        values = {*names, "out", "others", *constants}
        self.saves = (not rules or not named.isdisjoint(values)) if saves is None else saves
        self.pulls = tuple([(rules[n], self.picks[n]) if n in rules else None for n in names])
        # Where a node looks for the rules of its first two inputs; none of an op that takes any number.
        self.listed = self.variadic or not rules
        first, second, *others = (*(() if self.listed else names), "", "")
        self.rule_a, self.rule_b = rules.get(first), rules.get(second)
        # True where a node's edges to further inputs hold saved values, to be freed.
        further = set().union(*[self.needs.get(n, ()) for n in others])
        self.saves_further = self.listed or not values.isdisjoint(further)
        if register:
            if name in REGISTRY:
                raise TypeError(f"op {name} is defined twice")
            REGISTRY[name] = self
            BY_FORWARD.setdefault(forward, self)

    def _read_signature(
        self, forward: Callable[..., Any], names: tuple[str, ...], given: str
    ) -> tuple[str, ...]:
        """Inputs and options of a Python function; with `inputs` given, parameters past them are options."""
        read = []
        for position, (name, default, kind) in enumerate(_parameters(forward)):
            if kind is Parameter.KEYWORD_ONLY or (given and position >= len(names)):
                self.options[name] = default
            else:
                read.append(name)
                if default is not Parameter.empty:
                    self.optional.add(name)
                self.variadic = self.variadic or kind is Parameter.VAR_POSITIONAL
        return names if given else tuple(read)

    def _read_rule(self, of: str, rule: Rule, known: tuple[str, ...]) -> tuple[str, ...]:
        first, *needs = _names_of(rule)
        if first != "g":
            raise TypeError(
                f"op {self.name}: the rule for {of} must take the gradient first, as g, not {first}"
            )
        for need in needs:
            if need not in known:
                raise TypeError(
                    f"op {self.name}: the rule for {of} asks for {need!r}; it may ask for {', '.join(known)}"
                )
        return tuple(needs)

    def check_forms(self) -> None:
        """Raise unless the forms in `read` use names that they may: an expression g too, a function shapes.

        Raises:
            TypeError: for a form of an input without a rule, and for an unknown name.

        >>> from minigrad.ops import elementwise
        >>> elementwise.tanh.check_forms()
        """
        shapes = {f"{name}_shape" for name in self.inputs}
        known = {*self.inputs, "out", *self.constants, *self.options, *shapes}
        if self.variadic:
            known |= {"i", "others"}
        for of, form in self.read.items():
            if of not in self.rules:
                raise TypeError(f"op {self.name}: read has a form for {of!r}, which has no rule")
            if isinstance(form, str):
                allowed = {*known, "g", "n", "pi"}
                unknown = {*re.findall(_NAME, form)} - allowed
                unknown = set() if unknown and _is_words(form) else unknown
            else:
                allowed = {*known, "out_shape"}
                unknown = {*_names_of(form)} - allowed
            if unknown:
                raise TypeError(
                    f"op {self.name}: the form for {of} asks for {min(unknown)!r}; "
                    f"it may ask for {', '.join(sorted(allowed))}"
                )

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run the op: on tensors recorded, on raw arrays and numbers its bare forward.

        Arguments:
            args: the inputs in the record's order (an op that takes any number: one list of them).
            options: the record's options, by name.

        >>> import minigrad as torch
        >>> from minigrad.ops import elementwise
        >>> elementwise.square(torch.tensor([3.0]))
        tensor([9.])
        """
        for x in args[0] if self.variadic else args:
            call = getattr(type(x), "_call_op", None)
            if call is not None:
                return call(self, args, options)
        out = self.forward(*(args[0] if self.variadic else args), **options)
        return out[0] if self.constants else out

    @property
    def differentiable(self) -> bool:
        """True if it has rules; without any its results are constants.

        >>> from minigrad.ops import elementwise
        >>> elementwise.tanh.differentiable
        True
        """
        return bool(self.rules)

    def __repr__(self) -> str:
        return f"Op({self.name!r}: {self.formula})"


_NAME = r"(?<![\w.])[A-Za-z_]\w*(?![\w(])"  # but not of a function that the expression calls


def _is_words(form: str) -> bool:
    """True for a few words, which are no expression."""
    try:
        compile(form, "form", "eval")
    except SyntaxError:
        return True
    return False


def _names_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the parameters."""
    if type(function) is FunctionType and not function.__dict__:
        code = function.__code__
        if not (code.co_kwonlyargcount or code.co_flags & inspect.CO_VARARGS):  # nearly always
            return code.co_varnames[: code.co_argcount]
    return tuple(name for name, _, _ in _parameters(function))


def _parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    """(name, default, kind) of each parameter.

    Read off the code of a function: there are hundreds, and inspect.signature takes four times as long.
    """
    plain = function
    if type(function) is not FunctionType or function.__dict__:  # one that wraps another says so there
        plain = inspect.unwrap(function, stop=lambda f: hasattr(f, "__signature__"))
    if type(plain) is not FunctionType or (plain.__dict__ and hasattr(plain, "__signature__")):
        return [(p.name, p.default, p.kind) for p in inspect.signature(function).parameters.values()]
    code, empty = plain.__code__, Parameter.empty
    names, n = code.co_varnames, code.co_argcount
    defaults = plain.__defaults__ or ()
    values = (empty,) * (n - len(defaults)) + defaults
    found: list[tuple[str, Any, Any]] = [
        *zip(names, values, [Parameter.POSITIONAL_OR_KEYWORD] * n, strict=False)
    ]
    options = names[n : n + code.co_kwonlyargcount]
    if code.co_flags & inspect.CO_VARARGS:
        found.append((names[n + len(options)], empty, Parameter.VAR_POSITIONAL))
    given = plain.__kwdefaults__ or {}
    return [*found, *((name, given.get(name, empty), Parameter.KEYWORD_ONLY) for name in options)]


def _picker(positions: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A C-speed function from all values to the tuple that a rule saves."""
    if len(positions) < 2:
        return itemgetter(slice(positions[0], positions[0] + 1) if positions else slice(0))
    return itemgetter(*positions)

"""What a failed check says: which number is wrong, what the mistake looks like, how to see it again."""

import inspect
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from .._tensor import Tensor
from .diagnosis import Finding, diagnose
from .subject import Derivative, Subject, leaves

Array = Any
PRINTED = 64  # an input of more elements is not spelled out in the snippet


class GradientError(AssertionError):
    """A gradient that is not the derivative, or a function that cannot have one.

    Attributes:
        finding: the gradient beside the numbers it should have; None where it did not come to a comparison.
        looks_like: what kind of mistake it looks like; "" where nothing known fits.
    """

    def __init__(self, message: str, finding: Finding | None = None, looks_like: str = "") -> None:
        super().__init__(message)
        self.finding = finding
        self.looks_like = looks_like


class Place:
    """The call of check_grads that is under way: what its messages begin and end with."""

    def __init__(self, fn: Callable[..., Any], inputs: tuple[Any, ...], order: int, seed: int) -> None:
        self.fn, self.inputs, self.order, self.seed = fn, inputs, order, seed

    def error(
        self, subject: Subject, text: str, finding: Finding | None = None, looks_like: str = ""
    ) -> GradientError:
        return GradientError(
            f"check_grads of {_name(self.fn)}, order {subject.order}: {text}\n\n"
            f"To see it again:\n\n{self._snippet()}",
            finding,
            looks_like,
        )

    # --- before any derivative: is it a function, are these gradients ---------------------------------

    def require_function(
        self, subject: Subject, outputs: list[Array], again: list[Array], before: list[Array]
    ) -> None:
        """Outputs that are float64 and the same in each call, inputs that are left alone."""
        what = "fn" if subject.order == 1 else "backward"
        if not outputs:
            raise self.error(subject, "fn returns no floating tensor, so there is nothing to differentiate")
        for k, out in enumerate(outputs):
            if out.dtype != np.float64:
                raise self.error(
                    subject,
                    f"output {k} is {out.dtype} though the inputs are float64. "
                    "It looks like a lost dtype: something in fn converts to it",
                    looks_like="a lost dtype",
                )
        self._require_untouched(subject, what, before, "changes")
        if len(outputs) != len(again) or not all(map(_identical, outputs, again)):
            raise self.error(
                subject,
                f"{what} is not a function: two calls with the same inputs differ. Does it draw random "
                "numbers, as dropout does? Seed them inside fn, or pass them as an input",
            )

    def require_gradients(
        self,
        subject: Subject,
        gradients: list[Array | None],
        repeated: list[Array | None],
        before: list[Array],
        cotangents: list[Array],
        given: list[Array],
    ) -> None:
        """Gradients of the inputs' shapes and dtypes, repeatable, in memory of their own."""
        self._require_untouched(subject, "backward", before, "changes")
        if not all(map(_identical, cotangents, given)):
            raise self.error(
                subject, "backward writes into the gradient that it is given; it must make a new array"
            )
        for position, (g, b) in enumerate(zip(gradients, repeated, strict=True)):
            name = subject.names[position]
            x = subject.arrays[position]
            if g is None or b is None:
                if g is not b:
                    raise self.error(subject, f"{name} has a gradient in one of two backwards only")
                continue
            if g.shape != x.shape:
                raise self.error(subject, f"the gradient of {name} has shape {g.shape}, the input {x.shape}")
            if g.dtype != x.dtype:
                raise self.error(
                    subject, f"the gradient of {name} is {g.dtype}, the input {x.dtype}: a lost dtype"
                )
            if not _identical(g, b):
                raise self.error(subject, f"two backwards give different gradients of {name}")
        self._require_own_memory(subject, gradients, cotangents)

    def require_same_first_gradients(self, subject: Derivative, outputs: list[Array]) -> None:
        """A rule gives the same gradient on raw arrays and, under create_graph=True, on tensors."""
        recorded = subject.call(leaves(subject.arrays))
        for k, (out, raw) in enumerate(zip(recorded, outputs, strict=True)):
            made = out.detach().numpy()
            scale = np.abs(raw).max(initial=0.0)
            if made.shape != raw.shape or not np.allclose(
                made, raw, rtol=1e-10, atol=1e-10 * scale, equal_nan=True
            ):
                raise self.error(
                    subject,
                    f"create_graph=True changes the gradient of {subject.names[k]}",
                )

    def _require_untouched(self, subject: Subject, what: str, before: list[Array], does: str) -> None:
        for position, (x, b) in enumerate(zip(subject.arrays, before, strict=True)):
            if not _identical(x, b):
                raise self.error(
                    subject, f"{what} {does} {subject.names[position]} in place; it must leave it alone"
                )

    def _require_own_memory(
        self, subject: Subject, gradients: list[Array | None], cotangents: list[Array]
    ) -> None:
        made = [(subject.names[i], g) for i, g in enumerate(gradients) if g is not None]
        kept = [(f"the cotangent of output {k}", v) for k, v in enumerate(cotangents)]
        kept += list(zip(subject.names, subject.arrays, strict=True))
        for name, g in made:
            for other, array in kept:
                if np.shares_memory(g, array):
                    raise self.error(subject, f"the gradient of {name} shares its memory with {other}")
        for (a, g), (b, h) in combinations(made, 2):
            if np.shares_memory(g, h):
                raise self.error(subject, f"the gradients of {a} and {b} share their memory")

    # --- a wrong number -----------------------------------------------------------------------------

    def mismatch(
        self,
        subject: Subject,
        findings: Sequence[Finding],
        shapes: Sequence[tuple[int, ...]],
        cotangents: Sequence[Array],
    ) -> GradientError:
        wrong = [f for f in findings if f.wrong.any()]
        finding = wrong[0]
        others = [f for f in findings if f is not finding]
        looks_like = "" if finding.problem else diagnose(finding, others, shapes, cotangents)
        index = finding.index
        g, n, e = finding.found[index], finding.numeric[index], finding.error[index]
        what = "gradient" if subject.order == 1 else "gradient of the gradient"
        lines = [f"wrong {what} with respect to {finding.name}, of shape {finding.numeric.shape}"]
        if not np.isnan(n):
            lines[0] += f", at index {list(index)}"
            lines += ["", f"    backward     {'no gradient' if finding.gradient is None else f'{g: .12g}'}"]
            lines += [f"    differences  {n: .12g}  (within {e:.1e})"]
            if np.isfinite(g) and np.isfinite(n) and n != 0:
                lines.append(f"    ratio        {g / n: .12g}")
        lines.append("")
        counted = np.isfinite(finding.numeric)
        if counted.all():
            lines.append(f"{int(finding.wrong.sum())} of {finding.wrong.size} entries are wrong.")
        if len(wrong) > 1:
            lines.append(f"Wrong as well: {', '.join(f.name for f in wrong[1:])}.")
        if finding.problem:
            lines.append(f"{finding.problem[0].upper()}{finding.problem[1:]}.")
        if looks_like:
            lines.append(
                f"It looks like {looks_like}."
                if not looks_like.endswith("?")
                else f"It looks like {looks_like}"
            )
        return self.error(subject, "\n".join(lines), finding, looks_like)

    def _snippet(self) -> str:
        lines = ["import minigrad as torch", "from minigrad.testing import check_grads", ""]
        lines += [f"x{i} = {spelled(x)}" for i, x in enumerate(self.inputs)]
        options = f", order={self.order}" * (self.order != 1) + f", seed={self.seed}" * (self.seed != 0)
        names = "".join(f", x{i}" for i in range(len(self.inputs)))
        lines.append(f"check_grads(fn{names}{options})  # fn is {_name(self.fn)}")
        return "\n".join("    " + line if line else "" for line in lines)


def _identical(a: Array, b: Array) -> bool:
    return bool(a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True))


def _name(fn: Callable[..., Any]) -> str:
    name = getattr(fn, "__qualname__", type(fn).__name__)
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, type):  # a Function's apply: the class is what matters
        fn, name = owner, f"{owner.__qualname__}.{fn.__name__}"
    try:
        file, line = inspect.getsourcefile(fn), inspect.getsourcelines(fn)[1]
    except (TypeError, OSError):
        return name
    return f"{name} ({file}:{line})"


def spelled(x: Any) -> str:
    """An argument as the Python code that makes it."""
    if not isinstance(x, (Tensor, np.ndarray)):
        return repr(x)
    array = np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)
    if array.size > PRINTED:
        return f"...  # {array.dtype} of shape {array.shape}"
    values = repr(array.tolist()) if array.size else f"torch.zeros({array.shape}).tolist()"
    made = f"torch.tensor({values}, dtype=torch.{array.dtype})" + (
        f".reshape({array.shape})" if not array.size else ""
    )
    return made + ".requires_grad_()" * (isinstance(x, Tensor) and x.requires_grad)

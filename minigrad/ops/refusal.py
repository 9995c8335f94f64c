"""A result that hangs on an input through which no gradient can flow: backward says so, and only backward."""

from __future__ import annotations

from typing import Any, NoReturn

from .op import REAL, Op


def _given(out: Any, input: Any, *, name: str) -> Any:
    return out


def _refuse(g: Any, name: str) -> NoReturn:
    raise NotImplementedError(
        f"{name} has no derivative here, as in PyTorch, and a gradient reached it; give it the input "
        "detached, x.detach(), where none should flow"
    )


refusing: Op = Op(
    "without_derivative", _given,
    out=lambda g: g,
    input=_refuse,
    formula="none",
    domain=REAL,
    register=False,
)  # fmt: skip


def refuses(name: str, out: Any, *inputs: Any) -> Any:
    """`out`, from which a backward that reaches one of the inputs raises.

    Of inputs that need no gradient nothing is noted.
    """
    for x in inputs:
        if getattr(x, "requires_grad", False):
            out = refusing(out, x, name=name)
    return out

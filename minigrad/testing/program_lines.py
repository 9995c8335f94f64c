"""The lines of random programs: one function per kind.

Each is given the values so far, two of their names and some that are free, and returns a line that may
follow: inside the domain of its op, away from kinks. It returns None where the draw does not fit the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import minigrad as torch
from minigrad.ops.op import REGISTRY, Interval

from .draw import Drawer

Array = Any
Line = tuple[str, str]  # the names of what it makes, the expression; ("", statement) for an in-place step
Kind = Callable[[Drawer, Mapping[str, Any], str, str, list[str]], Line | None]
GAP = 0.05  # how far values keep from kinks, and from each other where they are compared


def _fits(x: Array, interval: Interval) -> bool:
    low, high, avoid = interval
    return bool(((x >= low) & (x <= high)).all() and all((np.abs(x - p) > GAP).all() for p in avoid))


def _public(name: str) -> str:
    """How a user calls an op: as a public function, or, of an op of their own, as `ops.NAME`."""
    if hasattr(torch, name):
        return f"torch.{name}"
    if hasattr(torch.nn.functional, name):
        return f"F.{name}"
    if hasattr(torch.Tensor, name) or hasattr(torch.special, name):  # a method only: contiguous
        return ""
    return f"ops.{name}"


def _domain(name: str, op: Any, operands: int) -> tuple[Interval, ...]:
    """An elementwise op's intervals, if it has so many operands, a rule for each, and a public name."""
    domain = (op.domain,) if isinstance(op.domain, Interval) else op.domain
    if len(op.rules) != len(op.inputs) or not isinstance(domain, tuple) or len(domain) != operands:
        return ()
    return domain if _public(name) else ()


# Asked anew for each line: an op that a user has registered takes part.
def _fitting(*values: Array) -> list[str]:
    domains = {name: _domain(name, op, len(values)) for name, op in REGISTRY.items()}
    return [n for n, domain in domains.items() if domain and all(map(_fits, values, domain))]


def unary(d: Drawer, scope: Mapping[str, Any], a: str, _b: str, new: list[str]) -> Line | None:
    """An op of one operand, that is smooth at its value."""
    fitting = _fitting(scope[a].numpy())
    return (new[0], f"{_public(d.choice(fitting))}({a})") if fitting else None


def binary(d: Drawer, scope: Mapping[str, Any], a: str, b: str, new: list[str]) -> Line | None:
    """An op of two operands that broadcast together."""
    left, right = scope[a].numpy(), scope[b].numpy()
    if not _broadcast(left, right):
        return None
    signs = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    fitting = _fitting(left, right)
    if (np.abs(left - right) > GAP).all():
        fitting += ["maximum", "minimum", "where"]
    if not fitting:
        return None
    name = d.choice(fitting)
    if name == "where":
        return new[0], f"torch.where({a} > {b}, {b}, {a} * 2)"
    return new[0], f"{a} {signs[name]} {b}" if name in signs else f"{_public(name)}({a}, {b})"


def shared(d: Drawer, _scope: Mapping[str, Any], a: str, _b: str, new: list[str]) -> Line | None:
    """One tensor at several places of one expression."""
    return new[0], d.choice(
        (f"{a} * {a}", f"{a} + {a} + {a}", f"{a} / ({a} * {a} + 1)", f"torch.sin({a}) * {a}")
    )


def reduction(d: Drawer, scope: Mapping[str, Any], a: str, _b: str, new: list[str]) -> Line | None:
    """A sum over axes, or its like along one axis."""
    x = scope[a].numpy()
    if x.size == 0:
        return None
    dim, keepdim = d.dims(x.shape), d.flag()
    axes = tuple(range(x.ndim)) if dim is None else dim
    kinds = [f"{a}.{name}(dim={dim}, keepdim={keepdim})" for name in ("sum", "mean")]
    kinds.append(f"torch.logsumexp({a}, dim={axes}, keepdim={keepdim})")
    if x.ndim:
        if (x.std(axes) > 0.1).all():
            kinds += [f"{a}.{name}(dim={axes}, keepdim={keepdim})" for name in ("var", "std")]
        if (np.abs(x).max(axes) > 0.1).all():
            kinds.append(f"{a}.norm(dim={axes}, keepdim={keepdim})")
        axis = d.dim(x.shape)
        kinds += [f"{a}.{name}({axis})" for name in ("cumsum", "cumprod", "prod", "softmax", "log_softmax")]
        if _apart(x, axis):
            kinds += [f"{a}.amin({axis})", f"{a}.amax({axis}, keepdim={keepdim})"]
    return new[0], d.choice(kinds)


def view(d: Drawer, scope: Mapping[str, Any], a: str, _b: str, new: list[str]) -> Line | None:
    """A view, a copy in another order, or a selection."""
    shape = scope[a].shape
    kinds = [
        f"{a}.reshape({d.reshaped(shape)})",
        f"{a}.permute({d.permutation(len(shape))})",
        f"{a}.squeeze()",
    ]
    kinds += [f"{a}.unsqueeze({d.dim((*shape, 1))})", f"{a}.expand({(2, *shape)})"]
    if len(shape) > 1:
        kinds += [f"{a}.transpose(0, {d.dim(shape)})", f"{a}.diagonal()", f"{a}.flatten()"]
    if shape and 0 not in shape:
        kinds += [f"{a}[{_spelled(d.index(shape))}]", f"{a}.narrow({d.dim(shape)}, 0, 1)"]
        kinds += [f"{a}.flip({d.dim(shape)})", f"{a}.roll(1, {d.dim(shape)})"]
    return new[0], d.choice(kinds)


def _spelled(index: Any) -> str:
    """An index as one writes it between brackets."""
    parts = index if isinstance(index, tuple) else (index,)
    if not parts:
        return "()"

    def part(p: Any) -> str:
        if isinstance(p, slice):
            ends = ["" if v is None else str(v) for v in (p.start, p.stop)]
            return ":".join(ends) + ("" if p.step is None else f":{p.step}")
        if p is Ellipsis:
            return "..."
        return (
            f"torch.tensor({p.tolist()}, dtype=torch.{p.dtype.name})"
            if isinstance(p, np.ndarray)
            else repr(p)
        )

    return ", ".join(map(part, parts))


def several(d: Drawer, scope: Mapping[str, Any], a: str, _b: str, new: list[str]) -> Line | None:
    """Several outputs of one call; integers among them are called i0, i1, ..."""
    x = scope[a].numpy()
    if not x.ndim or 0 in x.shape:
        return None
    axis = d.dim(x.shape)
    n = x.shape[axis]
    kinds = []
    if n <= len(new):
        kinds.append((", ".join(new[:n]), f"{a}.unbind({axis})" + "[0]" * (n == 1)))
    if n > 1:
        two = ", ".join(new[:2])
        kinds += [(two, f"{a}.split(({n - 1}, 1), {axis})"), (two, f"{a}.chunk(2, {axis})")]
    if _apart(x, axis):
        both = f"{new[0]}, i{new[0][1:]}"
        kinds += [(both, f"torch.{name}({a}, {axis})") for name in ("max", "min", "sort")]
        kinds.append((both, f"torch.topk({a}, {min(n, 2)}, {axis})"))
    return d.choice(kinds) if kinds else None


def indexed(d: Drawer, scope: Mapping[str, Any], a: str, b: str, new: list[str]) -> Line | None:
    """Ops that take whole numbers: which elements to read, or where to add them."""
    x, y = scope[a].numpy(), scope[b].numpy()
    if not x.ndim or 0 in x.shape:
        return None
    axis = d.dim(x.shape)
    n = x.shape[axis]
    chosen = d.ints((d.integer(1, 3),), 0, n - 1)
    rows = f"torch.tensor({chosen.tolist()})"
    like = f"torch.tensor({d.ints(x.shape, 0, n - 1).tolist()})"
    kinds = [f"torch.index_select({a}, {axis}, {rows})", f"torch.gather({a}, {axis}, {like})"]
    kinds.append(f"torch.take_along_dim({a}, {like}, {axis})")
    if x.shape == y.shape:
        kinds.append(f"torch.scatter_add({a}, {axis}, {like}, {b})")
        kinds.append(f"torch.index_add({a}, {axis}, torch.tensor({d.ints((n,), 0, n - 1).tolist()}), {b})")
    return new[0], d.choice(kinds)


def joined(d: Drawer, scope: Mapping[str, Any], a: str, b: str, new: list[str]) -> Line | None:
    """Products of matrices, and ops that take any number of tensors."""
    x, y = scope[a].numpy(), scope[b].numpy()
    kinds = []
    fits = bool(x.ndim and y.ndim) and x.shape[-1] == y.shape[-2 if y.ndim > 1 else 0]
    if fits and (x.ndim < 3 or y.ndim < 3 or x.shape[:-2] == y.shape[:-2]):
        kinds.append(f"{a} @ {b}")
    if x.ndim >= 2:
        kinds += [f"{a} @ {a}.mT", f'torch.einsum("...ij,...kj->...ik", {a}, {a})']
    if x.ndim == y.ndim == 1:
        kinds.append(f'torch.einsum("i,j->ij", {a}, {b})')
    if x.shape == y.shape:
        kinds += [
            f"torch.stack(({a}, {b}), {d.dim((*x.shape, 1))})",
            f'torch.einsum("...,...,...->...", {a}, {b}, {a})',
        ]
        if x.ndim:
            letters = "ijklmn"[: x.ndim]
            kinds.append(f'torch.einsum("{letters},{letters}->{letters[1:]}", {a}, {b})')
            kinds.append(f"torch.cat(({a}, {b}, {a}), {d.dim(x.shape)})")
    return (new[0], d.choice(kinds)) if kinds else None


def detached(_d: Drawer, _scope: Mapping[str, Any], a: str, _b: str, new: list[str]) -> Line | None:
    """A constant of the same values."""
    return new[0], f"{a}.detach()"


def in_place(d: Drawer, scope: Mapping[str, Any], a: str, b: str, new: list[str]) -> Line | None:
    """A write to any tensor but leaves, views included; or a clone, to which a later line may write.

    The program is refused if backward needs the old value.
    """
    values = {name: x.numpy() for name, x in scope.items() if name[0] in "xy" and name[1:].isdigit()}
    given = [x for name, x in values.items() if name[0] == "x"]
    free = [n for n, x in values.items() if not any(np.shares_memory(x, leaf) for leaf in given)]
    if not free or d.rarely():
        return new[0], f"{a}.clone()"
    target = free[len(free) - 1 - d.integer(0, len(free) - 1)]
    x, y = values[target], values[b]
    kinds = [f"{target}.mul_(2)", f"{target}.sin_()", f"{target}.tanh_()", f"{target}.zero_()"]
    if b != target and _broadcast(y, x, x.shape):
        kinds += [f"{target}.{name}_({b})" for name in ("add", "sub", "mul", "copy")]
    if x.size and x.ndim and x.shape[0] > 1:
        kinds += [f"{target}[0] = {target}[1] * 3", f"{target}[1:] = {target}[:-1] * 2"]
        kinds += [f"{target}[0].add_({target}[1].sum())"]
        kinds += [f"{target}[{_spelled(d.index(x.shape, repeats=False))}] = 0.5"]
    return "", d.choice(kinds)


PLAIN: tuple[Kind, ...] = (unary, binary, reduction, view, joined, shared, indexed)
KINDS: tuple[Kind, ...] = (*PLAIN, in_place, several, in_place, view, in_place, detached)


def _apart(x: Array, axis: int) -> bool:
    return bool((np.abs(np.diff(np.sort(x, axis=axis), axis=axis)) > GAP).all())


def _broadcast(x: Array, y: Array, to: Any = None) -> bool:
    try:
        return np.broadcast_shapes(x.shape, y.shape) == to or to is None
    except ValueError:
        return False

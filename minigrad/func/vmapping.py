"""vmap: a function of one sample, on many at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import levels_of_thread, set_levels
from minigrad.batching import ENTER, Level
from minigrad.functional import cat, narrow

Function = Callable[..., Any]


def vmap(
    func: Function,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Function:
    """The function that maps `func` over an axis of its arguments, all samples at once.

    Inside, a tensor has the shape of one sample. A result is that of a loop over the samples, stacked.

    Arguments:
        func: takes and returns tensors, or lists, tuples and dicts of them.
        in_dims: the axis of the samples in each argument; None for one that is the same for all. An int
            holds for all arguments, a tuple has an entry for each, which may be nested as the argument is.
            Keyword arguments are the same for all.
        out_dims: the axis of the samples in each result; None for one that does not depend on them.
        randomness: "error" where a random number is drawn; "different" ones for each sample, or the "same".
        chunk_size: how many samples are computed at once; None for all.

    Raises:
        ValueError: in_dims or out_dims do not fit, or the numbers of samples differ.
        RuntimeError: in the function, where the value of a tensor decides how to go on.

    >>> import minigrad as torch
    >>> dots = torch.vmap(torch.dot)
    >>> dots(torch.ones(2, 3), torch.arange(6.0).view(2, 3))
    tensor([ 3., 12.])

    The gradient of each sample:

    >>> loss = lambda w, x: (w * x).sum() ** 2
    >>> torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(torch.ones(2), torch.eye(2))
    tensor([[2., 0.],
            [0., 2.]])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"vmap: randomness must be 'error', 'different' or 'same', not {randomness!r}")
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"vmap: chunk_size must be None or greater than 0, not {chunk_size}")

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        if not args:
            raise ValueError(f"vmap({_name(func)}): there are no arguments to map over")
        if not isinstance(in_dims, (int, tuple)) or isinstance(in_dims, bool):
            raise ValueError(
                f"vmap({_name(func)}): in_dims must be an int or a tuple with an entry for each argument, "
                f"not {in_dims!r}"
            )
        dims = _spread(in_dims, args, f"vmap({_name(func)}): in_dims={in_dims}")
        size = _size(func, dims, args)
        if chunk_size is None or chunk_size >= size:
            return _run(func, args, kwargs, dims, out_dims, Level(size, randomness))
        parts = []
        for start in range(0, size, chunk_size):
            length = min(chunk_size, size - start)
            part = _changed(lambda x, d, s=start, n=length: narrow(x, d, s, n), args, dims)
            parts.append(_run(func, part, kwargs, dims, out_dims, Level(length, randomness)))
        return _joined(parts, _spread(out_dims, parts[0], "vmap: out_dims"))

    return mapped


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The samples behind a tensor of a mapped function, along a first axis: to look at while debugging.

    Arguments:
        tensor: any; outside of vmap it is returned as it is.
        recurse: within vmap of vmap, the samples of all of them; otherwise of the inner one.

    >>> import minigrad as torch
    >>> _ = torch.vmap(lambda x: print(torch.func.debug_unwrap(x)) or x)(torch.ones(2, 3))
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    """
    for level in reversed(levels_of_thread()):
        if level.holds(tensor):
            tensor = level.leave(tensor.detach())
            if not recurse:
                break
    return tensor


def _run(func: Function, args: Any, kwargs: Any, dims: Any, out_dims: Any, level: Level) -> Any:
    entered: list[tuple[Tensor, Tensor, Any]] = []  # what was given, and what the function sees of it

    def enter(x: Tensor, dim: int) -> Tensor:
        inner = ENTER(x.movedim(dim, 0) if dim else x, level=level)
        entered.append((x, inner, inner._array))
        return inner

    given = _changed(enter, args, dims)
    before = levels_of_thread()
    set_levels((*before, level))
    try:
        made = func(*given, **kwargs)
    finally:
        set_levels(before)
    for (x, inner, array), (_, dim) in zip(entered, _leaves(args, dims), strict=True):
        if inner._array is not array:  # the function wrote in place
            x.copy_(level.leave(inner).movedim(0, dim))
    if not _fits(out_dims):
        raise ValueError(f"vmap: out_dims must be an int, None, or a structure of them, not {out_dims!r}")
    where = _spread(out_dims, made, f"vmap({_name(func)}): out_dims={out_dims}", "results")
    return _taken_out(func, made, where, level)


def _taken_out(func: Function, made: Any, dims: Any, level: Level) -> Any:
    """The results without the level, each with the axis of the samples where it is wanted."""
    if _is_leaf(made):
        if not isinstance(made, Tensor):
            if dims is None:
                return made
            raise ValueError(
                f"vmap({_name(func)}): the function must return tensors, not {type(made).__name__}; "
                "out_dims=None is for results that do not depend on the samples"
            )
        if dims is None:
            if level.holds(made):
                raise ValueError(
                    f"vmap({_name(func)}): out_dims=None, but the result differs from sample to sample"
                )
            return made
        n = made.ndim + 1
        if not -n <= dims < n:
            raise IndexError(
                f"vmap({_name(func)}): out_dims={dims}, but the result has {n} axes with that of the samples"
            )
        out = level.leave(made)
        return out.movedim(0, dims) if dims else out
    return _rebuilt(made, [_taken_out(func, m, d, level) for m, d in _pairs(made, dims)])


def _name(func: Any) -> str:
    return getattr(func, "__name__", None) or type(func).__name__


# --- structures -----------------------------------------------------------------------------------------


def _is_leaf(x: Any) -> bool:
    return not isinstance(x, (tuple, list, dict))


def _pairs(tree: Any, dims: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, dict):
        return ((part, dims[key]) for key, part in tree.items())
    return zip(tree, dims, strict=True)


def _rebuilt(tree: Any, parts: list[Any]) -> Any:
    """A list, tuple or dict like `tree`, with other parts."""
    if isinstance(tree, dict):
        made = zip(tree, parts, strict=True)
        return type(tree)(made) if type(tree).__init__ is dict.__init__ else dict(made)
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)


def _spread(dims: Any, tree: Any, where: str, of: str = "arguments") -> Any:
    """An axis, or None, for each leaf of `tree`."""
    if _is_leaf(dims):
        if _is_leaf(tree):
            return dims
        parts = tree.values() if isinstance(tree, dict) else tree
        each = [_spread(dims, part, where, of) for part in parts]
        return dict(zip(tree, each, strict=True)) if isinstance(tree, dict) else each
    if isinstance(dims, dict) and isinstance(tree, dict) and dims.keys() == tree.keys():
        return {key: _spread(dims[key], part, where, of) for key, part in tree.items()}
    sequences = isinstance(dims, (tuple, list)) and isinstance(tree, (tuple, list))
    if sequences and len(dims) == len(tree):
        return [_spread(d, part, where, of) for d, part in zip(dims, tree, strict=True)]
    count = f" of {len(tree)}" if not _is_leaf(tree) else ""
    raise ValueError(f"{where} does not have the structure of the {of}, a {type(tree).__name__}{count}")


def _fits(dims: Any) -> bool:
    """True for ints and None, also nested."""
    if _is_leaf(dims):
        return dims is None or (isinstance(dims, int) and not isinstance(dims, bool))
    return all(map(_fits, dims.values() if isinstance(dims, dict) else dims))


def _changed(change: Function, tree: Any, dims: Any) -> Any:
    """The structure with change(tensor, axis) for each tensor that has an axis of the samples."""
    if _is_leaf(tree):
        return tree if dims is None else change(tree, dims)
    return _rebuilt(tree, [_changed(change, part, d) for part, d in _pairs(tree, dims)])


def _leaves(tree: Any, dims: Any) -> list[tuple[Any, Any]]:
    """The tensors that have an axis of the samples, with it."""
    found: list[tuple[Any, Any]] = []
    _changed(lambda x, d: found.append((x, d)), tree, dims)
    return found


def _size(func: Function, dims: Any, given: Any) -> int:
    """How many samples there are."""
    sizes: list[int] = []
    at = f"vmap({_name(func)})"
    for x, dim in _leaves(given, dims):
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise ValueError(f"{at}: an entry of in_dims must be an int or None, not {dim!r}")
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{at}: in_dims is {dim} for a {type(x).__name__}; only tensors are mapped over, so say None"
            )
        if not -x.ndim <= dim < x.ndim:
            raise ValueError(f"{at}: in_dims is {dim} for a tensor of shape {tuple(x.shape)}")
        sizes.append(x.shape[dim])
    if not sizes:
        raise ValueError(f"{at}: in_dims must name an axis of at least one tensor")
    if len(set(sizes)) > 1:
        raise ValueError(f"{at}: the arguments have different numbers of samples: {sizes}")
    return sizes[0]


def _joined(parts: list[Any], dims: Any) -> Any:
    """The results of chunks, joined along the axis of the samples."""
    first = parts[0]
    if _is_leaf(first):
        return first if dims is None else cat(parts, dims)
    columns = zip(*[p.values() if isinstance(p, dict) else p for p in parts], strict=True)
    each = dims.values() if isinstance(dims, dict) else dims
    return _rebuilt(first, [_joined(list(c), d) for c, d in zip(columns, each, strict=True)])

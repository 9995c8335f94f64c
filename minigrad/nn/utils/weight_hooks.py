"""The older weight norm and spectral norm: hooks that compute a weight before every forward."""

from __future__ import annotations

import warnings
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.creation import empty
from minigrad.nn import init
from minigrad.nn.functional import normalize
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter, is_lazy

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Split a weight into its norms `<name>_g` and its directions `<name>_v`. Returns the module.

    Before every forward the weight is computed anew, as g v / |v|. The newer form is
    `nn.utils.parametrizations.weight_norm`.

    Arguments:
        module: has the weight.
        name: its name there.
        dim: each entry along this axis has a norm of its own; None for one norm of the whole.

    Raises:
        RuntimeError: for a weight that has one already.

    >>> import minigrad as torch
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     layer = torch.nn.utils.weight_norm(torch.nn.Linear(20, 40))
    >>> [name for name, _ in layer.named_parameters()]
    ['bias', 'weight_g', 'weight_v']
    """
    warnings.warn(
        "nn.utils.weight_norm is the older form of nn.utils.parametrizations.weight_norm",
        FutureWarning,
        stacklevel=2,
    )
    hook = _WeightNorm(name, -1 if dim is None else dim)
    weight = _taken(module, name, hook)
    module.register_parameter(name + "_g", Parameter(norm_except(weight.detach(), hook.dim)))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight an ordinary parameter again, of its present value. Returns the module.

    Arguments:
        module: has the weight.
        name: its name there.

    Raises:
        ValueError: for a weight without a weight norm.

    >>> import minigrad as torch
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     layer = torch.nn.utils.weight_norm(torch.nn.Linear(2, 1))
    >>> [name for name, _ in torch.nn.utils.remove_weight_norm(layer).named_parameters()]
    ['bias', 'weight']
    """
    return _removed(module, name, _WeightNorm)


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value before every forward. Returns the module.

    The weight itself becomes `<name>_orig`; `<name>_u` and `<name>_v` are buffers. The newer form is
    `nn.utils.parametrizations.spectral_norm`.

    Arguments:
        module: has the weight.
        name: its name there.
        n_power_iterations: how many steps of the power method a forward in training makes.
        eps: keeps from dividing by 0.
        dim: the axis of the weight that is the rows of the matrix; None for that of the outputs.

    Raises:
        RuntimeError: for a weight that has one already.
        ValueError: for no iterations.

    >>> import minigrad as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(20, 40))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if dim is None:
        dim = 1 if getattr(module, "_transposed", False) else 0
    if n_power_iterations <= 0:
        raise ValueError(f"Expected n_power_iterations to be positive, but got {n_power_iterations}")
    hook = _SpectralNorm(name, n_power_iterations, dim, eps)
    weight = _taken(module, name, hook)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())
    for which, size in zip(("_u", "_v"), matrix_of(weight, dim).shape, strict=True):
        drawn = init.normal_(empty(size, dtype=weight.dtype))
        module.register_buffer(name + which, normalize(drawn, dim=0, eps=eps))
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight an ordinary parameter again, of its present value. Returns the module.

    Arguments:
        module: has the weight.
        name: its name there.

    Raises:
        ValueError: for a weight without a spectral norm.

    >>> import minigrad as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(2, 1))
    >>> list(torch.nn.utils.remove_spectral_norm(layer).state_dict())
    ['bias', 'weight']
    """
    return _removed(module, name, _SpectralNorm)


def norm_except(v: Tensor, dim: int) -> Tensor:
    """The norms of the entries along an axis, with the other axes kept; for -1, that of the whole."""
    if dim == -1:
        return v.norm()
    return v.norm(dim=tuple(i for i in range(v.ndim) if i != dim % v.ndim), keepdim=True)


def matrix_of(weight: Tensor, dim: int) -> Tensor:
    """A weight as a matrix: the rows are its entries along an axis."""
    return weight.movedim(dim, 0).flatten(1)


class _Hook:
    """Computes the weight before every forward."""

    parts: tuple[str, ...]  # the ends of the names of what it is computed from

    def __init__(self, name: str, dim: int) -> None:
        self.name, self.dim = name, dim

    def compute(self, module: Any) -> Tensor:
        raise NotImplementedError

    def __call__(self, module: Any, args: Any) -> None:
        setattr(module, self.name, self.compute(module))


class _WeightNorm(_Hook):
    parts = ("_g", "_v")

    def compute(self, module: Any) -> Tensor:
        g, v = (getattr(module, self.name + part) for part in self.parts)
        made: Tensor = v * (g / norm_except(v, self.dim))
        return made


class _SpectralNorm(_Hook):
    parts = ("_orig", "_u", "_v")

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__(name, dim)
        self.n_power_iterations, self.eps = n_power_iterations, eps

    def compute(self, module: Any) -> Tensor:
        weight, u, v = (getattr(module, self.name + part) for part in self.parts)
        matrix = matrix_of(weight, self.dim)
        if module.training:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(normalize(matrix.T.mv(u), dim=0, eps=self.eps))
                    u.copy_(normalize(matrix.mv(v), dim=0, eps=self.eps))
            u, v = u.clone(), v.clone()  # for the backward: the next forward writes to the buffers
        made: Tensor = weight / u.dot(matrix.mv(v))
        return made


def _taken(module: Any, name: str, hook: _Hook) -> Parameter:
    """The parameter, taken out of its module."""
    if any(type(known) is type(hook) and known.name == name for known in _hooks(module).values()):
        raise RuntimeError(f"{name!r} has such a norm already")
    weight: Parameter | None = module._parameters.get(name)
    if weight is None:
        raise ValueError(f"{type(module).__name__} has no parameter {name!r}")
    if is_lazy(weight):
        raise ValueError(f"{name!r} has no shape yet: call the lazy module with a batch first")
    delattr(module, name)
    return weight


def _hooks(module: Any) -> dict[int, Any]:
    return {key: hook.function for key, hook in module._forward_pre_hooks.items()}


def _removed(module: Any, name: str, kind: type[_Hook]) -> Module:
    for key, hook in _hooks(module).items():
        if type(hook) is kind and hook.name == name:
            training, module.training = module.training, False  # no power iteration
            weight = hook.compute(module).detach()
            module.training = training
            for part in ("", *hook.parts):
                delattr(module, name + part)
            del module._forward_pre_hooks[key]
            module.register_parameter(name, Parameter(weight))
            return module
    raise ValueError(f"{type(module).__name__} has no such norm of {name!r}")

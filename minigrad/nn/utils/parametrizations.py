"""Parametrizations of weights: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.creation import empty, eye, from_numpy, zeros
from minigrad.functional import cat
from minigrad.linalg.series import matrix_exp
from minigrad.linalg.solving import solve
from minigrad.nn import init
from minigrad.nn.functional import normalize
from minigrad.nn.module import Layer, Module
from minigrad.nn.utils import parametrize
from minigrad.nn.utils.weight_hooks import matrix_of, norm_except

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Split a weight into its norms g and its directions v: weight = g v / |v|. Returns the module.

    They are `module.parametrizations.<name>.original0` (g) and `original1` (v). State dicts with the older
    names `<name>_g` and `<name>_v` load too.

    Arguments:
        module: has the weight.
        name: its name there.
        dim: each entry along this axis has a norm of its own; None for one norm of the whole.

    Source: Salimans and Kingma, "Weight normalization" (2016), equation 2.

    >>> import minigrad as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape, layer.parametrizations.weight.original1.shape
    (torch.Size([40, 1]), torch.Size([40, 20]))
    """
    parametrize.register_parametrization(module, name, _WeightNorm(-1 if dim is None else dim), unsafe=True)
    module._register_load_state_dict_pre_hook(_OlderNames(name))
    return module


class _OlderNames:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        pairs = {"_g": "original0", "_v": "original1"}
        if all(prefix + self.name + old in state_dict for old in pairs):
            for old, new in pairs.items():
                place = f"{prefix}parametrizations.{self.name}.{new}"
                state_dict[place] = state_dict.pop(prefix + self.name + old)


class _WeightNorm(Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, g: Tensor, v: Tensor) -> Tensor:
        return v * (g / norm_except(v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value, so that the layer stretches nothing. Returns the module.

    The singular value is u · W v; in training each reading of the weight takes u and v, which are buffers,
    nearer to the singular vectors.

    Arguments:
        module: has the weight, which is reshaped to a matrix.
        name: its name there.
        n_power_iterations: how many steps of the power method a reading in training makes.
        eps: keeps from dividing by 0.
        dim: the axis of the weight that is the rows of the matrix; None for that of the outputs.

    Raises:
        ValueError: for a name that the module does not have, and for no iterations.
        IndexError: for a dim that the weight does not have.

    Source: Miyato et al., "Spectral normalization for generative adversarial networks" (2018), algorithm 1.

    >>> import minigrad as torch
    >>> layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(20, 40))
    >>> bool(abs(np.linalg.svd(layer.weight.detach(), compute_uv=False)[0] - 1) < 0.1)
    True
    """
    weight = _weight(module, name)
    if dim is None:
        dim = 1 if getattr(module, "_transposed", False) else 0
    return parametrize.register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps)
    )


class _SpectralNorm(Layer):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"spectral_norm: Dimension out of range (expected to be in [{-weight.ndim}, "
                f"{weight.ndim - 1}], but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(f"n_power_iterations must be positive, and it is {n_power_iterations}")
        self.dim = dim % weight.ndim
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.ndim > 1:
            matrix = matrix_of(weight, self.dim)
            for which, size in zip(("_u", "_v"), matrix.shape, strict=True):
                drawn = init.normal_(empty(size, dtype=weight.dtype))
                self.register_buffer(which, normalize(drawn, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _power_method(self, matrix: Tensor, times: int) -> None:
        with no_grad():
            for _ in range(times):
                self._u.copy_(normalize(matrix.mv(self._v), dim=0, eps=self.eps))
                self._v.copy_(normalize(matrix.T.mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = matrix_of(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # for the backward: a later reading writes to the buffers
        return weight / u.dot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keep a matrix orthogonal: its columns (of a wide one, its rows) have length 1, at right angles.

    Returns the module. A weight that is not orthogonal becomes so at once.

    Arguments:
        module: has the weight, a matrix.
        name: its name there.
        orthogonal_map: "matrix_exp", exp(A) of a skew-symmetric A; "cayley",
            (I + A/2) (I - A/2)^-1; "householder", a product of reflections. None takes the first for a
            square matrix, the last for another.
        use_trivialization: whether the map starts at the present weight, kept in the buffer `base`.

    Raises:
        ValueError: for a name that the module does not have, a vector, an unknown map.

    Source: Lezcano-Casado, "Trivializations for gradient-based optimization on manifolds" (2019).

    >>> import minigrad as torch
    >>> layer = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(20, 40))
    >>> torch.allclose(layer.weight.T @ layer.weight, torch.eye(20), atol=1e-5)
    True
    """
    weight = _weight(module, name)
    if weight.ndim != 2:
        raise ValueError(f"orthogonal: expected a matrix, but {name!r} has shape {tuple(weight.shape)}")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[0] == weight.shape[1] else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f"orthogonal_map has to be 'matrix_exp', 'cayley' or 'householder', not {orthogonal_map!r}"
        )
    made = _Orthogonal(tuple(weight.shape), orthogonal_map, use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)


class _Orthogonal(Layer):
    base: Tensor | None

    def __init__(self, shape: tuple[int, ...], orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape = shape
        self.orthogonal_map = orthogonal_map
        self.use_trivialization = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[0] < x.shape[1]
        x = x.T if wide else x
        n, k = x.shape
        if self.orthogonal_map == "householder":
            q = _reflected(x)
        else:
            x = x.tril()
            if n != k:
                x = cat([x, zeros(n, n - k, dtype=x.dtype)], 1)
            skew = x - x.T
            q = matrix_exp(skew) if self.orthogonal_map == "matrix_exp" else _cayley(skew)
            q = q[:, :k]
        if self.use_trivialization and self.base is not None:
            q = self.base @ q
        return q.T if wide else q

    def right_inverse(self, value: Tensor) -> Tensor:
        if tuple(value.shape) != self.shape:
            raise ValueError(
                f"orthogonal: expected a matrix of shape {self.shape}, but got {tuple(value.shape)}"
            )
        wide = value.shape[0] < value.shape[1]
        q = np.array(value.detach().T if wide else value.detach())
        n, k = q.shape
        if self.use_trivialization:
            if n != k:
                drawn = init.normal_(empty(n, n - k, dtype=value.dtype))
                q = np.concatenate([q, np.asarray(drawn)], 1)
            if n != k or not np.allclose(q.T @ q, np.eye(n), atol=10 * n * np.finfo(q.dtype).eps):
                q = _nearest_orthogonal(q)
            self.base = from_numpy(q)
            return eye(*self.shape, dtype=value.dtype) * -1.0
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                f"nothing can be assigned to a weight with orthogonal_map={self.orthogonal_map!r} and "
                "use_trivialization=False: that map has no inverse here"
            )
        raw, tau = np.linalg.qr(q, mode="raw")
        found = np.array(raw.T)
        signs = np.sign(np.diagonal(found)).copy()
        signs[tau == 0] *= -1
        np.fill_diagonal(found, signs)
        return from_numpy(found.T.copy() if wide else found)


def _weight(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"{type(module).__name__} has no parameter or buffer {name!r}")
    return weight


def _nearest_orthogonal(q: Any) -> Any:
    """The orthogonal factor of a matrix, with the signs that make the diagonal of the other positive."""
    q, r = np.linalg.qr(q)
    return q * np.sign(np.diagonal(r))


def _reflected(x: Tensor) -> Tensor:
    """The first columns of the product of the reflections along the columns below the diagonal, with signs.

    The signs are those on the diagonal, through which no gradient flows.
    """
    n, k = x.shape
    below = x.tril(-1)
    scale = 2.0 / (1.0 + (below * below).sum(0))
    v = below + eye(n, k, dtype=x.dtype)
    q = eye(n, k, dtype=x.dtype)
    for j in range(k - 1, -1, -1):
        along = v[:, j : j + 1]
        q = q - scale[j] * along @ (along.T @ q)
    return q * from_numpy(np.trunc(np.diagonal(np.asarray(x.detach()))))


def _cayley(a: Tensor) -> Tensor:
    """(I - A/2)^-1 (I + A/2)."""
    identity = eye(a.shape[0], dtype=a.dtype)
    return solve(identity - 0.5 * a, identity + 0.5 * a)

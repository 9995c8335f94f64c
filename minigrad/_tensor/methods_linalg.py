"""The methods of Tensor that load with linear algebra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .later import Later
from .record import Recorded


def _of_matrices(name: str, home: str = "older") -> Any:
    return getattr(import_module(f"minigrad.linalg.{home}"), name)


class Matrices(Recorded):
    """The methods of linear algebra."""

    __slots__ = ()

    cholesky = Later(_of_matrices, "cholesky")
    cholesky_inverse = Later(_of_matrices, "cholesky_inverse")
    cholesky_solve = Later(_of_matrices, "cholesky_solve")
    det = Later(_of_matrices, "det")
    geqrf = Later(_of_matrices, "geqrf", "householder")
    inverse = Later(_of_matrices, "inverse")
    logdet = Later(_of_matrices, "logdet")
    lu = Later(_of_matrices, "lu")
    lu_solve = Later(_of_matrices, "lu_solve")
    matrix_exp = Later(_of_matrices, "matrix_exp", "series")
    matrix_power = Later(_of_matrices, "matrix_power")
    orgqr = Later(_of_matrices, "orgqr", "householder")
    ormqr = Later(_of_matrices, "ormqr", "householder")
    pinverse = Later(_of_matrices, "pinverse")
    qr = Later(_of_matrices, "qr")
    slogdet = Later(_of_matrices, "slogdet")
    svd = Later(_of_matrices, "svd")
    triangular_solve = Later(_of_matrices, "triangular_solve")

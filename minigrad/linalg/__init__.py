"""Linear algebra on matrices: the last two axes; all axes before them are a batch.

Arguments of many functions:
    A: a floating tensor of shape (..., m, n); square ones are (..., n, n).
    B: the right-hand sides, of shape (..., n, k); or (..., n), vectors, as each function says.
    dim: an axis, or a pair of axes; None for all.
    keepdim: whether these axes stay, with size 1.
    dtype: convert the input to it first.
    out: a tensor to write the result into, or a tuple of them; it goes with no gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later
from minigrad._tensor.out import taking_out, taking_out_if_known
from minigrad.linalg import vectors

if TYPE_CHECKING:
    from .errors import LinAlgError
    from .factors import cholesky, cholesky_ex, eigh, eigvalsh, qr, svd, svdvals
    from .householder import householder_product
    from .ldl import ldl_factor, ldl_factor_ex, ldl_solve
    from .norms import cond, matrix_norm, matrix_rank, norm
    from .pivoted import lu, lu_factor, lu_factor_ex, lu_solve
    from .products import (
        cross,
        diagonal,
        matmul,
        matrix_power,
        multi_dot,
        vander,
        vecdot,
    )
    from .series import matrix_exp
    from .solving import (
        det,
        inv,
        inv_ex,
        lstsq,
        pinv,
        slogdet,
        solve,
        solve_ex,
        solve_triangular,
        tensorinv,
        tensorsolve,
    )
else:
    __getattr__, __dir__ = loaded_later(
        __name__,
        {
            "errors": "LinAlgError",
            "factors": "cholesky cholesky_ex eigh eigvalsh qr svd svdvals",
            "householder": "householder_product",
            "ldl": "ldl_factor ldl_factor_ex ldl_solve",
            "norms": "cond matrix_norm matrix_rank norm",
            "pivoted": "lu lu_factor lu_factor_ex lu_solve",
            "products": "cross diagonal matmul matrix_power multi_dot vander vecdot",
            "series": "matrix_exp",
            "solving": "det inv inv_ex lstsq pinv slogdet solve solve_ex solve_triangular tensorinv "
            "tensorsolve",
        },
        lambda name, function: taking_out_if_known(f"linalg.{name}", function),
    )

vector_norm = taking_out(vectors.vector_norm, "linalg.vector_norm")

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu",
    "lu_factor", "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power",
    "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular",
    "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip

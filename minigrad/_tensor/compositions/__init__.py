"""Functions of tensors that need no rule of their own: a few ops, in the order PyTorch's user expects.

They use tensors' own methods only, so they stand below the class that offers them as methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later

if TYPE_CHECKING:
    from .algebra import addcdiv, addcmul, addmm, bmm, dot, einsum, lerp, mm, mv, norm, outer
    from .choosing import allclose, argwhere, equal, isclose, mask_of, masked_fill, nonzero
    from .index import gather, index_add, index_select, scatter, scatter_add, take_along_dim
    from .shape import chunk, diag, flatten, movedim, narrow, repeat_sizes, split, t, unbind
else:
    __getattr__, __dir__ = loaded_later(
        __name__,
        {
            "algebra": "addcdiv addcmul addmm bmm dot einsum lerp mm mv norm outer",
            "choosing": "allclose argwhere equal isclose mask_of masked_fill nonzero",
            "index": "gather index_add index_select scatter scatter_add take_along_dim",
            "shape": "chunk diag flatten movedim narrow repeat_sizes split t unbind",
        },
    )

__all__ = [
    "addcdiv",
    "addcmul",
    "addmm",
    "allclose",
    "argwhere",
    "bmm",
    "chunk",
    "diag",
    "dot",
    "einsum",
    "equal",
    "flatten",
    "gather",
    "index_add",
    "index_select",
    "isclose",
    "lerp",
    "mask_of",
    "masked_fill",
    "mm",
    "movedim",
    "mv",
    "narrow",
    "nonzero",
    "norm",
    "outer",
    "repeat_sizes",
    "scatter",
    "scatter_add",
    "split",
    "t",
    "take_along_dim",
    "unbind",
]

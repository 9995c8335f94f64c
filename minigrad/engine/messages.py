"""The words of the errors: what happened, where, the likely cause, and the fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def _where(node: Any) -> str:
    if node.op is None:
        return f"a leaf of shape {tuple(node.shape)}"
    line = node.watch.line if node.watch is not None else ""
    return f"{node.op.name} (output shape {tuple(node.shape)}{', recorded at ' + line if line else ''})"


def freed(node: Any) -> str:
    return (
        f"Trying to backward through the graph a second time: an earlier backward freed the tensors that "
        f"{_where(node)} had saved. Compute the loss anew in every step, and detach() a state that you carry "
        "from one step to the next. To walk the same graph twice, give the first backward retain_graph=True."
    )


def saved_inference(node: Any, array: Any) -> str:
    return (
        f"Inference tensors cannot be saved for backward: {_where(node)} would save a tensor of shape "
        f"{tuple(array.shape)} that was made in inference_mode(). Give the op a clone() of it, or make it "
        "under no_grad()"
    )


def written_inference(name: str, shape: Any) -> str:
    return (
        f"Inplace update to inference tensor outside InferenceMode is not allowed: {name} would write a "
        f"tensor of shape {tuple(shape)} that was made in inference_mode(). Write to a clone() of it"
    )


def replaced(array: Any) -> str:
    return (
        f"this view is out of date: an in-place op on the whole tensor replaced its storage, a "
        f"{type(array).__name__}. Take the view again, after the write"
    )


def mixed_storage(arrays: Iterable[Any]) -> str:
    """More words, where the operands of an op that failed are arrays of several libraries."""
    kinds = sorted({f"{type(x).__module__}.{type(x).__name__}" for x in arrays})
    return f". The operands are {' and '.join(kinds)}, which may not combine" if len(kinds) > 1 else ""


def foreign_view(name: str, array: Any) -> str:
    return (
        f"{name} on a view: the storage is a {type(array).__name__} of {type(array).__module__}, and such an "
        "array cannot be written in part. Give the whole tensor a new value, with torch.where or torch.cat"
    )


def stale(node: Any, array: Any) -> str:
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"{_where(node)} saved a tensor of shape {tuple(array.shape)} that was written after that. "
        "Use the out-of-place form (x = x + 1, not x += 1), or clone() the tensor before writing to it."
    )


def once(node: Any) -> str:
    assert node.op is not None
    return f"{_where(node)} has no second derivative: {node.op.once}"


def hook_result(node: Any, replaced: Any) -> str:
    got = f"a {type(replaced).__name__}"
    if hasattr(replaced, "dtype"):
        got += f" of shape {tuple(replaced.shape)} and dtype {replaced.dtype.name}"
    return (
        f"a hook on {_where(node)} must return None, to leave the gradient as it is, or a Tensor of its "
        f"shape {tuple(node.shape)} and dtype {node.dtype.name}; it returned {got}"
    )


def no_graph(what: str = "element 0 of tensors", dtype: Any = None) -> str:
    text = f"{what} does not require grad and does not have a grad_fn: "
    if dtype is not None and dtype.kind != "f":
        return text + (
            f"its dtype is {dtype}, and only floats have gradients. Comparisons, argmax and conversions to "
            "integers or booleans end a graph; use where() or a smooth form of the step."
        )
    return text + (
        "nothing behind this output requires grad. Either all inputs are constants (make one with "
        "requires_grad=True), or the history was cut by detach(), or the output was computed under "
        "no_grad(), or it is a gradient that was made without create_graph=True, or torch.tensor() copied "
        "the values of tensors (use torch.stack)."
    )


def not_scalar(shape: Any) -> str:
    return (
        f"grad can be implicitly created only for scalar outputs, and this one has shape {shape}. Reduce it "
        f"(.sum() or .mean()), or give backward a gradient of shape {shape}."
    )


def gradient_shape(given: Any, shape: Any) -> str:
    text = f"the gradient has shape {tuple(given)}, but the output has shape {tuple(shape)}"
    try:
        fits = np.broadcast_shapes(given, shape) == tuple(shape)
    except ValueError:
        fits = False
    if fits:
        return (
            f"Mismatch in shape: {text}. They would broadcast, which may hide a mistake. Say that it is "
            f"meant with gradient.expand({tuple(shape)})."
        )
    return f"Mismatch in shape: {text}. They must be equal."


def leaf_in_place(name: str, shape: Any, view: bool = False) -> str:
    return (
        f"a {'view of a ' if view else ''}leaf Variable that requires grad is being used in an in-place "
        f"operation: {name} on {'a view of ' if view else ''}a leaf of shape {shape}. Nothing was written. "
        "Update a parameter inside `with no_grad():`. For a new tensor of the graph give the result another "
        "name (y = x + 1): the leaf keeps its name and its .grad."
    )


def not_writable(name: str) -> str:
    return (
        f"{name}: this tensor cannot be written: its elements share memory (expand) or belong to a read-only "
        "array. Nothing was written; clone() it first."
    )


def overlapping(name: str) -> str:
    return (
        f"{name}: unsupported operation: more than one element of the written-to tensor refers to a single "
        "memory location (expand). Nothing was written; clone() the tensor first."
    )


def index_dtype(value: Any, own: Any) -> str:
    return (
        f"assignment by index: Index put requires the source and destination dtypes match, got {own} for the "
        f"destination and {value} for the source. Nothing was written; convert with .to({own})."
    )


def assignment(name: str, value: Any, selected: Any) -> str:
    return (
        f"{name}: a value of shape {tuple(value)} does not broadcast to the selected elements, of shape "
        f"{tuple(selected)}. Nothing was written."
    )


def narrower(name: str, result: Any, own: Any) -> str:
    return (
        f"{name}: result type {result} can't be cast to the desired output type {own}. Nothing was written. "
        f"Use the out-of-place form, or convert the tensor first with .to({result})."
    )


def unrecorded_view(name: str, node: Any) -> str:
    return (
        f"{name}: this view was made under no_grad(), and gradients are recorded now. The viewed tensor is "
        f"an output of {_where(node)}, and its history would miss the write. Nothing was written. "
        "Make the view outside of no_grad(), or write to it inside."
    )


def odd_layout() -> str:
    return (
        "this in-place op on a view cannot be recorded: in memory the elements of the viewed tensor are not "
        "a whole number of elements apart (a field of a structured array). clone() the tensor first"
    )


def non_leaf_grad(node: Any) -> str:
    return (
        f"the .grad of a tensor that is not a leaf is not kept, so it is None; this tensor is an output of "
        f"{_where(node)}. Did a leaf have this name before (x = x + 1, x = x.to(...))? Then the leaf has the "
        "gradient: give the result another name, or update a parameter inside no_grad(). Otherwise call "
        "retain_grad() on this tensor before backward."
    )


def unused(position: int) -> str:
    return (
        f"One of the differentiated Tensors appears to not have been used in the graph: input {position} has "
        "no path to the outputs. Set allow_unused=True to get None for it, or materialize_grads=True "
        "for zeros."
    )


def numpy_of_recorded() -> str:
    return (
        "Can't call numpy() on Tensor that requires grad: the graph does not record an array. "
        "Use tensor.detach().numpy(), which shares the memory."
    )


def cut_by_conversion(name: str, instead: str) -> str:
    return (
        "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior: "
        f"{name} leaves the graph, and no gradient flows through the number. Consider using tensor.detach() "
        f"first, to say that this is meant; {instead}."
    )


def cut_by_copy(name: str, instead: str) -> str:
    return (
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone(): "
        f"{name} leaves the graph, and no gradient flows through the copy; {instead}."
    )


def integer_leaf(dtype: Any) -> str:
    return (
        f"only Tensors of floating point dtype can require gradients, and this one is {dtype}. Write the "
        "numbers as floats (3.0, not 3), or give a dtype: dtype=float32."
    )


def operand(name: str, position: int, value: Any) -> str:
    kind = type(value).__name__
    hint = "; make one with tensor(...)" if isinstance(value, (list, tuple, int, float)) else ""
    return f"{name}(): argument {position + 1} must be a Tensor, not {kind}{hint}"


def mixed_dtypes(name: str, dtypes: Iterable[Any]) -> str:
    kinds = list(dict.fromkeys(str(d) for d in dtypes))
    return (
        f"{name}: expected operands of the same dtype, but got {' and '.join(kinds)}. Convert one: "
        f".to({kinds[0]}) or .to({kinds[-1]})."
    )


def failed(name: str, shapes: list[Any], error: BaseException) -> str:
    """The error of a forward, with the op and the shapes; for a product, with the sizes that differ."""
    shown = " and ".join(str(s) for s in shapes)
    if name in ("matmul", "linear") and len(shapes) >= 2 and all(shapes[:2]):
        return _product_mismatch(name, shapes, shown)
    if name == "matmul":
        return (
            "matmul: both operands need at least one dimension, and a number has none; the shapes are "
            f"{shown}. Multiply by a number with *."
        )
    text = str(error).replace(" for axis ", " for dimension ")  # PyTorch's word
    if len(shapes) == 2 and text.startswith("operands could not be broadcast together with shapes"):
        return _broadcast_mismatch(name, shapes, shown)
    if text.startswith(name):
        return text
    if shapes:
        text += f"; the shapes are {shown}" if len(shapes) > 1 else f"; the input has shape {shown}"
    return f"{name}: {text}"


def _product_mismatch(name: str, shapes: list[Any], shown: str) -> str:
    a, b = shapes[:2]
    inner = a[-1]
    if name == "linear":
        wrong = b[-1] if len(b) == 2 else b
        text = (
            f"linear: mat1 and mat2 shapes cannot be multiplied: the input {a} ends in {inner} features, the "
            f"weight {b} expects {wrong}."
        )
        return text + (
            f" Did you mean a weight of shape {b[::-1]} (W.T)?" if len(b) == 2 and b[0] == inner else ""
        )
    facing = b[-2] if len(b) > 1 else b[0]
    text = f"matmul: mat1 and mat2 shapes cannot be multiplied ({shown}): "
    if inner == facing:
        return text + "their leading (batch) axes do not broadcast."
    text += f"{inner} columns of the first meet {facing} rows of the second."
    if len(b) == 2 and b[-1] == inner:
        return text + f" Did you mean W.T, the second transposed: {a} @ {b[::-1]}?"
    if len(a) == 2 and a[0] == facing:
        return text + f" Did you mean W.T, the first transposed: {a[::-1]} @ {b}?"
    return text


def _broadcast_mismatch(name: str, shapes: list[Any], shown: str) -> str:
    a, b = shapes
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            axis = max(len(a), len(b)) - back
            return (
                f"{name}: the size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) at "
                f"non-singleton dimension {axis}; the shapes are {shown}. Axes are compared from the last "
                "one; unsqueeze() adds an axis of length 1 where one is meant to be repeated."
            )
    return f"{name}: shapes {shown} do not broadcast"

"""A table of what a model's layers make of an input: shapes, parameters, memory."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.nn.module import Module


class Row:
    """One call of one layer; bytes are those of its own parameters and buffers, and of its output."""

    def __init__(self, name: str, kind: str, depth: int) -> None:
        self.name, self.kind, self.depth = name, kind, depth
        self.output = ""
        self.parameters = 0
        self.parameter_bytes = 0
        self.output_bytes = 0


class Summary:
    """The result of `summary`; printing it gives the table.

    Totals count a shared parameter once, and the output of layers without sublayers only.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.parameters = 0
        self.trainable = 0
        self.parameter_bytes = 0
        self.output_bytes = 0

    def __str__(self) -> str:
        head = ("layer", "output", "parameters", "weights", "activations")
        cells = [head]
        for row in self.rows:
            label = f"{'  ' * row.depth}{f'{row.name} {row.kind}'.strip()}"
            sizes = (_bytes(row.parameter_bytes), _bytes(row.output_bytes))
            cells.append((label, row.output, f"{row.parameters:,}", *sizes))
        sizes = (_bytes(self.parameter_bytes), _bytes(self.output_bytes))
        cells.append(("total", "", f"{self.parameters:,}", *sizes))
        widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
        lines = []
        for line in cells:
            left = [text.ljust(width) for text, width in zip(line[:2], widths, strict=False)]
            right = [text.rjust(width) for text, width in zip(line[2:], widths[2:], strict=True)]
            lines.append("  ".join(left + right))
        rule = "-" * len(lines[0])
        lines[1:1] = [rule]
        lines[-1:-1] = [rule]
        if self.trainable != self.parameters:
            lines.append(f"trainable {self.trainable:,}")
        return "\n".join(lines)

    __repr__ = __str__


def summary(model: Module, *inputs: Any) -> Summary:
    """Call the model once on the inputs, in evaluation mode and without recording; tabulate its layers.

    Returns a `Summary`: one row per call of a layer, in the order of the calls, a layer above its
    sublayers. The model is left as it was, mode and hooks included.

    >>> import minigrad as torch
    >>> print(torch.nn.summary(torch.nn.MLP(4, 5, 3), torch.ones(2, 4)))
    layer       output  parameters  weights  activations
    ----------------------------------------------------
    MLP         (2, 3)          43    172 B         24 B
      0 Linear  (2, 5)          25    100 B         40 B
      1 ReLU    (2, 5)           0      0 B         40 B
      2 Linear  (2, 3)          18     72 B         24 B
    ----------------------------------------------------
    total                       43    172 B        104 B
    """
    found = Summary()
    names = {id(module): path.rpartition(".")[2] for path, module in model.named_modules()}
    modes = [(module, module.training) for module in model.modules()]
    open_rows: list[Row] = []

    def enter(module: Module, args: Any) -> None:
        row = Row(names[id(module)], type(module).__name__, len(open_rows))
        found.rows.append(row)
        open_rows.append(row)

    def leave(module: Module, args: Any, output: Any) -> None:
        row = open_rows.pop()
        row.output = _shape(output)
        row.output_bytes = sum(map(_nbytes, _tensors(output)))
        row.parameters = sum(p.numel() for p in module.parameters())
        row.parameter_bytes = sum(map(_nbytes, [*module.parameters(), *module.buffers()]))
        if not module._modules:
            found.output_bytes += row.output_bytes

    with ExitStack() as stack:
        for module in model.modules():
            stack.enter_context(module.register_forward_pre_hook(enter))
            stack.enter_context(module.register_forward_hook(leave))
        try:
            with no_grad():
                model.eval()(*inputs)
        finally:
            for module, training in modes:
                module.training = training
    parameters = list(model.parameters())
    found.parameters = sum(p.numel() for p in parameters)
    found.trainable = sum(p.numel() for p in parameters if p.requires_grad)
    found.parameter_bytes = sum(map(_nbytes, [*parameters, *model.buffers()]))
    return found


def _tensors(output: Any) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, dict):
        output = output.values()
    elif not isinstance(output, list | tuple):
        return []
    return [tensor for part in output for tensor in _tensors(part)]


def _shape(output: Any) -> str:
    if isinstance(output, Tensor):
        return str(tuple(output.shape))
    return " ".join(str(tuple(tensor.shape)) for tensor in _tensors(output)) or type(output).__name__


def _nbytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.dtype.itemsize


def _bytes(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    size = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        size /= 1024
        if size < 1024 or unit == "TiB":
            return f"{size:.1f} {unit}"
    raise AssertionError

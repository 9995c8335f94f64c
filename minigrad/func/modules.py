"""The parameters of several modules as one stack, and what must be done to a module before vmap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.functional import stack
from minigrad.nn.module import Module


def stack_module_state(models: Sequence[Module] | Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters, buffers) of modules of one class, by name, each stacked along a new first axis.

    The stacks of parameters are leaves: an ensemble is trained as one, by `vmap` and `functional_call`.

    Arguments:
        models: modules of the same class, all in training mode or none.

    Raises:
        RuntimeError: for no module, and modules that differ in class, in mode, or in requires_grad.

    >>> import minigrad as torch
    >>> models = [torch.nn.Linear(2, 1) for _ in range(3)]
    >>> parameters, buffers = torch.func.stack_module_state(models)
    >>> call = lambda p, x: torch.func.functional_call(models[0], p, (x,))
    >>> torch.vmap(call, in_dims=(0, None))(parameters, torch.ones(5, 2)).shape
    torch.Size([3, 5, 1])
    """
    modules = list(models)
    if not modules:
        raise RuntimeError("stack_module_state: expected at least one model, got 0")
    if len({type(m) for m in modules}) > 1:
        names = sorted({type(m).__name__ for m in modules})
        raise RuntimeError(f"stack_module_state: expected models of the same class, got {', '.join(names)}")
    if len({m.training for m in modules}) > 1:
        raise RuntimeError("stack_module_state: expected all models in training mode, or all in eval mode")
    parameters = _stacked([m.named_parameters() for m in modules])
    return parameters, _stacked([m.named_buffers() for m in modules])


def _stacked(named: list[Iterable[tuple[str, Tensor]]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for row in zip(*named, strict=True):
        name, tensors = row[0][0], [x for _, x in row]
        wants = {x.requires_grad for x in tensors}
        if len(wants) > 1:
            raise RuntimeError(f"stack_module_state: {name} requires grad in some models and not in others")
        with no_grad():
            joined = stack(tensors)
        made[name] = joined.requires_grad_(wants.pop())
    return made


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Let every BatchNorm of a module use the statistics of its batch only; returns the module.

    Within vmap the running statistics cannot be updated: they belong to all samples.

    Arguments:
        root: the module, which is changed.

    >>> import minigrad as torch
    >>> torch.func.replace_all_batch_norm_modules_(torch.nn.BatchNorm1d(2)).running_mean is None
    True
    """
    for module in root.modules():
        module.track_running_stats = False
        module.running_mean = module.running_var = module.num_batches_tracked = None
    return root

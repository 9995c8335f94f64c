"""The wrapper that shares a batch among devices: here there is one, which gets all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad.nn.module import Module
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


class DataParallel(Module):
    """A module that calls another, `module`; the names in its `state_dict` begin with "module.".

    PyTorch's shares the batch among the GPUs of a machine, and where it has none does no more than this.

    Arguments:
        module: that is called.
        device_ids, output_device, dim: accepted; there is no GPU to choose.

    >>> import minigrad as torch
    >>> model = torch.nn.DataParallel(torch.nn.Linear(2, 1))
    >>> model(torch.ones(3, 2)).shape, list(model.state_dict())
    (torch.Size([3, 1]), ['module.weight', 'module.bias'])
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The output of the module.

        Arguments:
            inputs, kwargs: the module's.
        """
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Any = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: Any = None,
) -> Any:
    """`DataParallel` as a function.

    Arguments:
        module: that is called.
        inputs: its argument, or a tuple of them.
        device_ids, output_device, dim: accepted; there is no GPU to choose.
        module_kwargs: its named arguments.

    >>> import minigrad as torch
    >>> torch.nn.parallel.data_parallel(torch.nn.ReLU(), torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


class DistributedDataParallel(Module):
    """Refused: minigrad computes in one process.

    Arguments:
        module: the module.
        options: PyTorch's.

    Raises:
        RuntimeError: always.

    >>> import minigrad as torch
    >>> torch.nn.parallel.DistributedDataParallel(torch.nn.ReLU())
    Traceback (most recent call last):
    RuntimeError: DistributedDataParallel: minigrad computes in one process; call the module itself
    """

    def __init__(self, module: Module, *options: Any, **more: Any) -> None:
        raise RuntimeError(
            "DistributedDataParallel: minigrad computes in one process; call the module itself"
        )

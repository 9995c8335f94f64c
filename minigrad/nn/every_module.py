"""Hooks of all modules at once, which PyTorch keeps in `torch.nn.modules.module`.

A call of a module costs nothing more while there are none: the first hook exchanges the method that calls
modules, the removal of the last one puts it back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad._tensor.handle import RemovableHandle
from minigrad.nn.hooks import (
    EVERY_AFTER,
    EVERY_BACKWARD,
    EVERY_BACKWARD_BEFORE,
    EVERY_BEFORE,
    Hook,
    checked,
)
from minigrad.nn.module import watch_every_call


class _Handle(RemovableHandle):
    """Puts the plain call back with the last hook."""

    def remove(self) -> None:
        super().remove()
        if not (EVERY_BEFORE or EVERY_AFTER or EVERY_BACKWARD or EVERY_BACKWARD_BEFORE):
            watch_every_call(False)


def _register(hooks: dict[int, Any], hook: Any) -> RemovableHandle:
    handle = _Handle(hooks, hook)
    watch_every_call(True)
    return handle


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before every forward of every module; what is not None replaces args.

    Arguments:
        hook: the function.

    >>> import minigrad as torch
    >>> from minigrad.nn.modules.module import register_module_forward_pre_hook
    >>> with register_module_forward_pre_hook(lambda module, args: print(type(module).__name__)):
    ...     _ = torch.nn.Sequential(torch.nn.ReLU())(torch.ones(1))
    Sequential
    ReLU
    """
    return _register(EVERY_BEFORE, Hook(checked(hook), False))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after every forward of every module; its result replaces the output.

    Arguments:
        hook: the function.
        with_kwargs: whether it is `hook(module, args, kwargs, output)`.
        always_call: only False is possible: a forward that raises calls no hooks.

    >>> import minigrad as torch
    >>> from minigrad.nn.modules.module import register_module_forward_hook
    >>> with register_module_forward_hook(lambda module, args, output: output + 1):
    ...     torch.nn.ReLU()(torch.zeros(1))
    tensor([1.])
    """
    if always_call:
        raise NotImplementedError("always_call=True is not covered: a forward that raises calls no hooks")
    return _register(EVERY_AFTER, Hook(checked(hook), with_kwargs))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` in the backward of every module.

    Arguments:
        hook: the function, as for `Module.register_full_backward_hook`.

    >>> import minigrad as torch
    >>> from minigrad.nn.modules.module import register_module_full_backward_hook
    >>> with register_module_full_backward_hook(lambda module, ins, outs: print(outs[0])):
    ...     torch.nn.ReLU()(torch.ones(1, requires_grad=True)).sum().backward()
    tensor([1.])
    """
    return _register(EVERY_BACKWARD, checked(hook))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` in the backward of every module, before its own.

    Arguments:
        hook: the function, as for `Module.register_full_backward_pre_hook`.

    >>> import minigrad as torch
    >>> from minigrad.nn.modules.module import register_module_full_backward_pre_hook
    >>> with register_module_full_backward_pre_hook(lambda module, outs: print(outs[0])):
    ...     torch.nn.ReLU()(torch.ones(1, requires_grad=True)).sum().backward()
    tensor([1.])
    """
    return _register(EVERY_BACKWARD_BEFORE, checked(hook))

"""Module: what layers, losses and models have in common."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from minigrad._tensor.handle import RemovableHandle
from minigrad._tensor.tensor import Tensor, forget_gradients
from minigrad._tensor.tracing import put_off
from minigrad.nn.converted import Converted
from minigrad.nn.hooks import (
    EVERY_AFTER,
    EVERY_BACKWARD,
    EVERY_BACKWARD_BEFORE,
    EVERY_BEFORE,
    BackwardCall,
    Hook,
    checked,
)

Self = TypeVar("Self", bound="Module")


class Module(Converted["Module"]):
    """Base class of everything with parameters: assign parts in `__init__`, compute in `forward`.

    Parameters, buffers and submodules are kept in the order of their definition, under the names of the
    attributes they were assigned to. Reading a name that nothing was assigned to raises AttributeError
    and offers the nearest that exists.

    >>> import minigrad as torch
    >>> class Affine(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = torch.nn.Parameter(torch.ones(3))
    ...         self.layer = torch.nn.Linear(3, 2)
    ...
    ...     def forward(self, x):
    ...         return self.layer(x * self.scale)
    >>> model = Affine()
    >>> [name for name, _ in model.named_parameters()]
    ['scale', 'layer.weight', 'layer.bias']
    >>> model(torch.ones(5, 3)).shape
    torch.Size([5, 2])
    """

    training: bool
    _forward_hooks: dict[int, Hook]
    _forward_pre_hooks: dict[int, Hook]
    _backward_hooks: dict[int, Callable[..., Any]]
    _backward_pre_hooks: dict[int, Callable[..., Any]]
    _hooked: bool  # whether it ever had a hook
    call_super_init = False
    dump_patches = False

    def __init__(self) -> None:
        super().__init__()
        self.training = True
        self._forward_hooks = {}
        self._forward_pre_hooks = {}
        self._backward_hooks = {}
        self._backward_pre_hooks = {}
        self._hooked = False

    # -- calling

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every subclass defines its own.

        It is called through the module itself, `module(x)`, which runs the hooks too. The class shows how.

        >>> import minigrad as torch
        >>> torch.nn.Linear(2, 1).forward(torch.ones(3, 2)).shape
        torch.Size([3, 1])
        """
        raise NotImplementedError(f"{type(self).__name__} does not define forward()")

    def compile(
        self, *, fullgraph: bool = False, dynamic: Any = None, backend: str = "numpy", mode: Any = None,
        options: Any = None, disable: bool = False,
    ) -> None:  # fmt: skip
        """Let the module's own calls run as programs, as `minigrad.compile` does for a second module.

        The module stays what it is: its hooks, its parts and the names in its state.
        A copy of it is compiled too.

        Arguments:
            fullgraph, dynamic, backend, mode, options, disable: as of `minigrad.compile`.

        >>> import minigrad as torch
        >>> net = torch.nn.Linear(2, 1)
        >>> net.compile()
        >>> net(torch.ones(3, 2)).shape, [name for name, _ in net.named_parameters()]
        (torch.Size([3, 1]), ['weight', 'bias'])
        """
        vars(self).pop("forward", None)
        compiled = import_module("minigrad.program.compiled").compile(
            self.forward, fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options,
            disable=disable,
        )  # fmt: skip
        if compiled != self.forward:
            vars(self)["forward"] = compiled

    @property
    def _compiled_call_impl(self) -> Any:
        """The compiled function after `compile`, else None, by PyTorch's name."""
        return vars(self).get("forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooked:
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs) if kwargs else self.forward(*args)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook in (*EVERY_BEFORE.values(), *self._forward_pre_hooks.values()):
            changed = hook(self, args, kwargs)
            if changed is None:
                continue
            if not hook.with_kwargs:
                args = changed if isinstance(changed, tuple) else (changed,)
            elif isinstance(changed, tuple) and len(changed) == 2:
                args, kwargs = changed
            else:
                raise RuntimeError(
                    "a forward pre-hook with kwargs must return None or a tuple (args, kwargs), not "
                    f"{changed!r}"
                )
        call = None
        before = (*EVERY_BACKWARD_BEFORE.values(), *self._backward_pre_hooks.values())
        after = (*EVERY_BACKWARD.values(), *self._backward_hooks.values())
        if before or after:
            call = BackwardCall(self, before, after)
            args = call.enter(args)
        output = self.forward(*args, **kwargs)
        for hook in (*EVERY_AFTER.values(), *self._forward_hooks.values()):
            changed = hook(self, args, kwargs, output)
            if changed is not None:
                output = changed
        return output if call is None else call.leave(output)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before every forward; a result that is not None replaces args.

        Arguments:
            hook: the function; args is the tuple of positional arguments.
            prepend: whether it runs before the hooks that are there.
            with_kwargs: whether it is `hook(module, args, kwargs)`, and returns None or (args, kwargs).

        Returns:
            A handle with the method `remove()`, which takes the hook away.

        >>> import minigrad as torch
        >>> layer = torch.nn.Identity()
        >>> _ = layer.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
        >>> layer(torch.ones(2))
        tensor([2., 2.])
        """
        return self._hook(self._forward_pre_hooks, Hook(checked(hook), with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after every forward; its result replaces the output.

        None leaves the output. With `with_kwargs` it is `hook(module, args, kwargs, output)`.

        With `prepend` it runs before the hooks that are there. The handle that is returned has a `remove()`.

        >>> import minigrad as torch
        >>> layer = torch.nn.Flatten()
        >>> _ = layer.register_forward_hook(lambda module, args, output: print(output.shape))
        >>> _ = layer(torch.ones(2, 3, 4))
        torch.Size([2, 12])
        """
        return self._hook(self._forward_hooks, Hook(checked(hook), with_kwargs), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of a call's inputs are known.

        Both are tuples: a gradient (or None) for each positional argument, and for each output. A
        result that is not None replaces grad_input. If no input requires grad, the hook runs when
        grad_output is known. Inputs and outputs of such a module must not be written in place.

        With `prepend` it runs before the hooks that are there. The handle that is returned has a `remove()`.

        >>> import minigrad as torch
        >>> layer = torch.nn.Identity()
        >>> _ = layer.register_full_backward_hook(
        ...     lambda module, grad_input, grad_output: (grad_input[0] * 2,)
        ... )
        >>> x = torch.ones(2, requires_grad=True)
        >>> layer(x).sum().backward()
        >>> x.grad
        tensor([2., 2.])
        """
        if self._backward_hooks and self.__dict__.get("_has_older_hooks"):
            raise RuntimeError(_ONE_KIND)
        self.__dict__.pop("_has_older_hooks", None)
        return self._hook(self._backward_hooks, checked(hook), prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """The older kind of `register_full_backward_hook`; it is called as that one is, with a warning.

        Arguments:
            hook: of (module, grad_input, grad_output), tuples. grad_input has the gradients of the module's
                inputs; those of its last op alone, which PyTorch gives here, it does not have.

        Raises:
            RuntimeError: for a module that has full backward hooks.

        >>> import minigrad as torch
        >>> import warnings
        >>> layer = torch.nn.ReLU()
        >>> with warnings.catch_warnings(action="ignore"):
        ...     _ = layer.register_backward_hook(lambda module, ins, outs: print(outs[0]))
        >>> layer(torch.ones(1, requires_grad=True)).sum().backward()
        tensor([1.])
        """
        if self._backward_hooks and not self.__dict__.get("_has_older_hooks"):
            raise RuntimeError(_ONE_KIND)
        warnings.warn(
            "register_backward_hook: grad_input has the gradients of the module's inputs, not those of its "
            "last op; register_full_backward_hook says so",
            UserWarning,
            stacklevel=2,
        )
        handle = self._hook(self._backward_hooks, checked(hook), False)
        self.__dict__["_has_older_hooks"] = True  # it counts while there are hooks
        return handle

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of a call's outputs are known.

        A result that is not None replaces grad_output.

        With `prepend` it runs before the hooks that are there. The handle that is returned has a `remove()`.

        >>> import minigrad as torch
        >>> layer = torch.nn.Identity()
        >>> _ = layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 3,))
        >>> x = torch.ones(2, requires_grad=True)
        >>> layer(x).sum().backward()
        >>> x.grad
        tensor([3., 3.])
        """
        return self._hook(self._backward_pre_hooks, checked(hook), prepend)

    def _hook(self, hooks: dict[int, Any], hook: Any, prepend: bool) -> RemovableHandle:
        self._hooked = True
        return RemovableHandle(hooks, hook, prepend)

    # -- modes and conversions

    def train(self: Self, mode: bool = True) -> Self:
        """Set training mode (dropout drops, batch norm measures) on this module and all below it.

        Arguments:
            mode: False sets evaluation mode, as `eval` does.

        >>> import minigrad as torch
        >>> net = torch.nn.Sequential(torch.nn.Dropout()).eval()
        >>> net.train()[0].training
        True
        """
        if not isinstance(mode, bool):
            raise TypeError(f"train() takes True or False, not {type(mode).__name__}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Set evaluation mode: `train(False)`.

        >>> import minigrad as torch
        >>> torch.nn.Dropout().eval().training
        False
        """
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Let every parameter be trained, or freeze them all.

        >>> import minigrad as torch
        >>> [p.requires_grad for p in torch.nn.Linear(2, 1).requires_grad_(False).parameters()]
        [False, False]
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros.

        Arguments:
            set_to_none: whether `.grad` becomes None; else it is filled with zeros.

        >>> import minigrad as torch
        >>> layer = torch.nn.Linear(1, 1)
        >>> layer(torch.ones(1, 1)).sum().backward()
        >>> layer.zero_grad()
        >>> layer.weight.grad is None
        True
        """
        if put_off(self, "zero_grad", set_to_none):
            return
        clear_grads(self.parameters(), set_to_none)

    def apply(self: Self, fn: Callable[[Module], object]) -> Self:
        """Call `fn` on every module below, children first, and on this one.

        >>> import minigrad as torch
        >>> def start_at_zero(module):
        ...     if isinstance(module, torch.nn.Linear):
        ...         torch.nn.init.zeros_(module.weight)
        >>> torch.nn.MLP(2, 1).apply(start_at_zero)[0].weight.tolist()
        [[0.0, 0.0]]
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # -- printing

    def extra_repr(self) -> str:
        """The options of a module as they are printed between its parentheses; a subclass defines its own.

        >>> import minigrad as torch
        >>> torch.nn.Flatten().extra_repr()
        'start_dim=1, end_dim=-1'
        """
        return ""

    def _get_name(self) -> str:
        """The name as it is printed; a subclass may define its own."""
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        return layout(self._get_name(), extra, [(name, repr(child)) for name, child in self._modules.items()])


_ONE_KIND = (
    "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one "
    "of them."
)


plain_call = Module.__call__  # hooks of all modules put another in its place


def _watched_call(self: Module, *args: Any, **kwargs: Any) -> Any:
    return self._call_with_hooks(args, kwargs)


def watch_every_call(watched: bool) -> None:
    """Let every call of a module look for hooks, or only those of modules that had some."""
    Module.__call__ = _watched_call if watched else plain_call  # type: ignore[method-assign]


class Layer(Module):
    """A module that takes tensors and returns one tensor; a type checker reads so."""

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> Tensor: ...


def clear_grads(tensors: Iterable[Tensor], set_to_none: bool) -> None:
    """Forget leaves' gradients, or zero them in place and cut them from any graph."""
    if set_to_none:
        return forget_gradients(tensors)
    for tensor in tensors:
        if (grad := tensor.grad) is not None:
            if grad.requires_grad:
                tensor.grad = grad = grad.detach()
            grad.zero_()


def layout(name: str, extra: str, children: list[tuple[str, str]]) -> str:
    """A module's printed form: its name, its options, and the printed children, labelled, indented."""
    lines = extra.splitlines()
    lines += [f"({label}): {text}" for label, text in children]
    if not children and len(lines) <= 1:
        return f"{name}({extra})"
    body = "".join("\n  " + line.replace("\n", "\n  ") for line in lines)
    return f"{name}({body}\n)"

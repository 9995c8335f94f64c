"""Hooks: functions a module calls before and after its forward, and the handle that takes them off again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

_fresh = count()


class Hook(NamedTuple):
    """A registered function, and whether it wants the keyword arguments too."""

    function: Callable[..., Any]
    with_kwargs: bool


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook off; usable in a `with` block.

    Removing twice does nothing.

    >>> import minigrad as torch
    >>> layer = torch.nn.ReLU()
    >>> with layer.register_forward_hook(lambda module, args, output: output * 10):
    ...     layer(torch.ones(2))
    tensor([10., 10.])
    >>> layer(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, hooks: dict[int, Hook], hook: Hook, prepend: bool = False) -> None:
        self._hooks = hooks
        self.id = next(_fresh)
        if prepend:
            later = dict(hooks)
            hooks.clear()
            hooks[self.id] = hook
            hooks.update(later)
        else:
            hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook off its module."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

"""The handle that takes a hook off again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

_fresh = count()


class RemovableHandle:
    """The handle of a registered hook: `remove()` takes the hook off; usable in a `with` block.

    Removing twice does nothing.

    >>> import minigrad as torch
    >>> layer = torch.nn.ReLU()
    >>> with layer.register_forward_hook(lambda module, args, output: output * 10):
    ...     layer(torch.ones(2))
    tensor([10., 10.])
    >>> layer(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, hooks: dict[int, Any], hook: Callable[..., Any], prepend: bool = False) -> None:
        if not callable(hook):
            raise TypeError(f"a hook must be a function, not {type(hook).__name__}")
        self._hooks = hooks
        self.id = next(_fresh)
        later = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self.id] = hook
        hooks.update(later)

    def remove(self) -> None:
        """Take the hook off."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

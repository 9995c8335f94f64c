"""The handle of a hook stands where tools that summarise models ask for it."""

import minigrad as torch
from minigrad.utils.hooks import RemovableHandle


def test_a_registered_hook_has_the_handle_of_the_module():
    handles: list[RemovableHandle] = [torch.nn.ReLU().register_forward_hook(print)]
    assert isinstance(handles[0], RemovableHandle)
    assert isinstance(
        torch.ones(1, requires_grad=True).register_hook(print), torch.utils.hooks.RemovableHandle
    )

import chain
import numpy as np
from replay import note

import minigrad


def test_a_step_is_noted_call_by_call_and_can_be_done_again():
    pieces = chain.pieces(minigrad, chain.Chain(links=3, length=4))
    noted = note(pieces.forward)
    assert [name for name, _ in noted.forwards] == ["mul", "add", "tanh"] * 3 + ["sum"]
    assert noted.nodes == 10
    assert len(noted.additions) == 4  # to w and to b, each from three links
    for (name, forward), (_, call) in zip(noted.forwards, noted.calls, strict=True):
        np.testing.assert_array_equal(forward(), call().detach().numpy(), err_msg=name)


def test_options_and_sums_over_broadcasts_are_noted():
    x = minigrad.randn(2, 3)
    bias = minigrad.zeros(3, requires_grad=True)
    noted = note(lambda: (x + bias).sum(dim=1, keepdim=True).mean())
    (_, forward), *_ = [pair for pair in noted.forwards if pair[0] == "sum"]
    assert forward().shape == (2, 1)
    assert [name for name, _ in noted.sums] == ["add"]

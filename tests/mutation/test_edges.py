"""The conventions at kinks, ties and poles, as `mutation/edges.py` has them."""

import edges
import pytest

from minigrad.ops.op import REGISTRY


@pytest.mark.parametrize("op", sorted({edge.op for edge in edges.EDGES}))
def test_conventions_of_an_op(op):
    edges.conventions_hold(REGISTRY[op])

"""A custom op with a subtle mistake in its backward: a test with numbers misses it, a property finds it.

The op divides each row by its root mean square (RMSNorm). Its backward takes one mean over the whole array
where each row has a mean of its own. For a single row the two are the same, so a test with one row passes.

python examples/check_my_op.py
"""

import sys
from collections.abc import Callable
from typing import Any

import minigrad as torch
from minigrad.testing import GradientError, check_grads

Op = Callable[[Any], Any]


class WrongRMSNorm(torch.autograd.Function):
    """x / r, where r^2 is the mean of x^2 along the last axis."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x / (x * x).mean(-1, keepdim=True).sqrt()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        r = (x * x).mean(-1, keepdim=True).sqrt()
        y = x / r
        return (g - y * (g * y).mean()) / r


class RMSNorm(WrongRMSNorm):
    """The same, mended: `mean(-1, keepdim=True)`."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        r = (x * x).mean(-1, keepdim=True).sqrt()
        y = x / r
        return (g - y * (g * y).mean(-1, keepdim=True)) / r


def passes_with_numbers(op: Op) -> None:
    """One row, worked out on paper. Both ops pass."""
    x = torch.tensor([3.0, 4.0], requires_grad=True)
    op(x)[0].backward()
    r = 12.5**0.5
    assert torch.allclose(x.grad, torch.tensor([1 - 9 / 25, -12 / 25]) / r)


def has_the_property(op: Op) -> None:
    """Inputs of every shape, every entry of the gradient, to the second order. Only the mended op passes."""
    from hypothesis import given, settings

    from minigrad.testing import strategies as some

    @settings(max_examples=30, derandomize=True, database=None, deadline=None)
    @given(
        some.tensors(some.shapes(min_dims=1, max_dims=2, min_side=1, max_side=3), low=0.5, requires_grad=True)
    )
    def gradients_are_derivatives(x: Any) -> None:
        check_grads(op, x, order=2)

    gradients_are_derivatives()


def main() -> int:
    try:
        passes_with_numbers(WrongRMSNorm.apply)
        print("The test with numbers: passes.")
        has_the_property(WrongRMSNorm.apply)
    except ImportError as error:
        sys.stderr.write(f"check_my_op.py: {error}; the property test needs: pip install hypothesis\n")
        return 2
    except GradientError as error:
        print("The property: fails. Of the inputs that show it this is the smallest:\n")
        print(error)
    passes_with_numbers(RMSNorm.apply)
    has_the_property(RMSNorm.apply)
    print("\nWith mean(-1, keepdim=True) both pass.")
    return 0


def test_rms_norm() -> None:
    """The test to keep: `python -m pytest examples/check_my_op.py`."""
    has_the_property(RMSNorm.apply)


if __name__ == "__main__":
    sys.exit(main())

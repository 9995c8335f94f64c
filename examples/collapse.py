"""Without an activation two layers are one: shown in numbers, for the values and for the gradients.

python examples/collapse.py --hidden 5
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import minigrad as torch

Map = Callable[[torch.Tensor], torch.Tensor]

ACTIVATIONS: dict[str, Map] = {
    "none": lambda H: H,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
EPSILON = 2.0**-23  # the distance from 1 to the next float32
ROUNDING = 64 * EPSILON  # what sums of a few products may lose, as a part of the largest number


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="collapse.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=count, default=6, help="rows of X (default: 6)")
    parser.add_argument("--hidden", type=count, default=5, help="hidden units (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers (default: 0)")
    args = parser.parse_args(argv)
    n, d, h, q = args.samples, 4, args.hidden, 3

    torch.manual_seed(args.seed)
    X = torch.randn(n, d, requires_grad=True)
    W1, b1 = torch.randn(d, h), torch.randn(1, h)
    W2, b2 = torch.randn(h, q), torch.randn(1, q)
    C = torch.randn(n, q)  # the gradient that arrives at the outputs

    W = W1 @ W2
    b = b1 @ W2 + b2
    one, gradient_of_one = value_and_gradient(lambda X: X @ W + b, X, C)

    print(f"X {tuple(X.shape)}, W1 {tuple(W1.shape)}, b1 {tuple(b1.shape)}, ", end="")
    print(f"W2 {tuple(W2.shape)}, b2 {tuple(b2.shape)}")
    print()
    print("two layers   O = σ(X W1 + b1) W2 + b2")
    print("one layer    O = X W + b   with   W = W1 W2,   b = b1 W2 + b2")
    print()
    print("How far apart the two are, as a part of the largest number in them:")
    print()
    print(f"{'σ':10}{'outputs O':>12}{'gradients of X':>18}")
    collapsed = {}
    for name, activation in ACTIVATIONS.items():

        def two_layers(X: torch.Tensor, activation: Map = activation) -> torch.Tensor:
            return activation(X @ W1 + b1) @ W2 + b2

        two, gradient_of_two = value_and_gradient(two_layers, X, C)
        values, gradients = distance(one, two), distance(gradient_of_one, gradient_of_two)
        collapsed[name] = max(values, gradients) <= ROUNDING
        verdict = "equal to rounding: one layer" if collapsed[name] else "different: two layers"
        print(f"{name:10}{values:12.1e}{gradients:18.1e}    {verdict}")
    print()
    print(f"float32 itself rounds by {EPSILON:.1e}.")
    return 0 if collapsed["none"] else 1


def count(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 on")
    return int(text)


def value_and_gradient(network: Map, X: torch.Tensor, C: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The outputs for X, and what of the gradient C at the outputs arrives at X."""
    outputs = network(X)
    (gradient,) = torch.autograd.grad(outputs, X, C)
    return outputs.detach(), gradient


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The largest difference, as a part of the largest number."""
    return float((a - b).abs().max() / torch.maximum(a.abs().max(), b.abs().max()))


if __name__ == "__main__":
    sys.exit(main())

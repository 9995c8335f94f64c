"""`python -m minigrad`: a few lines on what this is and where to begin."""

from __future__ import annotations

import sys

from minigrad.version import VERSION

TEXT = f"""\
minigrad {VERSION}: gradients of Python programs, on NumPy, with PyTorch's names.

  import minigrad as torch
  x = torch.tensor(2.0, requires_grad=True)
  y = x**3
  y.backward()
  x.grad                                 tensor(12.), the slope of x^3 at 2
  torch.explain(x**3)                    tells step by step how it is found

In the shell:
  python -m minigrad.first_engine        reverse mode on one page: runs a small example; then read its source
  python -m minigrad.learn               a ladder of exercises, from a nudge to an engine of your own
  python -m minigrad.ops tanh            the derivative of an op; without a name, the table of all of them
  python -m minigrad.coverage nn         the names of PyTorch's that are there, and those that are not

In Python, help(minigrad.matmul) explains a function, help(minigrad.testing) how to test a gradient.
"""


def main() -> None:
    """Print the text."""
    sys.stdout.write(TEXT)


if __name__ == "__main__":
    main()

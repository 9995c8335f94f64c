"""Train an MLP on Fashion-MNIST, and leave pictures of how it went.

--data names the folder with its four files, which https://github.com/zalandoresearch/fashion-mnist tells
where to get; each may stay gzipped.

    python examples/fashion_mnist.py --data fashion --out out

Expect a test accuracy from 0.88 to 0.90 after a minute or so. That page lists 0.900 for an MLP of 256, 128
and 64 units, from 0.88 to 0.93 for plain convolutional networks, and 0.835 for people who do not know about
fashion: shirts, pullovers and coats look much the same in 28 x 28 pixels, as the picture of confusions shows.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from image_data import CLOTHES
from mlp_digits import make_parser, run


def main(argv: Sequence[str] | None = None) -> int:
    parser = make_parser("fashion_mnist.py", __doc__ or "")
    parser.add_argument("--data", help="folder of the four files (needed)", type=Path, metavar="DIR")
    parser.set_defaults(epochs=15, batch_size=128, noise=0.1, patience=4)
    args = parser.parse_args(argv)
    if not args.data and not args.resume:
        parser.error("--data is needed: the folder of Fashion-MNIST's four files")
    return run(parser, argv, CLOTHES)


if __name__ == "__main__":
    sys.exit(main())

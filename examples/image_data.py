"""A part of mlp_digits.py and fashion_mnist.py: images and their labels, from scikit-learn or from files.

The files are in the format of MNIST.
"""

from pathlib import Path
from typing import NamedTuple

from idx import read_folder

import minigrad as torch

DIGITS = [str(digit) for digit in range(10)]
CLOTHES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip


class Data(NamedTuple):
    """Images as float32 rows with pixels from 0 to 1, shape (n, height * width); their labels, shape (n,)."""

    x: torch.Tensor
    y: torch.Tensor
    shape: tuple[int, int]


def read_digits() -> tuple[Data, Data]:
    """A fifth of the digits is kept for the test, each class in proportion, always the same ones."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    pixels = (images / 16).astype("float32")
    x, x_test, y, y_test = train_test_split(pixels, labels, test_size=0.2, stratify=labels, random_state=0)
    return Data(torch.tensor(x), torch.tensor(y), (8, 8)), Data(
        torch.tensor(x_test), torch.tensor(y_test), (8, 8)
    )


def read_idx(folder: Path) -> tuple[Data, Data]:
    parts = []
    for images, labels in read_folder(folder):
        n, height, width = images.shape
        pixels = images.reshape(n, height * width).astype("float32") / 255
        parts.append(Data(torch.from_numpy(pixels), torch.tensor(labels.astype("int64")), (height, width)))
    return parts[0], parts[1]


def hold_out(data: Data, share: float) -> tuple[Data, Data]:
    """Split images into those to learn from and a share to check on; always the same ones."""
    order = torch.randperm(len(data.x), generator=torch.Generator().manual_seed(0))
    kept, held = order.split([len(order) - round(share * len(order)), round(share * len(order))])
    return tuple(Data(data.x[rows], data.y[rows], data.shape) for rows in (kept, held))


if __name__ == "__main__":
    raise SystemExit("image_data.py is a part of mlp_digits.py: run python examples/mlp_digits.py")

"""Random numbers: PyTorch's interface over NumPy's generator (PCG64). The streams differ from PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np


class Generator:
    """A stream of random numbers of its own.

    >>> import minigrad as torch
    >>> g = torch.Generator().manual_seed(0)
    >>> torch.rand(2, generator=g).shape
    (2,)
    """

    def __init__(self, device: str = "cpu") -> None:
        if device != "cpu":
            raise RuntimeError(f"minigrad computes on the CPU only; there is no device {device!r}")
        self._seed: int | None = None
        self._stream: np.random.Generator | None = None

    @property
    def numpy(self) -> np.random.Generator:
        """NumPy's generator of this stream, made when first asked for: np.random takes 10 ms to load."""
        if self._stream is None:
            self.seed()
        assert self._stream is not None
        return self._stream

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to `seed`, an integer >= 0 (negative ones count from 2**64)."""
        seed = int(seed)
        self._stream = np.random.Generator(np.random.PCG64(seed % 2**64))
        self._seed = seed
        return self

    def seed(self) -> int:
        """Start a stream from the system's entropy; returns the seed."""
        seed = int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        return self.seed() if self._seed is None else self._seed

    def get_state(self) -> dict[str, Any]:
        """The position in the stream, for `set_state`."""
        stream = self.numpy.bit_generator.state
        return {"seed": self._seed, "stream": stream}

    def set_state(self, state: dict[str, Any]) -> None:
        seed = int(state["seed"])
        self.numpy.bit_generator.state = state["stream"]  # raises before anything has changed
        self._seed = seed


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the stream that all functions use which are given no generator.

    >>> import minigrad as torch
    >>> _ = torch.manual_seed(0)
    >>> a = torch.rand(3)
    >>> _ = torch.manual_seed(0)
    >>> bool((a == torch.rand(3)).all())
    True
    """
    return default_generator.manual_seed(seed)


def generator_of(generator: Generator | None) -> np.random.Generator:
    """The NumPy generator behind a Generator, or behind the default one."""
    return (default_generator if generator is None else generator).numpy

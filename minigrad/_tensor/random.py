"""Random numbers: PyTorch's interface over NumPy's generator (PCG64). The streams differ from PyTorch's."""

from __future__ import annotations

import operator
import struct
from typing import Any

import numpy as np

from minigrad.ops.arrays import is_array

from .device import CPU, on_cpu
from .record import wrap
from .tracing import levels_of_thread, trace_of_thread

_STATE = struct.Struct("<16s16sBIQ")  # the state and the increment of PCG64, half a draw, the seed
_FIRST_SEED = 67280421310721  # PyTorch's seed of a new Generator


class Generator:
    """A stream of random numbers of its own. All new ones are at the start of the same stream, as PyTorch's.

    Arguments:
        device: "cpu", the only one there is.

    >>> import minigrad as torch
    >>> g = torch.Generator().manual_seed(0)
    >>> torch.rand(2, generator=g).shape
    torch.Size([2])

    >>> g.initial_seed(), g.seed() == g.initial_seed()
    (0, True)
    >>> type(g.numpy).__name__
    'Generator'
    """

    device = CPU

    def __init__(self, device: Any = CPU) -> None:
        on_cpu(device)
        self._seed: int | None = _FIRST_SEED
        self._stream: np.random.Generator | None = None

    @property
    def numpy(self) -> np.random.Generator:
        """NumPy's generator of this stream, made when first asked for: np.random takes 10 ms to load."""
        if self._stream is None:
            if self._seed is None:
                self.seed()
            else:
                self.manual_seed(self._seed)
        assert self._stream is not None
        return self._stream

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to `seed`.

        Raises:
            RuntimeError: for a seed that is no integer.
            ValueError: for one outside [-2**63, 2**64); negative ones count from 2**64.
        """
        if isinstance(seed, (bool, str)) or not hasattr(seed, "__index__"):
            raise RuntimeError(f"manual_seed expected an integer, but got {type(seed).__name__} ({seed!r})")
        seed = operator.index(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"a seed must lie between -2**63 and 2**64 - 1, but got {seed}")
        self._seed = seed % 2**64
        self._stream = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def seed(self) -> int:
        """Start a stream from the system's entropy; returns the seed."""
        seed = int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed with which the stream began."""
        return self.seed() if self._seed is None else self._seed

    def get_state(self) -> Any:
        """The position in the stream as a uint8 tensor, for `set_state`.

        >>> import minigrad as torch
        >>> g = torch.Generator()
        >>> state = g.get_state()
        >>> x = torch.rand(2, generator=g)
        >>> g.set_state(state)
        >>> torch.equal(x, torch.rand(2, generator=g))
        True
        """
        stream: Any = self.numpy.bit_generator.state
        words = [stream["state"][k].to_bytes(16, "little") for k in ("state", "inc")]
        packed = _STATE.pack(*words, stream["has_uint32"], stream["uinteger"], self.initial_seed())
        return wrap(np.frombuffer(packed, np.uint8).copy(), None)

    def set_state(self, new_state: Any) -> None:
        """Go to the position of an earlier `get_state`, as `set_rng_state` does.

        Arguments:
            new_state: the uint8 tensor.

        Raises:
            TypeError: for anything but a uint8 tensor.
            RuntimeError: for a tensor that holds no state of this kind.
        """
        array = getattr(new_state, "_array", None)
        if array is None or array.dtype != np.uint8:
            raise TypeError(f"a random state is a uint8 tensor from get_state(), not {_kind(new_state)}")
        if array.shape != (_STATE.size,):
            raise RuntimeError(
                f"a random state has {_STATE.size} bytes, and this one has shape "
                f"{tuple(array.shape)}; a state of "
                "another library belongs to another stream"
            )
        state, increment, has, half, seed = _STATE.unpack(array.tobytes())
        words = {"state": int.from_bytes(state, "little"), "inc": int.from_bytes(increment, "little")}
        bits: Any = np.random.PCG64(0)
        bits.state = {"bit_generator": "PCG64", "state": words, "has_uint32": has, "uinteger": half}
        self._stream, self._seed = np.random.Generator(bits), seed


def _kind(x: Any) -> str:
    return f"a tensor of {x.dtype.name}" if hasattr(x, "_array") else f"{type(x).__name__}"


default_generator = Generator()
default_generator._seed = None  # from the system's entropy, unless the user seeds it


def manual_seed(seed: int) -> Generator:
    """Seed the stream that all functions use which are given no generator.

    Arguments:
        seed: an integer; negative ones count from 2**64.

    >>> import minigrad as torch
    >>> _ = torch.manual_seed(0)
    >>> a = torch.rand(3)
    >>> _ = torch.manual_seed(0)
    >>> bool((a == torch.rand(3)).all())
    True
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed that stream from the system's entropy; returns the seed.

    >>> import minigrad as torch
    >>> torch.seed() == torch.initial_seed()
    True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """The seed with which that stream began.

    >>> import minigrad as torch
    >>> _ = torch.manual_seed(3)
    >>> torch.initial_seed()
    3
    """
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The position in that stream as a uint8 tensor.

    >>> import minigrad as torch
    >>> state = torch.get_rng_state()
    >>> a = torch.rand(3)
    >>> torch.set_rng_state(state)
    >>> torch.equal(a, torch.rand(3))
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Go to the position of an earlier `get_rng_state`.

    Arguments:
        new_state: the uint8 tensor that it returned.

    >>> import minigrad as torch
    >>> torch.set_rng_state(torch.get_rng_state())
    """
    default_generator.set_state(new_state)


def generator_of(generator: Generator | None) -> Any:
    """The NumPy generator behind a Generator, or behind the default one."""
    if generator is None:
        generator = default_generator
    elif not isinstance(generator, Generator):
        raise TypeError(f"generator must be a Generator, not {type(generator).__name__}")
    trace = trace_of_thread()
    stream = generator.numpy if trace is None else trace.stream(generator)
    for level in levels_of_thread():
        stream = level.draws(stream)
    return stream


def as_drawn(draws: Any, dtype: Any) -> Any:
    """Draws as an array of a dtype."""
    return draws.astype(dtype) if is_array(draws) else np.asarray(draws, dtype)


def uniform(stream: np.random.Generator, low: float, high: float, shape: Any, dtype: Any) -> Any:
    """Draws from [low, high) in a floating dtype; rounding must not reach the open end."""
    array = stream.uniform(low, high, shape).astype(dtype)
    below = np.nextafter(dtype.type(high), dtype.type(low))
    return np.minimum(array, below)

"""The pieces of work that are measured, by name, and who competes in each."""

import importlib
import os
import re
import shutil
from collections.abc import Callable
from typing import Any, NamedTuple

import chain
import nets
from processes import COMPILED
from turns import Contender, check_same


class Work(NamedTuple):
    """A piece of work for contenders that take turns in one process.

    `threads` is 1 for small work: there is nothing to share out, and an OpenMP barrier on a machine with
    other things to do costs PyTorch up to 100 times the work itself, which would flatter minigrad. None
    stands for all cores. `by` says which statistic is compared: noise on a threaded matrix product only
    ever adds time, so there it is the minimum.
    """

    title: str
    kind: Any  # the module: chain or nets
    spec: Any
    rounds: int
    quick: int
    threads: int | None = 1
    by: str = "median"
    settle: float = 0.0
    calls: int = 1


STEP = "minigrad, step compiled"
NUMBA = "minigrad, numba"
TORCH_COMPILED = "torch, compiled"
WORK = {
    "chain": Work("y = tanh(y·w + b), 200 links, length 8", chain, chain.Chain(), 400, 40),
    "scalar": Work("y = relu(y·w + b), 200 links, one number", chain, chain.Chain(200, 0, "relu"), 100, 20),
    "mlp-2": Work("MLP 2-16-16-2, batch 32", nets, nets.Net((2, 16, 16, 2), 32), 1000, 100, calls=3),
    "mlp-64": Work("MLP 64-64-10, batch 64", nets, nets.Net((64, 64, 10), 64), 1000, 100, calls=3),
    "mlp-784": Work(
        "MLP 784-256-10, batch 256", nets, nets.Net((784, 256, 10), 256), 200, 15, None, "minimum", 0.03
    ),
    "mlp-1024": Work(
        "MLP 784-1024-1024-10, batch 256", nets, nets.Net((784, 1024, 1024, 10), 256), 50, 8, None, "minimum",
        0.03,
    ),
}  # fmt: skip


def line_up(work: Work, peers: bool = True) -> tuple[dict[str, Contender], dict[str, str]]:
    """The contenders that are installed and compute the same, and why the others are absent."""
    builders: dict[str, Callable[[], Contender]] = {
        "minigrad": lambda: work.kind.pieces(importlib.import_module("minigrad"), work.spec).together(),
        COMPILED: lambda: work.kind.compiled(importlib.import_module("minigrad"), work.spec).together(),
        STEP: lambda: nets.compiled_step(importlib.import_module("minigrad"), work.spec),
        NUMBA: lambda: _by_numba(work),
        "torch": lambda: work.kind.pieces(importlib.import_module("torch"), work.spec).together(),
    }
    if work.kind is chain:  # it learns nothing
        del builders[STEP]
    if not peers:
        del builders[NUMBA]
    if peers:
        builders[TORCH_COMPILED] = lambda: _compiled_by_torch(work)
        builders |= {name: lambda make=make: make(work.spec) for name, make in work.kind.PEERS.items()}
    contenders, absent = {}, {}
    for name, build in builders.items():
        try:
            check_same({"numpy": work.kind.by_hand(work.spec), name: build()})
            contenders[name] = build()
        except Exception as error:
            if name in ("minigrad", COMPILED, STEP):
                raise
            absent[name] = _reason(error)
    contenders["numpy"] = work.kind.by_hand(work.spec)
    return contenders, absent


def _by_numba(work: Work) -> Contender:
    """As much in one compiled function as JAX has: a net's whole step."""
    torch = importlib.import_module("minigrad")
    if work.kind is nets:
        return nets.compiled_step(torch, work.spec, "numba")
    return work.kind.compiled(torch, work.spec, "numba").together()


def _compiled_by_torch(work: Work) -> Contender:
    """The same step with what is compiled for minigrad compiled by PyTorch, whose compiler writes C++."""
    torch = importlib.import_module("torch")
    if not any(map(shutil.which, (os.environ.get("CXX", ""), "g++", "clang++"))):
        raise RuntimeError("torch.compile needs a C++ compiler: install g++")
    return work.kind.compiled(torch, work.spec, "inductor").together()


def _reason(error: Exception) -> str:
    """Why a contender is absent, on one line, without the paths of this machine."""
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    return re.sub(r"\S*[/\\]\S+", "...", said)

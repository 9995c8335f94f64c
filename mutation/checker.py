"""How often `check_grads` raises an alarm at a right gradient: over many seeds, it must never.

    python mutation/checker.py --seeds 1000

A checker that now and then is wrong itself is soon ignored, or given a tolerance that hides mistakes. So it
is held to functions whose gradients are right: every op of the registry at samples of its domain, random
programs, and functions as users write them, at inputs of many sizes that no domain has picked, where kinks
are as near as chance has it. Each is checked to the second order, at every fifth seed entry by
entry and at the others along random directions; each seed draws new inputs, cotangents and directions.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import minigrad as torch
from minigrad.ops.op import REGISTRY
from minigrad.testing import RandomDrawer, check_grads, draw_sample, properties
from minigrad.testing.programs import random_program

F = torch.nn.functional
Check = Callable[[], Any]
SIZES = (1e-3, 1.0, 1.0, 30.0)  # of the inputs of the functions below, one drawn for each seed


def _mlp(x: Any, w: Any, b: Any) -> Any:
    return torch.relu(x @ w + b) @ w.T


def _attention(q: Any, k: Any, b: Any) -> Any:
    return torch.softmax(q @ k.mT / 2, -1) @ (k + b)


def _normalised(x: Any, w: Any, b: Any) -> Any:
    return F.layer_norm(x, x.shape[-1:], w[0], b)


def _entropy(x: Any, w: Any, b: Any) -> Any:
    return F.cross_entropy(x @ w + b, torch.arange(x.shape[0]) % w.shape[1])


def _distances(x: Any, w: Any, _b: Any) -> Any:
    return torch.sqrt(((x[:, None] - w[None]) ** 2).sum(-1) + 1e-6)


def _sorted(x: Any, _w: Any, _b: Any) -> Any:
    return torch.sort(torch.abs(x), -1)[0].cumsum(-1)


def _pooled(x: Any, w: Any, _b: Any) -> Any:
    return torch.maximum(x, w).amax(0), torch.minimum(x, w).mean(1)


def _hinge(x: Any, w: Any, b: Any) -> Any:
    return torch.clamp(1 - x * w + b, 0.0, 2.0).mean()


def _rescaled(x: Any, w: Any, _b: Any) -> Any:
    return x / torch.linalg.vector_norm(x) * w.std()


def _cancelling(x: Any, w: Any, b: Any) -> Any:
    return (x + b + 1e3) - 1e3, torch.expm1(torch.tanh(w)) * 1e-9


def _written(x: Any, w: Any, b: Any) -> Any:
    y = torch.sin(x).clone()
    y[1:] *= w[1:]
    y[:, 0] = b.sum()
    return y


def _huber(x: Any, w: Any, b: Any) -> Any:
    return F.huber_loss(x @ w, x + b), F.smooth_l1_loss(x, w)


WRITTEN_BY_USERS = (
    _mlp, _attention, _normalised, _entropy, _distances, _sorted, _pooled, _hinge, _rescaled, _cancelling,
    _written, _huber,
)  # fmt: skip


def checks(seed: int) -> Iterator[tuple[str, str, Check]]:
    """(family, name, check) of everything that is checked for a seed.

    >>> from minigrad.testing import false_alarms
    >>> sorted({family for family, _, _ in false_alarms.checks(seed=0)})
    ['functions, every entry', 'ops, every entry', 'programs, every entry']
    """
    how: dict[str, Any] = {} if seed % 5 == 0 else {"max_entries": 0, "projections": 2}
    kind = "every entry" if seed % 5 == 0 else "along directions"
    for op in REGISTRY.values():
        if op.rules:
            inputs, options = draw_sample(op, RandomDrawer(seed))
            right = partial(properties.gradients_are_derivatives, op, inputs, options, seed=seed, **how)
            yield f"ops, {kind}", op.name, right
    program = random_program(RandomDrawer(seed))
    right = partial(check_grads, program, *program.leaves, order=2, seed=seed, **how)
    yield f"programs, {kind}", str(program), right
    random = np.random.default_rng(seed)
    for fn in WRITTEN_BY_USERS[seed % 6 :: 6]:
        size = random.choice(SIZES)
        x, w, b = (random.normal(size=shape) * size for shape in ((3, 3), (3, 3), (3,)))
        right = partial(check_grads, fn, x, w, b, order=2, seed=seed)
        yield "functions, every entry", fn.__name__.lstrip("_"), right


def main(arguments: list[str] | None = None) -> int:
    """Print how many checks of each family were made and how many raised; 1 if any did."""
    parser = argparse.ArgumentParser(
        prog="python mutation/checker.py",
        description="How often check_grads raises an alarm at a right gradient: it must never.",
    )
    parser.add_argument(
        "families", nargs="*", help="of checks: ops, programs, functions; all if none is given"
    )
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default: 0)")
    options = parser.parse_args(arguments)
    made: Counter[str] = Counter()
    raised: Counter[str] = Counter()
    for seed in _with_progress(range(options.first, options.first + options.seeds)):
        for family, name, check in checks(seed):
            if options.families and family.split(",")[0] not in options.families:
                continue
            made[family] += 1
            try:
                check()
            except AssertionError as error:
                raised[family] += 1
                sys.stdout.write(f"false alarm at seed {seed}, {family}: {name}\n{error}\n\n")
                sys.stdout.flush()
    for family, count in made.items():
        sys.stdout.write(f"{family:26} {raised[family]} false alarms in {count} checks\n")
    sys.stdout.write(f"{'all':26} {raised.total()} false alarms in {made.total()} checks\n")
    return 1 if raised.total() else 0


def _with_progress(seeds: range) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return seeds
    return tqdm(seeds, unit="seed", disable=len(seeds) == 1)


if __name__ == "__main__":
    sys.exit(main())

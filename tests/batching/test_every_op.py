"""Every op on a batch: each sample gets what it gets alone, forward, backward, and at second order."""

# ruff: noqa: B023 (each function is used in the turn that makes it)

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.record import record, wrap
from minigrad.batching.batch import Batch, UnbatchableError, unbatched
from minigrad.batching.levels import BATCH, LIFT, Level
from minigrad.ops import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample

SAMPLES, SEEDS = 3, 4


def waves(shape, dtype, wave):
    return wave(np.arange(int(np.prod(shape)))).reshape(shape).astype(dtype)


def results(op, operands, options, cotangent):
    """Forward, gradients and their gradients."""
    leaves = [x for x in operands if isinstance(x, torch.Tensor) and x.is_floating_point()]
    for x in leaves:
        x.requires_grad_()
    out = record(op, operands, {**op.options, **options})[0]
    found = [out]
    if out.requires_grad:
        g = cotangent(out, np.cos)
        found += torch.autograd.grad(out, leaves, g, retain_graph=True, allow_unused=True)
        if not op.once:
            first = torch.autograd.grad(out, leaves, g, create_graph=True, allow_unused=True)
            first = [x for x in first if x is not None and x.requires_grad]
            if first:
                second = [cotangent(x, np.sin) for x in first]
                found += torch.autograd.grad(first, leaves, second, allow_unused=True)
    return [None if x is None else x._array for x in found]


def same(x, wave):
    """A cotangent that is the same for all samples."""
    return wrap(waves(x.shape, x._array.dtype, wave), None)


def compare(mine, right, part):
    for got, wanted in zip(mine, right, strict=True):
        if wanted is None:
            assert got is None
            continue
        assert got.shape == wanted.shape and got.dtype == wanted.dtype
        np.testing.assert_allclose(part(got), wanted, rtol=1e-9, atol=1e-10)


def alone(values):
    return [wrap(x.copy(), None) if isinstance(x, np.ndarray) else x for x in values]


def changed(x, i, rng):
    """The operand of another sample: other floats of the same kind in the same places, the same integers."""
    if i == 0 or not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return x
    return np.asarray(x * (1 - 0.05 * i * rng.random(x.shape)), x.dtype)


def samples_of(op, seed):
    inputs, options = draw_sample(op, RandomDrawer(seed))
    rng = np.random.default_rng(seed)
    return [[changed(x, i, rng) for x in inputs] for i in range(SAMPLES)], options


@pytest.mark.parametrize("shared", [False, True], ids=["batches", "shared"])
@pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)
def test_every_op_on_a_batch_is_the_op_on_each_sample(op, shared):
    for seed in range(SEEDS):
        samples, options = samples_of(op, seed)
        level, places = Level(SAMPLES), range(len(samples[0]))
        if shared:
            one = seed % len(samples[0])
            samples = [[samples[0][k] if k == one else s[k] for k in places] for s in samples]

        def laid(k):
            if not isinstance(samples[0][k], np.ndarray):
                return samples[0][k]
            if shared and k == one:
                return LIFT(wrap(samples[0][k], None), level=level)
            return BATCH(wrap(np.stack([s[k] for s in samples]), None), level=level)

        mine = results(op, [laid(k) for k in places], options, same)
        for i, sample in enumerate(samples):
            right = results(op, alone(sample), options, same)
            compare(mine, right, lambda x: unbatched(x, level)[i] if isinstance(x, Batch) else x)


@pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)
def test_every_op_on_a_batch_of_batches(op):
    for seed in range(SEEDS):
        samples, options = samples_of(op, seed)
        outer, inner, places = Level(2), Level(2), range(len(samples[0]))
        pairs = [[samples[0], samples[1]], [samples[2], samples[0]]]

        def laid(k):
            if not isinstance(samples[0][k], np.ndarray):
                return samples[0][k]
            x = wrap(np.stack([np.stack([s[k] for s in row]) for row in pairs]), None)
            return BATCH(BATCH(x, level=outer), level=inner)

        mine = results(op, [laid(k) for k in places], options, same)
        for i, row in enumerate(pairs):
            for j, sample in enumerate(row):
                right = results(op, alone(sample), options, same)
                compare(mine, right, lambda x: unbatched(unbatched(x, inner), outer)[i, j])


@pytest.mark.parametrize("op", [op for op in REGISTRY.values() if op.rules], ids=lambda op: op.name)
def test_every_op_takes_a_batch_of_cotangents(op):
    for seed in range(SEEDS):
        values, options = draw_sample(op, RandomDrawer(seed))
        level = Level(SAMPLES)

        def several(x, wave):
            one = waves(x.shape, x._array.dtype, wave)
            one = np.stack([one * (1 - 0.1 * i) for i in range(SAMPLES)])
            return BATCH(wrap(one.astype(x._array.dtype), None), level=level)

        if op.name in (
            "eigh",
            "svd",
        ):  # whether eigenvalues are equal decides, and only some of g ask for that
            with pytest.raises(UnbatchableError):
                results(op, alone(values), options, several)
            continue
        mine = results(op, alone(values), options, several)
        firsts = 1 + sum(isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in values)
        sums = [0.0 for _ in mine]
        for i in range(SAMPLES):

            def scaled(x, wave, i=i):
                one = waves(x.shape, x._array.dtype, wave) * (1 - 0.1 * i)
                return wrap(np.asarray(one, x._array.dtype), None)

            right = results(op, alone(values), options, scaled)
            compare(
                mine[:firsts], right[:firsts], lambda x: unbatched(x, level)[i] if isinstance(x, Batch) else x
            )
            sums = [s if r is None else s + r for s, r in zip(sums, right, strict=True)]
        for got, wanted in zip(mine[firsts:], sums[firsts:], strict=True):  # the operands are shared
            if got is not None:
                np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-10)

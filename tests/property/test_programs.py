"""Random programs: their gradients are derivatives, and all ways to run backward through them agree."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import minigrad as torch
from minigrad.testing import RandomDrawer, check_grads, laws, strategies as some
from minigrad.testing.programs import PLAIN, Program, eager, random_program

often = settings(max_examples=3 * settings().max_examples)  # programs are short, and this is the engine


@often
@given(program=some.programs(), seed=st.integers(0, 99))
def test_gradients_of_programs_are_derivatives(program, seed):
    laws.gradients_are_derivatives(program, seed)


@often
@given(program=some.programs())
def test_all_backwards_through_a_program_agree(program):
    laws.all_backwards_agree(program)


@given(program=some.programs(), reverse=st.booleans())
def test_the_gradient_of_a_sum_is_the_sum_of_the_gradients(program, reverse):
    laws.gradients_add_up(program, reverse=reverse)


@given(program=some.programs())
def test_a_gradient_depends_on_no_other_leaf(program):
    laws.each_leaf_stands_alone(program)


@given(program=some.programs())
def test_gradients_own_their_memory(program):
    laws.gradients_own_their_memory(program)


@given(program=some.programs())
def test_recording_changes_no_value(program):
    laws.recording_changes_no_value(program)


@pytest.mark.parametrize("law", laws.OF_THE_ENGINE, ids=lambda law: law.__name__)
def test_laws_of_the_engine(law):
    law()


@given(program=some.programs())
def test_a_program_prints_as_code_that_computes_the_same(program):
    scope = {"torch": torch, "F": torch.nn.functional}
    exec(str(program), scope)
    outs = scope["outputs"]
    leaves = [torch.from_numpy(x) for x in program.leaves]
    for a, b in zip(outs if isinstance(outs, tuple) else (outs,), program(*leaves), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


@given(seed=st.integers(0, 2**32 - 1))
def test_needs_no_hypothesis_to_draw_a_program(seed):
    assert str(random_program(RandomDrawer(seed))) == str(random_program(RandomDrawer(seed)))


def test_programs_hold_every_kind_of_step():
    drawn = [random_program(RandomDrawer(seed)) for seed in range(300)]
    calls = set().union(*(program.calls for program in drawn))
    assert {
        "detach",
        "clone",
        "mul_",
        "copy_",
        "setitem",
        "getitem",
        "matmul",
        "sum",
        "expand",
        "reshape",
    } <= calls
    assert {
        "cat",
        "stack",
        "einsum",
        "max",
        "sort",
        "unbind",
        "split",
        "gather",
        "index_add",
        "where",
    } <= calls
    assert sum(map(writes_among_views, drawn)) > 5


def writes_among_views(program):
    """Whether a tensor is written that shares its memory with another."""
    written = {text.partition("[")[0].partition(".")[0] for names, text in program.lines if not names}
    arrays = {name: program.scope[name].numpy() for name in program.names}
    return any(np.shares_memory(arrays[a], arrays[b]) for a in written for b in arrays if a != b)


@given(program=some.programs())
def test_an_executor_is_called_for_all_that_a_program_does(program):
    called = []

    def noting(name, *arguments, **options):
        called.append(name)
        return eager(name, *arguments, **options)

    leaves = [torch.from_numpy(x.copy()) for x in program.leaves]
    scope = program.run(leaves, noting)
    assert set(called) == program.calls
    for name in program.names:
        np.testing.assert_array_equal(scope[name].numpy(), program.scope[name].numpy())


def test_an_executor_may_make_values_of_its_own():
    seeds = range(100)
    plain = [random_program(RandomDrawer(seed), kinds=PLAIN) for seed in seeds]
    arithmetic = {"add": np.add, "mul": np.multiply, "div": np.divide, "sub": np.subtract, "sin": np.sin}
    known = [program for program in plain if program.calls and program.calls <= set(arithmetic)]
    assert known
    for program in known:
        scope = program.run(program.leaves, lambda name, *arguments: arithmetic[name](*arguments))
        for name in program.outputs:
            np.testing.assert_array_equal(scope[name], program.scope[name].numpy())


def test_a_detached_value_is_a_constant_to_difference_quotients():
    program = Program([np.array([0.5, 2.0])], [("y0", "x0.detach()"), ("y1", "y0 * x0")])
    check_grads(program, *program.leaves, order=2)
    wrong = Program([np.array([0.5, 2.0])], [("y1", "x0.detach() * x0")])
    with pytest.raises(AssertionError):
        check_grads(wrong, *wrong.leaves)

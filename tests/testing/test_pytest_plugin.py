"""The plugin of pytest with nothing set up, in runs of pytest of their own."""

import subprocess
import sys

import pytest

import minigrad.testing.strategies  # noqa: F401 (NumPy cannot be loaded twice: not within a run within this)

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester):
    def _run(code, *options, how="runpytest_inprocess"):
        pytester.makepyfile(test_it=code)
        return getattr(pytester, how)("-p", "no:cacheprovider", *options)

    return _run


RANDOM = """
    import minigrad as torch

    def test_one():
        print("drew", torch.rand(()).item())

    def test_two():
        torch.rand(5)
        print("drew", torch.rand(()).item())
"""


def test_a_test_draws_the_same_alone_and_among_others(run):
    together = [line for line in run(RANDOM, "-s").outlines if "drew" in line]
    alone = [line for line in run(RANDOM, "-s", "-k", "two").outlines if "drew" in line]
    assert len(together) == 2 and together[0] != together[1]
    assert together[1].lstrip(".") == alone[0].removeprefix("test_it.py ")


def test_what_a_body_sets_is_undone_and_what_a_fixture_sets_stays(run):
    result = run("""
        import pytest
        import minigrad as torch

        @pytest.fixture(scope="session", autouse=True)
        def in_float64():
            torch.set_default_dtype(torch.float64)

        def test_leaks():
            torch.set_default_dtype(torch.float16)
            torch.set_grad_enabled(False)

        def test_does_not_notice():
            assert torch.tensor(1.0).dtype == torch.float64
            assert torch.is_grad_enabled()
    """)
    result.assert_outcomes(passed=2)


WRONG = """
    import minigrad as torch
    from hypothesis import given
    from minigrad.testing import check_grads, strategies as some

    @given(some.tensors(some.shapes(max_dims=1), requires_grad=True))
    def test_wrong(x):
        check_grads(lambda x: x * x.detach() + torch.rand(()).item() * 0, x)
"""


def test_a_failure_shows_the_users_line_the_explanation_and_the_input_as_code(run):
    result = run(WRONG)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        ">*check_grads(lambda x: x * x.detach()*",
        "E*It looks like a factor: backward gives 0.5 times*",
        "E*x=torch.tensor(1.0, dtype=torch.float64).requires_grad_(),*",
    ])  # fmt: skip
    result.stdout.no_fnmatch_line("*in mismatch*")  # the checker's own frames are of no use


def test_profiles_are_there_for_the_asking(run):
    code = """
        from hypothesis import settings

        def test_profile():
            assert settings().max_examples == 1000 and settings().deadline is None
    """
    # In a process of its own: a profile is a setting of the process.
    options = ("--hypothesis-profile=minigrad-thorough",)
    run(code, *options, how="runpytest_subprocess").assert_outcomes(passed=1)


def test_tests_that_do_not_import_minigrad_do_not_load_it(run):
    code = """
        import sys

        def test_nothing():
            assert "minigrad" not in sys.modules and "numpy" not in sys.modules
    """
    run(code, how="runpytest_subprocess").assert_outcomes(passed=1)


def test_can_be_turned_off(run):
    assert run(RANDOM, "-p", "no:minigrad").ret == 0


def test_importing_the_plugin_imports_nothing_but_pytest():
    code = "import sys, _minigrad_pytest; print({'minigrad', 'numpy', 'hypothesis'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

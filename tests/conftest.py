"""For every test: how hard hypothesis searches, where plots go, which tests need PyTorch."""

import importlib.util
import os
import warnings

import hypothesis
import pytest

import minigrad.ops.tables  # noqa: F401 (all ops are in the registry when tests are collected)

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib: no window, ever
# Tests multiply small matrices: threads that wait for each other on a busy machine only cost time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

hypothesis.settings.register_profile("dev", max_examples=20, deadline=None)
hypothesis.settings.register_profile(
    "ci",
    max_examples=50,
    deadline=None,
    derandomize=True,  # a red run can be repeated
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # a busy machine is not a bug
)
hypothesis.settings.register_profile(
    "thorough",
    max_examples=2500,  # of a few milliseconds each: all properties take about an hour
    deadline=None,
    derandomize=False,  # new examples each time, also where hypothesis notices a CI machine
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
LEFT_OUT = pytest.StashKey[int]()
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_collection_modifyitems(config, items):
    """Leave out the tests that compare with PyTorch where it is not installed."""
    if importlib.util.find_spec("torch") is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("parity")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("parity")]
        config.hook.pytest_deselected(items=left_out)
        config.stash[LEFT_OUT] = len(left_out)


def pytest_terminal_summary(terminalreporter, config):
    """Say how many were left out, and how to run them."""
    if number := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{number:,} tests compare with PyTorch, which is not installed here: `make parity` runs them"
        )


@pytest.fixture(scope="session")
def pytorch():
    """The real PyTorch, imported only when a test asks for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PyTorch warns of at import is not ours to mend
        return pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)


@pytest.fixture(autouse=True)
def _pytorch_or_skip(request):
    """Skip a test marked parity where PyTorch is there but cannot be imported."""
    if request.node.get_closest_marker("parity"):
        request.getfixturevalue("pytorch")

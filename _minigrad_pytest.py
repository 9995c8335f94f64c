"""What pytest does for tests of minigrad with nothing to set up; it finds this where minigrad is installed.

It stands beside the package and imports nothing, so that tests which never import minigrad pay nothing and
see no difference. Tests that use it

- start from a random stream of their own that belongs to their name: a failure is the same alone and among
  others, in any order;
- leave no setting behind: what a test's body did to the default dtype and the grad mode is undone after it;
- may be searched harder: `pytest --hypothesis-profile=minigrad-thorough` (also minigrad-dev, minigrad-ci).

`pytest -p no:minigrad` turns it off.
"""

from __future__ import annotations

import sys
import zlib

import pytest

PROFILES = {
    "minigrad-dev": {"max_examples": 20},
    "minigrad-ci": {"max_examples": 50, "derandomize": True},
    "minigrad-thorough": {"max_examples": 1000, "derandomize": False},
}


@pytest.hookimpl(tryfirst=True)  # before hypothesis looks for the profile that was asked for
def pytest_configure(config):
    """Make the profiles, if one of them is asked for."""
    if config.getoption("--hypothesis-profile", default=None) in PROFILES:
        from hypothesis import settings  # noqa: PLC0415 (only where it is used)

        for name, chosen in PROFILES.items():
            settings.register_profile(name, deadline=None, print_blob=True, **chosen)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before the fixtures, which may draw random numbers too."""
    torch = sys.modules.get("minigrad")
    if hasattr(torch, "manual_seed"):
        torch.manual_seed(zlib.crc32(item.nodeid.encode()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Around the body alone: a fixture that changes a setting is trusted to mean it."""
    torch = sys.modules.get("minigrad")
    if not hasattr(torch, "set_default_dtype"):
        return (yield)
    dtype, recording = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        return (yield)
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(recording)

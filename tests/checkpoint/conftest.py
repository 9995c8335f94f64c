"""All formats, where the library of the last is installed; and what it means to come back unchanged."""

import importlib.util

import pytest

import minigrad as torch

SUFFIXES = [".npz", ".pt"]
if importlib.util.find_spec("safetensors"):
    SUFFIXES.append(".safetensors")


@pytest.fixture(params=SUFFIXES)
def suffix(request):
    return request.param


def _same(a, b):
    """Equal in type, order and bits."""
    if isinstance(a, torch.Tensor):
        return (
            isinstance(b, torch.Tensor)
            and (a.dtype, a.shape, a.requires_grad) == (b.dtype, b.shape, b.requires_grad)
            and a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
        )
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return repr(a) == repr(b)


@pytest.fixture(scope="session")
def same():
    return _same

"""PyTorch's paths to the modules of nn."""

import importlib
import subprocess
import sys

import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import modules
from minigrad.pytorch_names import NotCoveredError

PATHS = sorted(modules._TABLE)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_the_layers_of_nn(path):
    module = importlib.import_module(f"minigrad.nn.modules.{path}")
    assert getattr(nn.modules, path) is module
    for name in module.__all__:
        assert getattr(module, name) is (
            modules.lazy.LazyModuleMixin if path == "lazy" else getattr(nn, name)
        )
        assert name in dir(module)


def test_the_usual_imports():
    from minigrad.nn.common_types import _size_2_t
    from minigrad.nn.modules import Linear, Module
    from minigrad.nn.modules.batchnorm import _BatchNorm
    from minigrad.nn.modules.conv import Conv2d, _ConvNd
    from minigrad.nn.modules.loss import _Loss
    from minigrad.nn.modules.utils import _pair, _reverse_repeat_tuple, _triple
    from minigrad.nn.parameter import Parameter, UninitializedParameter

    assert Module is nn.Module and Linear is nn.Linear and Conv2d is nn.Conv2d
    assert Parameter is nn.Parameter and UninitializedParameter is nn.UninitializedParameter
    assert isinstance(nn.ConvTranspose1d(1, 1, 1), _ConvNd) and isinstance(nn.BatchNorm2d(1), _BatchNorm)
    assert not isinstance(nn.InstanceNorm2d(1), _BatchNorm) and isinstance(nn.MSELoss(), _Loss)
    assert _size_2_t == int | tuple[int, int]
    assert _reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
    assert _pair(3) == (3, 3) and _triple([1, 2, 3]) == (1, 2, 3)


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(NotCoveredError, match=r"no torch.nn.CrossMapLRN2d"):
        nn.modules.normalization.CrossMapLRN2d
    with pytest.raises(ImportError, match=r"no torch.nn.SyncBatchNorm"):
        from minigrad.nn.modules.batchnorm import SyncBatchNorm  # noqa: F401
    with pytest.raises(NotCoveredError):
        torch.nn.modules.SyncBatchNorm
    for module in (nn.modules, nn.modules.loss):
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            module.Nothing
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("minigrad.nn.modules.nothing")


def test_importing_minigrad_loads_none_of_it():
    code = (
        "import sys, minigrad; assert not any('nn.modules' in m or 'recurrent' in m for m in sys.modules); "
        "import minigrad.nn.modules.conv as c; c.Conv2d"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

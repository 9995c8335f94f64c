"""The names of the package that load when they are first asked for: what draws, what writes files, devices.

Python calls `__getattr__` of a module for a name that it does not find in it (PEP 562).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from minigrad._tensor.methods_later import HOMES
from minigrad._tensor.out import taking_out_if_known
from minigrad._tensor.tensor import Tensor
from minigrad.pytorch_names import absent, known, speak_for_modules

speak_for_modules()
_PACKAGE = vars(sys.modules["minigrad"])

_DRAWS = "normal rand rand_like randint randint_like randn randn_like randperm"
_BY_DTYPE = (
    "FloatTensor",
    "DoubleTensor",
    "HalfTensor",
    "LongTensor",
    "IntTensor",
    "ShortTensor",
    "CharTensor",
    "ByteTensor",
    "BoolTensor",
)
_SETTINGS = """use_deterministic_algorithms are_deterministic_algorithms_enabled set_default_tensor_type
is_deterministic_algorithms_warn_only_enabled set_float32_matmul_precision get_float32_matmul_precision
set_flush_denormal set_warn_always is_warn_always_enabled typename get_device is_autocast_enabled
is_anomaly_enabled fill"""
_SEQUENCES = """logspace range asarray scalar_tensor frombuffer empty_strided tril_indices triu_indices
hann_window hamming_window blackman_window bartlett_window kaiser_window"""
_LAYERS = """dropout dropout_ alpha_dropout feature_dropout feature_alpha_dropout batch_norm layer_norm
group_norm instance_norm embedding constant_pad_nd adaptive_max_pool1d rnn_tanh_cell rnn_relu_cell gru_cell
lstm_cell"""
_LOSSES = """binary_cross_entropy_with_logits cosine_embedding_loss ctc_loss hinge_embedding_loss kl_div
margin_ranking_loss poisson_nll_loss triplet_margin_loss"""
_OF_LAYERS = """conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d max_pool1d max_pool2d
max_pool3d avg_pool1d adaptive_avg_pool1d pixel_shuffle pixel_unshuffle channel_shuffle celu celu_ selu selu_
relu_ rrelu rrelu_ prelu hardshrink threshold threshold_ bilinear rms_norm cosine_similarity
pairwise_distance pdist"""
_OF_MATRICES = """cholesky cholesky_inverse cholesky_solve det inverse logdet lu lu_solve lu_unpack
matrix_power pinverse qr slogdet svd triangular_solve"""
_CREATION = """arange as_tensor empty empty_like eye from_dlpack from_numpy full full_like linspace ones
ones_like tensor zeros zeros_like"""
_RANDOM = "Generator default_generator get_rng_state initial_seed manual_seed seed set_rng_state"
_MODES = """enable_grad inference_mode is_grad_enabled is_inference_mode_enabled no_grad
set_grad_enabled"""
# The name, and the module in which it stands ("" where it is the module itself).
_HOMES = {
    **HOMES,
    **dict.fromkeys(_CREATION.split(), "creation"),
    **dict.fromkeys(_RANDOM.split(), "_tensor.random"),
    **dict.fromkeys(_MODES.split(), "autograd"),
    "set_printoptions": "_tensor.text",
    "autograd": "",
    "functional": "",
    **dict.fromkeys(_SETTINGS.split(), "settings"),
    **dict.fromkeys(_SEQUENCES.split(), "sequences"),
    **dict.fromkeys(_LAYERS.split(), "functions_of_layers"),
    **dict.fromkeys(_LOSSES.split(), "functions_of_losses"),
    **dict.fromkeys(_OF_LAYERS.split(), "nn.functional"),
    "OutOfMemoryError": "_tensor.device",
    "linalg": "",
    "nn": "",
    "optim": "",
    "utils": "",
    "viz": "",
    "func": "",
    "distributions": "",
    "learn": "",
    "explain": "viz",
    "checkpoint": "",
    "serialization": "",
    "load": "checkpoint",
    "save": "checkpoint",
    "CheckpointError": "checkpoint",
    "accelerator": "",
    "backends": "",
    "cuda": "",
    **dict.fromkeys(
        (
            "amp",
            "cpu",
            "distributed",
            "hub",
            "jit",
            "mps",
            "multiprocessing",
            "profiler",
            "random",
            "special",
            "xpu",
        ),
        "",
    ),
    "autocast": "amp",
    "is_autocast_available": "amp",
    "GradScaler": "amp",
    "testing": "",
    "compile": "program.compiled",
    **dict.fromkeys(_DRAWS.split(), "sampling"),
    "vmap": "func",
    **dict.fromkeys(_BY_DTYPE, "older"),
    **dict.fromkeys(_OF_MATRICES.split(), "linalg.older"),
    **dict.fromkeys(("geqrf", "orgqr", "ormqr"), "linalg.householder"),
    **dict.fromkeys(("lobpcg", "matrix_exp", "pca_lowrank", "svd_lowrank"), "linalg.series"),
    "get_num_threads": "threads",
    "set_num_threads": "threads",
    "get_num_interop_threads": "threads",
    "set_num_interop_threads": "threads",
}


def __getattr__(name: str) -> Any:
    found = _found(name)
    if found is _NOWHERE:
        raise absent("minigrad", name)
    return _PACKAGE.setdefault(name, found)  # of two threads, both get the first's


_NOWHERE = object()


def _found(name: str) -> Any:
    if name.startswith("__"):  # of Python's, asked for while the package loads
        return _NOWHERE
    if name in _HOMES:
        home = import_module(f"minigrad.{_HOMES[name] or name}")
        return taking_out_if_known(name, getattr(home, name)) if _HOMES[name] else home
    if name in _PACKAGE["__all__"]:
        return getattr(import_module("minigrad.functional"), name)
    if name.endswith("_") and known("", name) and hasattr(Tensor, name):
        return getattr(Tensor, name)  # torch.relu_(x) is x.relu_()
    if name == "newaxis":
        return None
    return _NOWHERE


def __dir__() -> list[str]:
    return sorted({*_PACKAGE, *_PACKAGE["__all__"]})

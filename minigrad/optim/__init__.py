"""Optimisers and learning-rate schedules.

Arguments of every optimiser:
    params: an iterable of tensors, of (name, tensor) pairs, or of dicts with the key "params" and options of
        that group.
    lr: the learning rate.
    weight_decay: how much of a parameter is added to its gradient, the gradient of weight_decay/2 · |θ|².
    maximize: climb instead of descending.
    foreach, fused: PyTorch's choices of a kernel; they change nothing.
    differentiable, capturable: refused where true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later
from minigrad.optim.adagrad import Adagrad
from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.rmsprop import RMSprop
from minigrad.optim.sgd import SGD

if TYPE_CHECKING:
    from minigrad.optim import lr_scheduler, swa_utils
    from minigrad.optim.adadelta import Adadelta
    from minigrad.optim.adafactor import Adafactor
    from minigrad.optim.adamax import Adamax
    from minigrad.optim.asgd import ASGD
    from minigrad.optim.lbfgs import LBFGS
    from minigrad.optim.muon import Muon
    from minigrad.optim.nadam import NAdam
    from minigrad.optim.radam import RAdam
    from minigrad.optim.rprop import Rprop
else:
    __getattr__, __dir__ = loaded_later(
        __name__,
        {
            "adadelta": "Adadelta",
            "adafactor": "Adafactor",
            "adamax": "Adamax",
            "asgd": "ASGD",
            "lbfgs": "LBFGS",
            "lr_scheduler": "lr_scheduler",
            "muon": "Muon",
            "nadam": "NAdam",
            "radam": "RAdam",
            "rprop": "Rprop",
            "swa_utils": "swa_utils",
        },
    )

__all__ = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LBFGS",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
    "lr_scheduler",
    "swa_utils",
]

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

from minigrad.optim import lr_scheduler
from minigrad.optim.adagrad import Adagrad
from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.rmsprop import RMSprop
from minigrad.optim.sgd import SGD
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["Optimizer", "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "lr_scheduler"]

"""Learning-rate schedules: each changes the "lr" of an optimiser's groups in its `step()`.

Arguments of every schedule:
    optimizer: the schedule changes its groups.
    last_epoch: -1 to start anew; the number of the last step to go on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.optim.lr_scheduler.bends import ConstantLR, LinearLR, MultiplicativeLR, PolynomialLR
from minigrad.optim.lr_scheduler.cycles import CosineAnnealingWarmRestarts, CyclicLR
from minigrad.optim.lr_scheduler.decay import CosineAnnealingLR, ExponentialLR, LambdaLR, MultiStepLR, StepLR
from minigrad.optim.lr_scheduler.one_cycle import OneCycleLR
from minigrad.optim.lr_scheduler.plateau import ReduceLROnPlateau
from minigrad.optim.lr_scheduler.scheduler import LRScheduler
from minigrad.optim.lr_scheduler.several import ChainedScheduler, SequentialLR
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = [
    "LRScheduler",
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "CosineAnnealingLR",
    "LambdaLR",
    "ReduceLROnPlateau",
    "OneCycleLR",
    "ConstantLR",
    "LinearLR",
    "PolynomialLR",
    "MultiplicativeLR",
    "CyclicLR",
    "CosineAnnealingWarmRestarts",
    "SequentialLR",
    "ChainedScheduler",
]

_LRScheduler = LRScheduler  # the older name

for _name in __all__:
    globals()[_name].__module__ = __name__  # programs ask it whether a schedule is a built-in one

"""Checkpoints: tensors and state dicts in files that hold data and nothing that could run."""

from __future__ import annotations

from minigrad.checkpoint.file import load, save
from minigrad.checkpoint.structure import CheckpointError

__all__ = ["CheckpointError", "load", "save"]

"""The examples are scripts; their folder is put on the path as Python does when it runs one."""

import sys
from pathlib import Path

import pytest

for _package in ("matplotlib", "sklearn", "tqdm"):
    pytest.importorskip(_package, reason="the examples need minigrad[examples,viz]")

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

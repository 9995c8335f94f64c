"""The examples are scripts; their folder is put on the path as Python does when it runs one."""

import importlib.util
import sys
from pathlib import Path

import pytest

for _package in ("graphviz", "matplotlib", "sklearn", "threadpoolctl", "tqdm"):
    # Found, not imported: scikit-learn takes a second, which `pytest -k` of one test should not wait for.
    if importlib.util.find_spec(_package) is None:
        pytest.skip(f"the examples need {_package}: pip install {_package}", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

"""The picture of the results."""

from pathlib import Path
from typing import Any


def draw(results: dict[str, dict[str, Any]], path: Path) -> Path:
    return path

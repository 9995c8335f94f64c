"""The program as a text."""

from __future__ import annotations

from typing import Any


def source_of(runner: Any) -> str:
    """For now the text that runs."""
    return str(runner.text)

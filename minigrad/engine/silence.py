"""NumPy's floating point warnings, switched off while minigrad computes: log(0) is -inf without a word.

`np.errstate` says the same and takes longer than most forwards (0.6 µs). So the setting is read and
written as errstate itself does it, where NumPy has it under that name; elsewhere through np.seterr. The value
of before is written back, not a token used up: an interrupt between any two lines leaves nothing changed.

    before = errors()
    try:
        set_errors(SILENT)
        ...
    finally:
        set_errors(before)
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    SILENT: Any = _make_extobj(all="ignore")
    errors, set_errors = _extobj_contextvar.get, _extobj_contextvar.set
except ImportError:  # a NumPy that keeps it elsewhere
    SILENT = dict.fromkeys(("divide", "over", "under", "invalid"), "ignore")
    errors = np.geterr  # type: ignore[assignment]

    def set_errors(state: Any) -> Any:
        """Set NumPy's floating point error handling to what `errors` returned."""
        return np.seterr(**state)

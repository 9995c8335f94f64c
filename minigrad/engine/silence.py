"""NumPy's floating point warnings, unseen while minigrad computes: log(0) is -inf without a word.

`silently` switches them off around a call, as `np.errstate` does. That takes longer than most forwards. So
there is also a filter, which hides the warnings of minigrad's own lines. `quiet.first` is the first of
Python's filters at the moment when this one was found to work. While it still is the first, a shortcut calls
a forward as it is:

    out = forward(x) if warnings.filters[0] is quiet.first else silently(forward, x)

The forward of a user's op stands outside minigrad's lines: it is always called silently (`Op.ours`).
The forward is silent under every setting of the filters (`simplefilter("error")`, `resetwarnings()`).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

try:  # as errstate itself does it, in a tenth of its time
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    SILENT: Any = _make_extobj(all="ignore")
    errors, set_errors = _extobj_contextvar.get, _extobj_contextvar.set
except ImportError:  # a NumPy that keeps it elsewhere
    SILENT = dict.fromkeys(("divide", "over", "under", "invalid"), "ignore")
    errors = np.geterr  # type: ignore[assignment]

    def set_errors(state: Any) -> Any:
        """Set NumPy's floating point error handling to what `errors` returned."""
        return np.seterr(**state)


class _Quiet:
    """The knowledge whether Python's filters keep NumPy's warnings unseen now."""

    first: Any = None  # the first filter when it was so
    _loud: Any = None  # the first filter when it was not
    _own_filters = getattr(sys.flags, "context_aware_warnings", False)  # each context has filters of its own

    def look(self) -> None:
        """Look through the filters, if the first is another than at the last look."""
        first = warnings.filters[0] if warnings.filters else None
        if first is self._loud or first is self.first or self._own_filters:
            return
        for action, message, category, module, _ in warnings.filters:
            # The filters that Python starts with name their module in plain text, not as a pattern.
            text = isinstance(module, str)
            ours = module == __name__ if text else module is None or module.match(__name__)
            if ours and issubclass(RuntimeWarning, category) and (action != "ignore" or message is None):
                if action == "ignore":
                    self.first = first
                else:
                    self._loud = first
                return
        self._loud = first


quiet = _Quiet()
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minigrad\.")
quiet.look()


def silently(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """call(*args, **kwargs) without NumPy's floating point warnings or errors.

    The value of before is written back, not a token used up: an interrupt leaves nothing changed.
    """
    quiet.look()
    before = errors()
    try:
        set_errors(SILENT)
        return call(*args, **kwargs)
    finally:
        set_errors(before)

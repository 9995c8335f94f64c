"""The version of PyTorch that minigrad follows in names and numbers, and the version of minigrad.

Programs compare `torch.__version__` to learn which names and which behaviour they may use, so it begins with
the version of PyTorch that minigrad is held to, as PyPy's `sys.version_info` is that of a Python. After the
plus sign, where PyTorch's own says "cpu", stands minigrad's version: `VERSION`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

VERSION = "0.1.0"


def _key(version: Any) -> Any:
    """The release as numbers, 1 if it is final, and what follows a plus sign; None for no version."""
    if isinstance(version, tuple):
        version = ".".join(map(str, version))
    found = re.match(
        r"v?(\d+(?:\.\d+)*)((?:[-_.]?(?:a|b|rc|alpha|beta|dev|pre))?)[^+]*(?:\+(.*))?$", str(version)
    )
    if found is None:
        return None
    release = [int(part) for part in found[1].split(".")]
    while release[-1:] == [0]:
        release.pop()
    return release, not found[2], found[3] or ""


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[str, Any], Any]:
    def method(self: str, other: Any) -> Any:
        mine, theirs = _key(self), _key(other)
        return compare(str(self), other) if theirs is None else compare(mine, theirs)

    return method


class TorchVersion(str):
    """A version as a string that compares by its numbers, with strings and with tuples of numbers.

    >>> import minigrad as torch
    >>> torch.__version__ >= "1.8", torch.__version__ > (2, 2), torch.__version__ < "2.9.1"
    (True, True, False)
    """

    __slots__ = ()
    __hash__ = str.__hash__
    __lt__, __le__, __gt__, __ge__ = map(_compared, (lt, le, gt, ge))
    __eq__, __ne__ = map(_compared, (eq, ne))


__version__ = TorchVersion(f"2.13.0+minigrad.{VERSION}")
cuda = hip = git_version = rocm = xpu = None
debug = False

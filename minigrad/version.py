"""The version, and the libraries that it was built with: none."""

from __future__ import annotations

import minigrad

__version__ = minigrad.__version__
cuda = hip = git_version = None
debug = False

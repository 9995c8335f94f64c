"""A progress bar on stderr, where tqdm is installed and somebody looks on."""

from __future__ import annotations


def bar(results, total, what):
    try:
        from tqdm import tqdm
    except ImportError:
        return results
    return tqdm(results, total=total, unit=what, disable=None)

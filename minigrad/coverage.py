"""`python -m minigrad.coverage`: PyTorch's public names, those that are there and those that are not.

With the name of a module or class of PyTorch's, `python -m minigrad.coverage nn`, only those of it.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Sequence
from importlib import import_module
from operator import attrgetter
from types import ModuleType
from typing import Any

import minigrad
from minigrad.pytorch_names import reason, table

_HEAD = """\
# PyTorch's names that minigrad has

`python -m minigrad.coverage > docs/coverage.md` writes this page, from a table of the public names of
PyTorch {version} and from minigrad. The table has all that `dir` shows, of which parts are not documented;
a name of several spellings counts as often. A name that is not there answers with a sentence, so that
`hasattr` is False and `from minigrad.nn import SyncBatchNorm` an ImportError.
"""


def _home(name: str) -> Any:
    """The module or class of ours that stands for PyTorch's; None where there is none."""
    if name == "torch":
        return minigrad
    try:
        return import_module(f"minigrad.{name}")
    except ModuleNotFoundError:
        pass
    except ImportError:  # it is there, and needs a package that is not
        return ModuleType(name)
    try:
        return attrgetter(name)(minigrad)
    except AttributeError:
        return None


def _listed(names: Sequence[str]) -> str:
    return textwrap.fill(" ".join(names), 110, break_on_hyphens=False, break_long_words=False)


def section(name: str) -> str:
    """The names of one of PyTorch's modules or classes."""
    names, home = table()[name], _home(name)
    title = f"## {name if name == 'torch' else f'torch.{name}'}"
    if home is None:
        why = reason(name)
        return f"{title}\n\nThere is no such module{': ' if why else ''}{why}.\n"
    missing: dict[str, list[str]] = {}
    for one in names:
        if not hasattr(home, one):
            missing.setdefault(reason(one if name == "torch" else f"{name}.{one}"), []).append(one)
    gone = {one for some in missing.values() for one in some}
    there = [one for one in names if one not in gone]
    parts = [f"{title}\n\n{len(there)} of {len(names)}:\n\n{_listed(there)}\n"]
    if "" in missing:
        parts.append(f"Not there:\n\n{_listed(missing.pop(''))}\n")
    parts += [f"Not there, for {why}:\n\n{_listed(some)}\n" for why, some in sorted(missing.items())]
    return "\n".join(parts)


def sections() -> Iterator[str]:
    """The modules and classes of the table."""
    return (name for name in table() if name not in ("pytorch", "modules"))


def page() -> str:
    """The whole page."""
    head = _HEAD.format(version=table()["pytorch"][0])
    alone = [m for m in table()["modules"] if m not in table() and _home(m) is None]
    modules = f"## Modules that are not there\n\n{_listed([f'torch.{m}' for m in alone])}\n"
    return "\n".join([head, *map(section, sections()), modules])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page, or the part of it that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.coverage", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(sections()), metavar="name", help="like nn or Tensor")
    name = parser.parse_args(arguments).name
    sys.stdout.write(page() if name is None else section(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

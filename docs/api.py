"""The reference pages, from the docstrings and signatures; those of ops are made of their records."""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import types
from pathlib import Path
from typing import Any

# Each module, and in which words the list of all of them names it.
MODULES = {
    "minigrad": "making tensors, and functions of tensors",
    "minigrad.nn": "layers and losses",
    "minigrad.nn.functional": "the same as functions",
    "minigrad.nn.init": "first values of parameters",
    "minigrad.nn.utils": "norms and vectors of parameters",
    "minigrad.optim": "optimisers",
    "minigrad.optim.lr_scheduler": "learning rates that change",
    "minigrad.autograd": "gradients as functions, and modes",
    "minigrad.autograd.function": "ops written in Python",
    "minigrad.autograd.functional": "Jacobians and Hessians",
    "minigrad.linalg": "linear algebra",
    "minigrad.func": "derivatives as functions, and functions of many samples",
    "minigrad.distributions": "distributions",
    "minigrad.utils.data": "batches",
    "minigrad.checkpoint": "files with tensors",
    "minigrad.viz": "pictures and explanations",
    "minigrad.testing": "tests of derivatives",
    "minigrad.testing.strategies": "drawers for hypothesis",
    "minigrad.ops": "records of ops",
    "minigrad.learn": "the exercises",
}
SECTION = re.compile(r"^(Arguments|Args|Attributes|Raises|Returns|Yields|Example|Examples)( of [^:]*)?:$")


def write(folder: Path) -> None:
    """Write a page for each module, one for Tensor, and the list of them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rows = ["| module | has |", "|---|---|"]
    names = ["tensor"]
    rows.append("| [`minigrad.Tensor`](tensor.md) | the methods of a tensor |")
    tensor = importlib.import_module("minigrad").Tensor
    text = ["# minigrad.Tensor", "", *entry("minigrad.Tensor", tensor)]
    (folder / "tensor.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    for name, words in MODULES.items():
        file = name.removeprefix("minigrad.").replace(".", "-")
        (folder / f"{file}.md").write_text(page(name), encoding="utf-8")
        rows.append(f"| [`{name}`]({file}.md) | {words} |")
        names.append(file)
    start = [
        "# Reference",
        "",
        "All public names, with their arguments and an example. The docstrings are the source, and the tests",
        "run their examples. `help(minigrad.tanh)` shows the same.",
        "",
    ]
    tree = ["", "```{toctree}", ":hidden:", "", *names, "```", ""]
    (folder / "index.md").write_text("\n".join([*start, *rows, *tree]), encoding="utf-8")


def page(name: str) -> str:
    """The page of a module: its functions and classes by name."""
    module = importlib.import_module(name)
    lines = [f"# {name}", "", *prose(inspect.getdoc(module) or ""), ""]
    things = [(n, getattr(module, n)) for n in sorted(names_of(module), key=str.lower)]
    for short, thing in things:
        if isinstance(thing, type | types.FunctionType) and (name, short) != ("minigrad", "Tensor"):
            lines += entry(f"{name}.{short}", thing)
    return "\n".join(lines) + "\n"


def names_of(module: types.ModuleType) -> list[str]:
    named = getattr(module, "__all__", None)
    if named is not None:
        return list(named)
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    ]


def entry(full: str, thing: Any) -> list[str]:
    """The lines of one function or class, with the members that minigrad defines."""
    body = prose(inspect.getdoc(thing) or "")
    if not isinstance(thing, type):
        return directive("function", full + signature(thing), body)
    found: dict[str, Any] = {}
    for base in reversed(thing.__mro__):
        if (base.__module__ or "").startswith("minigrad") and not common(thing, base):
            found |= {n: m for n, m in vars(base).items() if not n.startswith("_")}
    for name, member in sorted(found.items(), key=lambda item: item[0].lower()):
        function = getattr(member, "__func__", member)
        if name == "forward" and thing.__name__ != "Function":  # the class describes it
            continue
        if isinstance(function, property):
            body += directive("attribute", name, prose(inspect.getdoc(function) or ""))
        elif isinstance(function, types.FunctionType):
            given = signature(function, skip=not isinstance(member, staticmethod))
            body += directive("method", name + given, prose(inspect.getdoc(getattr(thing, name)) or ""))
    return directive("class", full + signature(thing), body)


def common(cls: type, base: type) -> bool:
    """Whether members of a base are left to the base's own entry: layers do not repeat those of Module."""
    return any(
        c.__name__ in ("Module", "Optimizer", "LRScheduler") and c is not cls and base in c.__mro__
        for c in cls.__mro__
    )


def directive(kind: str, head: str, body: list[str]) -> list[str]:
    """A block of Sphinx's; one for a class holds those of its methods."""
    fence = ":::::::" if kind == "class" else ":::::"
    return ["", f"{fence}{{py:{kind}}} {head}", "", *body, fence, ""]


def signature(thing: Any, *, skip: bool = False) -> str:
    """Names and defaults, without annotations: the text says more of each."""
    try:
        found = inspect.signature(thing)
    except (ValueError, TypeError):
        return "()"
    given = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    given = given[1:] if skip and given else given
    text = str(inspect.Signature(given))
    return re.sub(r"<[^>]*?'?([\w.]+)'?>", r"\1", text)


def prose(doc: str) -> list[str]:
    """A docstring as Markdown: sections become lists, examples become code."""
    lines: list[str] = []
    section, example, margin = False, False, 0
    for line in doc.splitlines():
        bare = line.strip()
        if example and not bare:
            lines += ["```", ""]
            example = False
        elif example:
            lines.append(line[margin:])
        elif bare.startswith(">>>"):
            margin = len(line) - len(line.lstrip())
            lines += ["", "```pycon", bare]
            example = True
        elif SECTION.match(bare):
            section = True
            lines += ["", f"**{bare[:-1]}**", ""]
        elif section and bare and line.startswith("    "):
            item = re.match(r"^ {4}(?! )([^:]+?): (.*)$", line)
            if item:
                lines.append(f"- {code(item[1])}: {plain(item[2])}")
            elif re.match(r"^ {4}(?! )", line):
                lines.append(f"- {plain(bare)}" if not lines[-1].startswith("-") else f"  {plain(bare)}")
            else:
                lines.append(f"  {plain(bare)}")
        elif bare and line.startswith("    "):  # set apart from the text: a formula, lines of a program
            lines += ["", "```text", line[4:], "```", ""]
        else:
            if bare and section:
                lines.append("")
            section = section and not bare
            lines.append(plain(line))
    if example:
        lines.append("```")
    return joined(lines)


def joined(lines: list[str]) -> list[str]:
    """Blocks of set-apart lines that follow each other become one."""
    text = "\n".join(lines)
    return re.sub(r"\n```\n\n\n```text\n", "\n", text).splitlines()


def code(names: str) -> str:
    return ", ".join(f"`{name.strip('` ')}`" for name in names.split(","))


def plain(text: str) -> str:
    """Text in which stars, underscores and brackets are only themselves, outside of code."""
    parts = re.split(r"(`[^`]*`)", text)
    escaped = [re.sub(r"([*_<>|\[\]\\])", r"\\\1", part) for part in parts[::2]]
    parts[::2] = [re.sub(r"^(\s*)([-+#]|\d+[.)]) ", r"\1\\\2 ", part) for part in escaped]
    return "".join(parts)

"""Two blocks of the pages: `player`, which plays a backward, and `try`, a cell to edit and run."""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from pages import MADE
from sphinx.util.docutils import SphinxDirective

CELL = """
<div class="try" data-base="{base}" data-name="{name}">
<div class="try-head"><strong>Try it</strong>
<button type="button" class="try-run">Run</button><button type="button" class="try-again">Start anew</button>
<span class="try-state" role="status"></span></div>
<textarea class="try-source" rows="{rows}" spellcheck="false" autocapitalize="off" autocomplete="off"
aria-label="a program to change and run">
{source}</textarea>
<div class="try-result" aria-live="polite"></div></div>
"""


class Player(SphinxDirective):
    """The page that the block before it shows, in place."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0].rpartition("/")[2]
        text = (MADE / "static/players" / name).read_text(encoding="utf-8")
        text = text.replace("<iframe ", '<iframe loading="lazy" ', 1)
        return [nodes.raw("", f'<div class="player">{text}</div>', format="html")]


class Try(SphinxDirective):
    """A cell with a program that runs in the browser."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        depth = self.env.docname.count("/")
        cell = CELL.format(
            base="../" * depth + "_static/",
            name=self.env.docname.rpartition("/")[2],
            rows=len(self.content) + 1,
            source=html.escape("\n".join(self.content)),
        )
        return [nodes.raw("", cell, format="html")]


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the blocks."""
    app.add_directive("player", Player)
    app.add_directive("try", Try)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""README as a package index shows it, where links into the source tree lead nowhere.

Name the place of the source at a release, and all links and pictures get it in front of them:

    SOURCE=https://host/owner/minigrad/raw/v1.0 python -m build

Without it pictures give way to their captions, and links to their words.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PICTURE = re.compile(r"!\[([^]]*)\]\((?!https?:)([^)]+)\)")
LINK = re.compile(r"(?<!!)\[([^]]*)\]\((?!https?:|#)([^)]+)\)")


def page(readme: str, source: str) -> str:
    """The text with links that work anywhere."""
    if source:
        return re.sub(r"\]\((?!https?:|#)([^)]+)\)", rf"]({source.rstrip('/')}/\1)", readme)
    return LINK.sub(r"\1", PICTURE.sub(r"*Picture: \1*", readme))


class CustomMetadataHook(MetadataHookInterface):
    """Adds `readme`, and `urls` where the place of the source is known."""

    def update(self, metadata: dict[str, Any]) -> None:
        source = os.environ.get("SOURCE", "")
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": page(readme, source)}
        metadata["urls"] = {"Source": source} if source else {}

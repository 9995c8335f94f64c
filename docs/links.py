"""Every link of the built site leads somewhere: `python docs/links.py docs/_build/html`.

Links to other places are counted, and not opened: the site is built offline.
"""

from __future__ import annotations

import re
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

ATTRIBUTE = re.compile(r"""\b(?:href|src)=["']([^"']*)["']""")
NAME = re.compile(r"""\b(?:id|name)=["']([^"']*)["']""")


def dead(site: Path) -> tuple[list[str], set[str]]:
    """(page: link) of the links that lead nowhere, and all addresses outside."""
    # Pages within the page, like the player's, have links of their own.
    files = [path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts]
    texts = {path: re.sub(r'srcdoc="[^"]*"', "", path.read_text(encoding="utf-8")) for path in files}
    names = {path: {unescape(name) for name in NAME.findall(text)} for path, text in texts.items()}
    found, outside = [], set()
    for path, text in texts.items():
        for link in map(unescape, ATTRIBUTE.findall(re.sub(r"(?s)<script.*?</script>", "", text))):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                outside.add(link)
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.exists() or (anchor and target in names and anchor not in names[target]):
                found.append(f"{path.relative_to(site)}: {link}")
    return found, outside


def main() -> None:
    site = Path(sys.argv[1]).resolve()
    found, outside = dead(site)
    for link in sorted(outside):
        print("not opened:", link)
    if found:
        sys.exit("dead links:\n" + "\n".join(found))
    print("every other link leads somewhere")


if __name__ == "__main__":
    main()

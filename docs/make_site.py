"""All that the site has and the repository has not: pictures, players, API pages, the wheel for the browser.

`make docs` runs it before Sphinx. Every page runs, and an error in one ends the build.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import api
import pages


def main() -> None:
    """Make it anew; an error in a page ends it."""
    shutil.rmtree(pages.MADE, ignore_errors=True)
    static = pages.MADE / "static"
    static.mkdir(parents=True)
    wheel(static)
    api.write(pages.DOCS / "api")
    benchmarks()
    os.environ.setdefault("MPLBACKEND", "Agg")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for shown in pool.map(run, pages.pages()):
            pages.write(shown)


def benchmarks() -> None:
    """The page on speed is that of its folder, with links that lead there."""
    text = (pages.ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\((?!https?:|#)", "](../benchmarks/", text)
    (pages.DOCS / "benchmarks.md").write_text(text, encoding="utf-8")


def run(path: Path) -> dict[str, pages.Shown]:
    """Run one page in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return pages.check(path, Path(folder))


def wheel(static: Path) -> None:
    """The wheel, as a file for micropip, and in a script that a page opened from a disk can load too."""
    folder = static / "wheels"
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "-w", folder, pages.ROOT], check=True)
    (file,) = folder.glob("*.whl")
    data = base64.b64encode(file.read_bytes()).decode()
    cell = (pages.DOCS / "cell.py").read_text(encoding="utf-8")
    text = f"window.minigradWheel = {json.dumps(data)};\nwindow.minigradCell = {json.dumps(cell)};\n"
    (static / "wheel.js").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except pages.PageError as error:
        sys.exit(f"the site is not built:\n{error}")

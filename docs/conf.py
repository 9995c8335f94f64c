"""How Sphinx lays out the site. `make docs` runs make_site.py first, which runs the pages."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

import minigrad  # noqa: E402

project = "minigrad"
author = "the minigrad authors"
copyright = "the minigrad authors"  # noqa: A001 (Sphinx's name)
version = release = str(minigrad.__version__)

extensions = ["myst_parser", "sphinx_design", "site_blocks"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "made"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_number_code_blocks = []
highlight_language = "python"
default_role = "code"
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]
smartquotes = False
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "minigrad"
html_static_path = ["_static", "made/static"]
html_css_files = ["site.css"]
html_js_files = ["try.js"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_prev_next": True,
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
    "show_toc_level": 2,
}
html_sidebars = {"index": [], "benchmarks": [], "coverage": []}

"""The pages that are written from the source are written from this source."""

from pathlib import Path

from minigrad.ops.__main__ import table

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_of_derivatives_is_the_one_that_the_records_give():
    written = (DOCS / "derivatives.md").read_text(encoding="utf-8")
    assert written == table(), "run: python -m minigrad.ops > docs/derivatives.md"

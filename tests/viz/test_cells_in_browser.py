"""A "Try it" cell of the site in a browser that cannot reach the network."""

import html
import re
from pathlib import Path

import pytest

pytest.importorskip("selenium", reason="Selenium is not installed: pip install selenium")
from selenium.webdriver.support.wait import WebDriverWait

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def page(browser, tmp_path):
    """A page with one cell, from the site's own markup and script."""
    markup = re.search(
        r'CELL = """(.*?)"""', (DOCS / "site_blocks.py").read_text(encoding="utf-8"), re.DOTALL
    )[1]
    cell = markup.format(base="", name="lesson", rows=3, source=html.escape("print(1 < 2)"))
    script = (DOCS / "_static/try.js").read_text(encoding="utf-8")
    (tmp_path / "wheel.js").write_text(
        "window.minigradWheel = ''; window.minigradCell = '';", encoding="utf-8"
    )
    nowhere = f"window.minigradPyodide = '{(tmp_path / 'nowhere').as_uri()}/'"
    text = f"<meta charset=utf-8><script>{nowhere}</script>{cell}<script>{script}</script>"
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    browser.get((tmp_path / "page.html").as_uri())
    yield browser
    browser.get_log("browser")  # that a file is missing is meant here


def test_a_cell_says_that_it_needs_the_network_and_what_to_do_without(page):
    assert page.find_element("css selector", ".try-source").get_attribute("value") == "print(1 < 2)"
    page.find_element("css selector", ".try-run").click()
    WebDriverWait(page, 20).until(lambda b: b.find_element("css selector", ".try-result").text)
    said = page.find_element("css selector", ".try-result").text
    assert "cannot be reached from here" in said and "run the file with python" in said
    assert page.find_element("css selector", ".try-run").is_enabled()


def test_start_anew_brings_the_program_back(page):
    source = page.find_element("css selector", ".try-source")
    source.send_keys("more")
    assert source.get_attribute("value") != "print(1 < 2)"
    page.find_element("css selector", ".try-again").click()
    assert source.get_attribute("value") == "print(1 < 2)"

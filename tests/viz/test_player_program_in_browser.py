"""The compiled program in a player's page: the lit line follows the step and stays in sight."""

import pytest

import minigrad as torch
from minigrad import viz

pytest.importorskip("selenium", reason="Selenium is not installed: pip install selenium")
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def compiled(tmp_path):
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3)
    x, labels = torch.randn(2, 4), torch.tensor([0, 2])

    def loss_of(x, labels):
        scores = model(x)
        return torch.nn.functional.cross_entropy(scores, labels)

    fast = torch.compile(loss_of)
    fast(x, labels)
    with viz.watch(model):
        loss = fast(x, labels)
    path = tmp_path / "compiled.html"
    viz.player(loss, path, program=fast)
    return path


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_lit_line_moves_with_the_step_and_stays_in_sight(open_page, compiled, width, height):
    page = open_page(compiled, width, height)
    seen = []
    for _ in range(page.step()[1]):
        lit = page.all("#listing li.lit")
        if lit:
            seen.append(lit[0].text)
            frame, row = page.box(page["listing"]), page.box(lit[0])
            assert frame["top"] - 1 <= row["top"] < frame["bottom"]
            assert frame["left"] <= row["left"] and row["right"] <= min(frame["right"], width) + 1
        page.press(Keys.ARROW_RIGHT)
    assert len(dict.fromkeys(seen)) >= 10
    assert page.run("document.documentElement.scrollWidth") <= width


def test_the_compiled_program_and_ones_own_lines_change_places(open_page, compiled):
    page = open_page(compiled)
    button = page["compiled"]
    assert button.get_attribute("aria-pressed") == "true" and page["listing"].is_displayed()
    assert not page["lines"].is_displayed()
    page.press("c")
    assert page["lines"].is_displayed() and not page["listing"].is_displayed()
    assert "scores = model(x)" in page["lines"].text
    button.click()
    assert page["listing"].is_displayed() and button.get_attribute("aria-pressed") == "true"
    page.press(Keys.ARROW_RIGHT)
    assert page.step()[0] == 2
    assert not [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_a_page_without_a_program_has_no_such_button(open_page, tmp_path):
    x = torch.tensor(2.0, requires_grad=True)
    viz.player(x * x, tmp_path / "plain.html")
    page = open_page(tmp_path / "plain.html")
    assert not page["compiled"].is_displayed() and not page["listing"].is_displayed()
    page.press("c")
    assert page["lines"].is_displayed()

"""The player in a real browser: what its pages show, and how they are used."""

import re

import numpy as np
import pytest

import minigrad as torch
from minigrad import viz

pytest.importorskip("selenium", reason="Selenium is not installed: pip install selenium")
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"−?\d+(?:\.\d+)?(?:e−?\d+)?", text)]


@pytest.fixture
def sum_of_two(tmp_path):
    x = torch.tensor(2.0, requires_grad=True)
    y = torch.tensor(3.0, requires_grad=True)
    with viz.watch():
        z = x * y + torch.sin(x)
    path = tmp_path / "sum.html"
    viz.player(z, path)
    z.backward()
    return path, {"x": x, "y": y}


@pytest.fixture
def network(tmp_path):
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3)
    X, labels = torch.randn(2, 4), torch.tensor([0, 2])
    with viz.watch(model):
        loss = torch.nn.functional.cross_entropy(model(X), labels)
    path = tmp_path / "network.html"
    viz.player(loss, path)
    loss.backward()
    return path, dict(model.named_parameters())


def test_at_the_end_the_page_shows_the_gradients_that_are_in_grad(open_page, sum_of_two):
    path, leaves = sum_of_two
    page = open_page(path)
    assert page.grads() == {"x": "no gradient yet", "y": "no gradient yet"}
    last = page.step()[1]
    for step in range(1, last):
        assert page.step() == (step, last)
        page.press(Keys.ARROW_RIGHT)
    assert page.step() == (last, last)
    shown = page.grads()
    for name, tensor in leaves.items():
        assert numbers(shown[name]) == pytest.approx([tensor.grad.item()], rel=1e-3)
        assert f"grad {shown[name]}" in page.card(name).text


def test_the_gradients_of_a_network_are_shown_too(open_page, network):
    path, parameters = network
    page = open_page(path)
    page.press(Keys.END)
    shown = page.grads()
    assert list(shown) == list(parameters)
    for name, parameter in parameters.items():
        grad = parameter.grad.numpy()
        if grad.size <= 12:
            assert numbers(shown[name]) == pytest.approx(grad.ravel().tolist(), rel=1e-3, abs=1e-6)
        else:
            assert shown[name].startswith(f"{grad.shape}, min ")
            assert numbers(shown[name])[2:] == pytest.approx([grad.min(), grad.max()], rel=1e-3)


def test_a_step_shows_the_rule_the_part_and_the_sum(open_page, sum_of_two):
    page = open_page(sum_of_two[0])
    page.press(*[Keys.ARROW_RIGHT] * 11)
    words = page.words()
    assert "v1 → x" in words
    assert "g · y = 1 · 3 = 3" in words
    assert "x has now: −0.4161 + 3 = 2.584." in words
    assert "d(x · y)/dx = y = 3" in words
    assert "g 2.584" in page.card("x").text and "part 2 of 2" in page.card("x").text
    assert [line.text for line in page.all("#lines .lit code")] == ["    z = x * y + torch.sin(x)"]
    assert "now" in page.card("v1").get_attribute("class")
    assert (
        "freed" in page.card("v2").get_attribute("class") and page.all("#graph .card s")[0].text == "keeps x"
    )
    assert sorted(label.text for label in page.all(".part") if label.text) == ["1", "1", "3", "−0.4161"]


def test_of_a_statement_over_several_lines_all_are_lit(open_page, tmp_path):
    x = torch.tensor(2.0, requires_grad=True)
    with viz.watch():
        y = torch.sin(
            x * 3,
        )  # fmt: skip
    viz.player(y, tmp_path / "y.html")
    page = open_page(tmp_path / "y.html")
    page.press(Keys.ARROW_RIGHT)
    assert [line.text.strip() for line in page.all("#lines .lit code")] == [
        "y = torch.sin(",
        "x * 3,",
        ")  # fmt: skip",
    ]
    assert len(page.all("#lines [aria-current]")) == 1


def test_forward_comes_first_and_what_is_not_computed_shows_no_value(open_page, sum_of_two):
    page = open_page(sum_of_two[0])
    assert "forward" in page["count"].text
    assert "waiting" in page.card("z").get_attribute("class") and "6.909" not in page.card("z").text
    page.press(*[Keys.ARROW_RIGHT] * 3)
    assert "waiting" not in page.card("z").get_attribute("class") and "6.909" in page.card("z").text
    page.press(Keys.ARROW_RIGHT)
    assert "backward" in page["count"].text


def test_buttons_slider_keys_and_cards_lead_to_the_same_steps(open_page, sum_of_two):
    page = open_page(sum_of_two[0])
    last = page.step()[1]
    assert not page["back"].is_enabled() and not page["first"].is_enabled()
    page["next"].click()
    page["next"].click()
    page["back"].click()
    assert page.step()[0] == 2
    page["last"].click()
    assert page.step()[0] == last and not page["next"].is_enabled()
    page["step"].send_keys(Keys.ARROW_LEFT)
    assert page.step()[0] == last - 1
    assert page["step"].get_attribute("aria-valuetext").startswith(f"{last - 1} of {last}, backward: ")
    page["speed"].send_keys(Keys.ARROW_LEFT)  # slower, and no step back
    assert page.step()[0] == last - 1
    page.card("v2").click()
    assert "Gradient of v2" in page.words()
    page["first"].click()
    assert page.step()[0] == 1
    page.card("v2").click()
    assert "v2 = sin(x)" in page.words()


def test_it_plays_to_the_end_and_can_be_paused(open_page, sum_of_two):
    page = open_page(sum_of_two[0], calm=False)
    last = page.step()[1]
    page.run("document.querySelector('#speed option:checked').value = 100")
    page.press(Keys.SPACE)
    WebDriverWait(page.browser, 60, 0.05).until(lambda _: page.step()[0] == last)
    WebDriverWait(page.browser, 60, 0.05).until(lambda _: page["play"].get_attribute("aria-label") == "Play")
    page.run("document.querySelector('#speed option:checked').value = 0.01")
    page["play"].click()
    assert page["play"].get_attribute("aria-label") == "Pause"
    page["play"].click()
    assert page["play"].get_attribute("aria-label") == "Play"
    assert page.step()[0] == 1  # from the end it began again


def test_the_step_is_in_the_address_and_an_address_opens_at_its_step(open_page, sum_of_two):
    path, _ = sum_of_two
    page = open_page(path)
    page.press(Keys.END)
    last = page.step()[1]
    WebDriverWait(page.browser, 60, 0.05).until(lambda _: page.run("location.hash") == f"#{last}")
    assert open_page(path.as_uri() + "#5").step()[0] == 5


def test_it_plays_within_a_notebook(browser, open_page, tmp_path):
    x = torch.tensor(2.0, requires_grad=True)
    page = viz.player(x * x, None)
    (tmp_path / "notebook.html").write_text(
        f'<!doctype html><meta charset="utf-8">{page._repr_html_()}', encoding="utf-8"
    )
    browser.get_log("browser")
    outside = open_page(tmp_path / "notebook.html")
    browser.switch_to.frame(outside.all("iframe")[0])
    outside.run("document.querySelector('#speed option:checked').value = 100")
    outside["play"].click()
    WebDriverWait(browser, 60, 0.05).until(lambda _: outside["what"].text == "Done")
    assert outside.grads() == {"x": "4"}
    browser.switch_to.default_content()
    assert browser.get_log("browser") == []


def test_nothing_is_loaded_and_nothing_goes_wrong(browser, open_page, network):
    browser.get_log("browser")
    page = open_page(network[0])
    page.press(*[Keys.ARROW_RIGHT] * 30)
    assert page.run("performance.getEntriesByType('resource').length") == 0
    assert browser.get_log("browser") == []


def test_a_screen_reader_is_told_each_step_and_finds_every_control(open_page, sum_of_two):
    page = open_page(sum_of_two[0])
    live = page["told"]
    assert live.get_attribute("aria-live") == "polite" and live.get_attribute("aria-atomic") == "true"
    before = live.text
    page.press(Keys.ARROW_RIGHT)
    assert live.text != before
    controls = [control for control in page.all("button, input, select") if control.is_displayed()]
    for control in controls:
        assert control.accessible_name, control.get_attribute("outerHTML")
    names = [control.accessible_name for control in controls if control.tag_name == "button"]
    assert names == [
        *("Smaller", "Larger", "Overview"),
        *("First step", "Step back", "Play", "Step forward", "Over the operation", "Last step"),
    ]
    assert page["graph"].get_attribute("aria-label").startswith("5 tensors; 17 steps")
    assert page.run("document.querySelector('#lines [aria-current]').textContent").endswith("torch.sin(x)")
    assert page.run("document.documentElement.lang") == "en"


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_a_desk_and_a_phone(open_page, network, width):
    page = open_page(network[0], width, 844)
    page.press(*[Keys.ARROW_RIGHT] * 8)
    assert page.run("document.documentElement.scrollWidth") == width
    inside = (
        "((b) => b.top >= 0 && b.bottom <= innerHeight)(document.querySelector('{}').getBoundingClientRect())"
    )
    for visible in ("#play", "#step", "#count", "#what", ".card.now"):
        assert page.run(inside.format(visible)), visible
    for button in page.all("#controls button"):
        assert button.size["height"] >= 40 and button.size["width"] >= 40
    loss, scores = (page.box(page.card(name)) for name in ("loss", "v3"))
    assert loss["top"] > scores["bottom"]  # from top to bottom, where a row of the cards would be too small
    size = "parseFloat(getComputedStyle(e).fontSize)"
    texts = "[...document.querySelectorAll('.card, .card *, .part, .close')]"
    zoom = page.run("document.querySelector('#graph').getBoundingClientRect().width / graph.offsetWidth")
    assert page.run(f"Math.min(...{texts}.map((e) => {size}))") * zoom >= 11.99


def test_a_short_graph_stands_in_a_row_on_a_desk(open_page, sum_of_two):
    page = open_page(sum_of_two[0], 1280, 844)
    assert page.box(page.card("z"))["left"] > page.box(page.card("v1"))["right"]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_active_card_is_always_in_view(open_page, tmp_path, width):
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(12):
        y = torch.sin(y) * x
    viz.player(y, tmp_path / "long.html")
    page = open_page(tmp_path / "long.html", width, 844)
    inside = (
        "((a, b) => a.top >= b.top - 1 && a.bottom <= b.bottom + 1 && a.left >= b.left - 1 && "
        "a.right <= b.right + 1)(document.querySelector('.card.now').getBoundingClientRect(), "
        "document.querySelector('#stage').getBoundingClientRect())"
    )
    for _ in range(8):
        page.press(*[Keys.ARROW_RIGHT] * 7)
        assert page.run(inside), page["what"].text


def test_no_two_cards_overlap(open_page, network):
    for width in (1280, 390):
        page = open_page(network[0], width, 844)
        boxes = [page.box(card) for card in page.all("#graph .card")]
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                apart_x = a["right"] <= b["left"] or b["right"] <= a["left"]
                assert apart_x or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]


def test_labels_of_two_arrows_between_the_same_cards_do_not_overlap(open_page, tmp_path):
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    viz.player((w * w).sum(), tmp_path / "w.html")
    for width in (1280, 390):
        page = open_page(tmp_path / "w.html", width, 844)
        page.press(Keys.END)
        a, b = (page.box(label) for label in page.all(".part") if label.text == "[1, −2]")
        a, b = sorted((a, b), key=lambda box: box["left"])
        assert a["right"] <= b["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]


def test_a_detached_card_says_of_what(open_page, tmp_path):
    x = torch.tensor(3.0, requires_grad=True)
    h = x * x
    cut = h.detach()
    viz.player(h * cut, tmp_path / "cut.html")
    page = open_page(tmp_path / "cut.html")
    page.press(Keys.END)
    assert "detached from h" in page.card("cut").text and page.grads() == {"x": "54"}


def contrast(ink, paper):
    def light(colour):
        c = np.array([int(n) for n in re.findall(r"\d+", colour)[:3]]) / 255
        c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return c @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((light(ink), light(paper)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_colour_schemes(open_page, sum_of_two, scheme):
    page = open_page(sum_of_two[0], scheme=scheme)
    page.press(Keys.END)
    colour = "getComputedStyle(document.querySelector('{}')).{}"
    card = page.run(colour.format("#now", "backgroundColor"))
    for selector in ("#count", "#what", "#words p", "#lines code", "td.grad", ".card.op .op", ".card.op .g"):
        assert contrast(page.run(colour.format(selector, "color")), card) >= 4.5, selector


def test_with_reduced_motion_nothing_moves_by_itself(open_page, sum_of_two):
    page = open_page(sum_of_two[0], calm=True)
    page.press(Keys.ARROW_RIGHT)
    assert page.run("document.getAnimations().length") == 0
    page = open_page(sum_of_two[0], calm=False)
    page.press(Keys.ARROW_RIGHT)
    assert page.run("document.getAnimations().length") > 0

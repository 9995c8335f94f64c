"""Modules in the player, folded into one card and unfolded again, in a real browser."""

import pytest

import minigrad as torch
from minigrad import viz

pytest.importorskip("selenium", reason="Selenium is not installed: pip install selenium")
from selenium.webdriver.common.keys import Keys

TENSORS = {"X", "0.weight", "0.bias", "v1", "v2", "2.weight", "2.bias", "scores", "labels", "loss"}
MODULES = {"X", "0: Linear", "1: ReLU", "2: Linear", "labels", "loss"}


@pytest.fixture
def play(tmp_path):
    """Writes the page of the tutorial's network; gives its path and the model."""

    def written(**how):
        torch.manual_seed(0)
        model = torch.nn.MLP(4, 5, 3)
        X, labels = torch.randn(2, 4), torch.tensor([0, 2])
        with viz.watch(model):
            scores = model(X)
            loss = torch.nn.functional.cross_entropy(scores, labels)
        viz.player(loss, tmp_path / "network.html", **how)
        loss.backward()
        return tmp_path / "network.html", model

    return written


def switch(page, title):
    """The button of a module in the list beside the graph."""
    (button,) = (b for b in page.all("#boxes button") if b.text == title)
    return button


def closed(page):
    return {b.text for b in page.all("#boxes button") if b.get_attribute("aria-expanded") == "false"}


def recorded(page):
    """The step of the recording, whatever is folded."""
    return int(page.run("document.body.dataset.step"))


def test_a_module_folds_into_one_card_and_unfolds(open_page, play):
    page = open_page(play()[0])
    assert set(page.cards()) == TENSORS
    switch(page, "0: Linear").click()
    assert set(page.cards()) == TENSORS - {"0.weight", "0.bias", "v1"} | {"0: Linear"}
    assert "25 parameters" in page.card("0: Linear").text
    page.card("0: Linear").find_element("css selector", ".open").click()
    assert set(page.cards()) == TENSORS
    page.all(".close")[0].click()  # its name beside the tensors inside
    assert "0: Linear" in page.cards()


def test_all_modules_fold_at_once_by_a_button_or_a_key(open_page, play):
    page = open_page(play()[0])
    page["fold"].click()
    assert set(page.cards()) == MODULES and page["fold"].text == "Unfold modules"
    page.press("f")
    assert set(page.cards()) == TENSORS and page["fold"].text == "Fold modules"


def test_a_module_that_holds_others_folds_with_them(open_page, play):
    page = open_page(play()[0])
    switch(page, "MLP").send_keys(Keys.ENTER)
    assert set(page.cards()) == {"X", "MLP", "labels", "loss"}
    assert closed(page) == {"MLP"}
    assert [b.text for b in page.all("#boxes button") if b.is_displayed()] == ["MLP"]
    assert "43 parameters" in page.card("MLP").text
    switch(page, "MLP").send_keys(Keys.ENTER)
    assert set(page.cards()) == TENSORS


def test_folding_stays_at_the_same_step_of_the_recording(open_page, play):
    page = open_page(play()[0])
    last = page.step()[1]
    for step in range(1, last + 1):
        page.browser.execute_script(
            "const s = document.getElementById('step'); s.value = arguments[0] - 1;"
            "s.dispatchEvent(new Event('input'))",
            step,
        )
        assert recorded(page) == step
        page.press("f")
        held = recorded(page)
        assert held >= step  # a run of steps inside a module is one, and shows what holds after it
        assert page.step()[1] < last
        page.press("f")
        assert recorded(page) == held and page.step() == (held, last)


def test_folded_the_steps_tell_the_same_story_in_fewer_words(open_page, play):
    page = open_page(play(fold=True)[0])
    assert closed(page) == {"0: Linear", "1: ReLU", "2: Linear"}
    seen = []
    for step in range(1, page.step()[1] + 1):
        assert page.step()[0] == step
        seen.append((page["what"].text, page["words"].text))
        page.press(Keys.ARROW_RIGHT)
    titles = [title for title, _ in seen]
    inside = "\n".join(words for title, words in seen if title == "Inside 2: Linear")
    for part in ("scores → 2.weight", "scores → 2.bias", "scores frees what it kept"):
        assert part in inside and part not in titles
    assert "scores → v2" in titles  # what leaves a module is a step of its own
    assert titles[-1] == "Done"


def test_folded_the_gradients_at_the_end_are_those_in_grad(open_page, play):
    path, model = play(fold="MLP")
    page = open_page(path)
    assert set(page.cards()) == {"X", "MLP", "labels", "loss"}
    page.press(Keys.END)
    folded = page.grads()
    switch(page, "MLP").click()
    assert page["what"].text == "Done" and page.grads() == folded
    bias = model[2].bias.grad.tolist()
    assert folded["2.bias"] == f"[{', '.join(f'{g:.4g}' for g in bias)}]".replace("-", "−")


def test_a_folded_card_waits_shows_its_result_its_gradient_and_that_it_is_freed(open_page, play):
    page = open_page(play(fold=True)[0])
    card = page.card("2: Linear")
    assert "waiting" in card.get_attribute("class")
    while page["what"].text != "Gradient of scores":
        page.press(Keys.ARROW_RIGHT)
    words = card.text
    assert "waiting" not in card.get_attribute("class") and "now" in card.get_attribute("class")
    assert "min −0.11, max 0.41" in words and "g min −0.33, max 0.2" in words and "freed" not in words
    page.press(Keys.END)
    assert "freed" in card.text


def test_an_address_opens_at_its_step_of_the_recording_though_modules_are_folded(open_page, play):
    path, _ = play(fold=True)
    page = open_page(path.as_uri() + "#12")  # inside the last layer
    assert page["what"].text == "Inside 2: Linear" and "scores → 2.weight" in page.words()


@pytest.mark.parametrize("width", [1280, 390])
def test_folded_no_two_cards_overlap_and_the_page_fits(open_page, play, width):
    page = open_page(play()[0], width, 844)
    for title in ("0: Linear", "2: Linear"):
        page.run("arguments[0].click()", switch(page, title))
        assert page.run("document.documentElement.scrollWidth") == width
        boxes = [page.box(card) for card in page.cards().values()]
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                beside = a["right"] <= b["left"] or b["right"] <= a["left"]
                assert beside or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]
    least = 40 if width == 390 else 30
    assert all(b.size["height"] >= least for b in page.all("#boxes button, #fold") if b.is_displayed())


def test_an_op_outside_in_the_middle_of_a_module_does_no_harm(open_page, tmp_path):
    w = torch.nn.Parameter(torch.tensor([[2.0]]))
    x = torch.tensor([3.0], requires_grad=True)
    a = torch.nn.functional.linear(x, w)
    b = torch.sin(a)  # between two ops that the picture takes for one call of the module
    y = torch.nn.functional.linear(b, w, a).sum()
    viz.player(y, tmp_path / "y.html", params=[("part.w", w)], fold=True)
    y.backward()
    page = open_page(tmp_path / "y.html")
    assert set(page.cards()) == {"x", "part", "b", "y"}
    page.press(Keys.END)
    assert page.browser.get_log("browser") == []
    assert page.grads()["x"] == f"[{x.grad.item():.4g}]".replace("-", "−")


def test_a_page_without_modules_has_nothing_to_fold(open_page, tmp_path):
    x = torch.tensor(3.0, requires_grad=True)
    viz.player(x * x, tmp_path / "y.html")
    page = open_page(tmp_path / "y.html")
    assert not page["fold"].is_displayed() and not page["modules"].is_displayed()
    page.press("f")
    assert page["what"].text == "x"

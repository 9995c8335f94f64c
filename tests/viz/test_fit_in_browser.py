"""The pages of the examples, at the size of a laptop and of a phone: all that a step is about can be seen."""

import importlib.util
from pathlib import Path

import pytest

import minigrad as torch
from minigrad import viz

pytest.importorskip("selenium", reason="Selenium is not installed: pip install selenium")
from selenium.webdriver.common.keys import Keys

EXAMPLE = Path(__file__).parents[2] / "examples" / "player.py"
SIZES = [(1280, 800), (390, 844)]
PAGES = [
    "sum-of-two",
    "diamond",
    "broadcast",
    "detach",
    "twice-1",
    "twice-2",
    "network",
    "two-two-one",
    "loop",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    spec = importlib.util.spec_from_file_location("player_example", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.main(["--out", str(folder)])
    two_two_one(folder)
    loop(folder)
    return folder


def two_two_one(folder):
    torch.manual_seed(0)
    X = torch.tensor([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    t = torch.tensor([[1.0], [0.0], [1.0], [0.0]])
    W1, b1 = torch.randn(2, 2, requires_grad=True), torch.zeros(2, requires_grad=True)
    W2, b2 = torch.randn(2, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    with viz.watch():
        h = torch.tanh(X @ W1 + b1)
        out = h @ W2 + b2
        loss = ((out - t) ** 2).mean()
    viz.player(loss, folder / "two-two-one.html", title="2-2-1")


def loop(folder):
    w = torch.tensor(0.9, requires_grad=True)
    h = torch.tensor(0.3)
    with viz.watch():
        for _ in range(20):
            h = torch.tanh(w * h)
    viz.player(h, folder / "loop.html", title="Twenty passes")


# What a reader sees of a step: the boxes of cards, of labels, of the view; and texts that are cut.
SEEN = """(() => {
    const box = (e) => ["left", "top", "right", "bottom"].map((side) => e.getBoundingClientRect()[side]);
    const cards = [...document.querySelectorAll("#graph .card")];
    const shown = (e) => e.textContent && getComputedStyle(e).visibility === "visible";
    const scale = Number(document.getElementById("graph").style.getPropertyValue("--scale"));
    return {
        view: box(document.getElementById("stage")),
        cards: cards.map(box),
        labels: [...document.querySelectorAll(".part")].filter((e) => e.textContent).map(box),
        names: [...document.querySelectorAll(".close")].map(box),
        now: cards.filter((e) => e.classList.contains("now")).map(box),
        standing: document.querySelectorAll("#near .card").length,
        cut: cards.flatMap((e) => [...e.querySelectorAll(".value, .g")])
            .filter((e) => shown(e) && e.scrollWidth > e.clientWidth).map((e) => e.textContent),
        small: [...document.querySelectorAll("body *")]
            .filter((e) => e.children.length === 0 && shown(e) && e.getClientRects().length)
           .filter((e) => parseFloat(getComputedStyle(e).fontSize) * (e.closest("#graph") ? scale : 1) < 11.9)
            .map((e) => e.outerHTML),
        wide: document.documentElement.scrollWidth > innerWidth,
    };
})()"""


def apart(a, b, slack=1.0):
    return a[2] <= b[0] + slack or b[2] <= a[0] + slack or a[3] <= b[1] + slack or b[3] <= a[1] + slack


def inside(a, b, slack=2.0):
    return a[0] >= b[0] - slack and a[1] >= b[1] - slack and a[2] <= b[2] + slack and a[3] <= b[3] + slack


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_each_step_is_in_view_and_nothing_overlaps_or_is_cut(open_page, folder, name, size):
    page = open_page(folder / f"{name}.html", *size)
    last = page.step()[1]
    for _ in range(last):
        seen = page.run(SEEN)
        where = f"{name} at {size}, {page['count'].text}"
        parts = seen["labels"] + seen["names"]
        for i, label in enumerate(parts):
            assert all(apart(label, other) for other in parts[i + 1 :]), where
        assert all(apart(label, card) for label in seen["labels"] for card in seen["cards"]), where
        assert seen["cut"] == [] and seen["small"] == [] and not seen["wide"], where
        if len(seen["now"]) == 1:
            assert inside(seen["now"][0], seen["view"]), where
        page.press(Keys.ARROW_RIGHT)


@pytest.mark.parametrize("name", ["two-two-one", "sum-of-two", "diamond", "broadcast", "network"])
def test_a_small_graph_is_seen_whole_on_a_laptop(open_page, folder, name):
    page = open_page(folder / f"{name}.html", 1280, 800)
    seen = page.run(SEEN)
    assert all(inside(card, seen["view"]) for card in seen["cards"])


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "phone"])
def test_a_card_that_is_far_away_stands_at_the_edge_of_the_view(open_page, folder, size):
    page = open_page(folder / "loop.html", *size)
    while page["what"].text != "v12 → w":
        page.press(
            "n"
            if page["count"].text.startswith("forward") or " v12" not in page["what"].text
            else Keys.ARROW_RIGHT
        )
    boxes = page.run(
        "[...document.querySelectorAll('#near .card')]"
        ".map((e) => [e.querySelector('b').textContent, e.getBoundingClientRect().toJSON()])"
    )
    assert [name for name, _ in boxes] == ["w"]
    view, box = page.box(page["stage"]), boxes[0][1]
    assert view["left"] <= box["left"] and box["right"] <= view["right"]
    assert view["top"] <= box["top"] and box["bottom"] <= view["bottom"]


def test_the_overview_holds_the_whole_graph_and_its_names_can_be_read(open_page, folder):
    page = open_page(folder / "loop.html", 1280, 800)
    page.press("o")
    seen = page.run(SEEN)
    assert all(inside(card, seen["view"]) for card in seen["cards"])
    assert page["overview"].get_attribute("aria-pressed") == "true"
    scale = page.run("Number(document.getElementById('graph').style.getPropertyValue('--scale'))")
    assert (
        page.run("parseFloat(getComputedStyle(document.querySelector('#graph .card b')).fontSize)") * scale
        >= 11.99
    )
    page.press("o")
    assert page["overview"].get_attribute("aria-pressed") == "false"


def test_an_operation_can_be_stepped_over(open_page, folder):
    page = open_page(folder / "sum-of-two.html", 1280, 800)
    titles = []
    for _ in range(12):
        titles.append(page["what"].text)
        page.press("n")
    assert titles[4:9] == [
        "Gradient of z",
        "Gradient of v2",
        "Gradient of v1",
        "Gradient of x",
        "Gradient of y",
    ]


def test_in_predict_mode_a_number_is_asked_for_before_it_is_shown(open_page, folder):
    page = open_page(folder / "sum-of-two.html", 1280, 800)
    page.press("p", Keys.ARROW_RIGHT)
    assert "What is v1?" in page.words() and "gives 6" not in page.words()
    assert "waiting" in page.card("v1").get_attribute("class")
    guess = page["guess"]
    guess.send_keys("-6", Keys.ENTER)
    assert "the sign is not" in page["verdict"].text and "gives 6" not in page.words()
    guess.clear()
    guess.send_keys("6", Keys.ENTER)
    assert "Right. It is 6." in page.words() and "gives 6" in page.words()
    assert "waiting" not in page.card("v1").get_attribute("class")
    page.press(Keys.ARROW_RIGHT)
    assert "What is v2?" in page.words()
    page["reveal"].click()
    assert "gives 0.9093" in page.words()


def test_autoplay_gives_time_to_read(open_page, folder):
    page = open_page(folder / "sum-of-two.html", 1280, 800)
    speeds = [float(option.get_attribute("value")) for option in page.all("#speed option")]
    assert max(speeds) <= 1.5  # at 1: 150 words a minute


def test_two_pages_in_one_notebook_do_not_disturb_each_other(open_page, tmp_path):
    x = torch.tensor(2.0, requires_grad=True)
    frames = viz.player(x * x)._repr_html_() + viz.player(torch.sin(x))._repr_html_()
    (tmp_path / "notebook.html").write_text(
        f'<!doctype html><meta charset="utf-8">{frames}', encoding="utf-8"
    )
    page = open_page(tmp_path / "notebook.html", 1280, 800)
    first, second = page.all("iframe")
    page.browser.switch_to.frame(first)
    page["next"].click()
    assert page.step()[0] == 2
    page.browser.switch_to.default_content()
    page.browser.switch_to.frame(second)
    assert page.step()[0] == 1
    page.browser.switch_to.default_content()

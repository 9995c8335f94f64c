import image_pictures
import numpy as np
import pytest
from image_data import CLOTHES, Data

import minigrad as torch

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are closed, still open to be looked at."""
    figures = []
    close = plt.close
    monkeypatch.setattr(plt, "close", figures.append)
    yield figures
    monkeypatch.undo()
    close("all")


def guesses(classes, guessed):
    """Four images of the given classes, and a network that takes them for others."""

    def model(images):
        assert images.shape == (4, 4)
        return torch.eye(10)[torch.tensor(guessed)]

    return Data(torch.zeros(4, 4), torch.tensor(classes), (2, 2)), model


def test_mistakes_are_marked_and_come_first(tmp_path, drawn):
    data, model = guesses([0, 1, 2, 2], [0, 1, 0, 2])
    image_pictures.draw_predictions(model, data, tmp_path / "page.png", rows=1, columns=5)
    (axes,) = drawn[0].axes
    assert [text.get_text() for text in axes.texts] == ["0, not 2", "0", "1", "2"]
    colours = [text.get_color() for text in axes.texts]
    assert colours[0] not in colours[1:]
    assert len({patch.get_edgecolor() for patch in axes.patches}) == 2
    assert axes.get_title() == "3 of 4 recognised; the mistakes come first"


def test_classes_may_have_names(tmp_path, drawn):
    data, model = guesses([9, 1, 9, 9], [7, 1, 9, 9])
    image_pictures.draw_predictions(model, data, tmp_path / "page.png", CLOTHES, rows=1, columns=2)
    assert [text.get_text() for text in drawn[0].axes[0].texts] == ["Sneaker,\nnot Ankle boot", "Trouser"]
    image_pictures.draw_confusion(model, data, tmp_path / "confusion.png", CLOTHES)
    assert [label.get_text() for label in drawn[1].axes[0].get_yticklabels()] == CLOTHES


def test_confusions_are_counted_row_by_row(tmp_path, drawn):
    data, model = guesses([3, 3, 5, 3], [3, 5, 5, 5])
    image_pictures.draw_confusion(model, data, tmp_path / "confusion.png")
    (axes,) = drawn[0].axes
    counts = {text.get_position()[::-1]: int(text.get_text()) for text in axes.texts}
    assert {place: n for place, n in counts.items() if n} == {(3, 3): 1, (3, 5): 2, (5, 5): 1}
    assert axes.get_title() == "2 mistakes in 4 test images"
    shown = np.asarray(axes.images[0].get_array())
    assert (shown[3, 5], shown.sum()) == (2, 2)


def test_without_a_mistake_nothing_is_red(tmp_path, drawn):
    data, model = guesses([3, 4, 5, 6], [3, 4, 5, 6])
    image_pictures.draw_confusion(model, data, tmp_path / "confusion.png")
    assert not drawn[0].axes[0].images[0].get_array().any()

"""Colours that mean something can be told apart with every kind of colour vision, on light and dark ground.

Colour blindness as simulated by Machado, Oliveira and Fernandes, "A physiologically-based model for
simulation of color vision deficiency" (2009), at full severity; distances in CIELAB, where 2.3 is just
noticeable.
"""

import re
from importlib.resources import files

import numpy as np
import pytest

from minigrad.viz._cards import THEMES, shade

VISION = {
    "full": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
CSS = (files("minigrad.viz") / "page" / "page.css").read_text(encoding="utf-8")
ROOTS = dict(zip(("light", "dark"), re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), strict=True))
CLEARLY = 20.0


def rgb(text):
    """From `#rgb`, `#rrggbb` or `r g b`."""
    if not text.startswith("#"):
        return np.array([int(n) for n in text.split()]) / 255
    digits = text[1:] if len(text) == 7 else "".join(2 * c for c in text[1:])
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255


def seen(text, vision):
    """A colour in CIELAB, as such an eye sees it."""
    c = rgb(text)
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ linear / [0.9505, 1.0, 1.089]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(first, second, vision):
    return float(np.linalg.norm(seen(first, vision) - seen(second, vision)))


def test_the_distance_is_that_of_the_literature():
    assert apart("#ffffff", "#000000", "full") == pytest.approx(100, abs=0.1)
    assert apart("#00aa00", "#cc5500", "no green cones") < apart("#00aa00", "#cc5500", "full") / 2


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", ROOTS)
def test_the_players_forward_and_backward_differ(theme, vision):
    variables = dict(re.findall(r"--([\w-]+): ([^;]+);", ROOTS[theme]))
    assert apart(variables["go"], variables["back"], vision) > CLEARLY
    for name in ("go", "back", "ink", "soft"):
        assert apart(variables[name], variables["card"], vision) > 2 * CLEARLY, name


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_of_a_graph_tells_signs_by_place_and_size_by_darkness(theme, vision):
    colours = THEMES[theme]
    for ink in (colours.text, colours.gradient):
        steps = [shade(part, ink, colours) for part in (-1.0, 0.0, 0.3, 1.0)]
        assert steps[0] == steps[1] == colours.faint
        assert apart(steps[1], steps[3], vision) > 2 * CLEARLY
        assert CLEARLY < apart(steps[1], steps[2], vision) < apart(steps[1], steps[3], vision)
    for ink in (THEMES[theme].text, THEMES[theme].quiet, THEMES[theme].gradient):
        assert apart(ink, THEMES[theme].ground, vision) > 2 * CLEARLY


def contrast(ink, paper):
    """As the Web Content Accessibility Guidelines define it; small text needs 4.5."""

    def light(text):
        c = rgb(text)
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((light(ink), light(paper)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_on_every_card(theme):
    colours = THEMES[theme]
    for kind in ("leaf", "parameter", "constant", "op", "output", "freed", "module"):
        for ink in (colours.text, colours.quiet, colours.gradient):
            assert contrast(ink, getattr(colours, kind)[0]) >= 4.5, (kind, ink)
    variables = dict(re.findall(r"--([\w-]+): ([^;]+);", ROOTS[theme]))
    for paper in ("card", "leaf", "parameter", "module"):
        for ink in ("ink", "soft", "back"):
            assert contrast(variables[ink], variables[paper]) >= 4.5, (paper, ink)
    assert contrast(variables["module-line"], variables["module"]) >= 4.5


def test_no_colour_has_two_meanings():
    for root in ROOTS.values():
        variables = dict(re.findall(r"--([\w-]+): ([^;]+);", root))
        variables.pop("mono", None)
        assert len(set(variables.values())) == len(variables)

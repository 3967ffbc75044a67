"""Figures that a reader moves: what the script gets is what the runs computed."""

import itertools
import json
import re
from pathlib import Path

import figures
import numpy as np
import pytest

from tfbook.explorable import (
    FAR,
    SHADES,
    Explorable,
    Panel,
    bars,
    dots,
    image,
    line,
    named,
)

ROOT = Path(__file__).parents[1]
RATES, STEPS = [0.1, 0.5, 1.5], [0, 1, 4]


def walk(rate: float, steps: int) -> np.ndarray:
    """Descend on the parabola, step by step."""
    path = [1.0]
    for _ in range(steps):
        path.append(path[-1] - rate * path[-1])
    return np.array(path)


@pytest.fixture
def moved() -> Explorable:
    """A walk with two controls."""
    return Explorable(
        {"rate": RATES, "steps": STEPS},
        [Panel(x=(0, 4), y=(-1, 1))],
        lambda rate, steps: (
            [[line(range(steps + 1), walk(rate, steps), 1, "walk")]],
            f"{rate} {steps}",
        ),
        start=[0.5, 4],
    )


def read(html: str) -> dict:
    """Read what a page hands over to the script."""
    return json.loads(re.fullmatch(r"<script [^>]*>(.*)</script>", html)[1])


def test_each_frame_has_the_numbers_of_the_run_with_its_settings(moved):
    frames = read(moved._repr_html_())["frames"]
    settings = list(itertools.product(RATES, STEPS))
    assert len(frames) == len(settings)
    for (rate, steps), ((marks,), sentence) in zip(settings, frames, strict=True):
        assert sentence == f"{rate} {steps}"
        along, up = np.reshape(marks[0]["p"], (-1, 2)).T / 1000
        np.testing.assert_allclose(4 * along, np.arange(steps + 1), atol=2e-3)
        # Another way to the same numbers.
        expected = (1 - rate) ** np.arange(steps + 1)
        np.testing.assert_allclose(2 * up - 1, expected, atol=2e-3)


def test_the_controls_begin_where_they_are_told_to(moved):
    rate, steps = read(moved._repr_html_())["controls"]
    assert (rate["start"], steps["start"]) == (1, 2)
    assert rate["values"] == ["0.1", "0.5", "1.5"]
    assert not rate["words"]
    first = Explorable({"rule": ["SGD", "Adam"]}, [], lambda rule: ([], rule))
    (menu,) = first.written()["controls"]
    assert menu["words"]
    assert menu["start"] == 0


def test_a_start_that_is_no_value_is_refused():
    with pytest.raises(ValueError, match=r"values of 'a', \[1, 2\], got 3; begin"):
        Explorable({"a": [1, 2]}, [], lambda a: ([], ""), start=[3])


def test_what_lies_outside_points_there_and_does_not_break_the_page():
    panel = Panel(x=(0, 1), y=(1, 10), scales=("linear", "log"))
    far = panel.places(1, [np.inf, np.nan, 1e300, 0, -1])
    assert far.tolist()[:3] == [FAR] * 3
    assert far[3] == -FAR


def test_nothing_in_a_sentence_ends_the_script():
    html = Explorable({"a": [1]}, [], lambda a: ([], "</script>"))._repr_html_()
    assert html.count("</script>") == 1
    assert read(html)["frames"][0][1] == "</script>"


def test_an_image_has_a_letter_for_each_pixel():
    panel = Panel(x=(0, 3), y=(0, 2))
    mark = panel.draw(image([[-1, 0, 1], [0.5, -0.5, 9]], (0, 3), (0, 2)))
    levels = [ord(letter) - ord("a") - SHADES for letter in mark["v"]]
    assert levels == [-12, 0, 12, 6, -6, 12]
    assert mark["n"] == 3
    assert mark["p"] == [0, 0, 1000, 1000]


def test_marks_keep_what_is_special_about_them():
    panel = Panel(x=(0, 1), y=(0, 1))
    assert panel.draw(line([0], [1], "grey", dash=2))["s"] == 2
    assert panel.draw(dots([0], [1], size=7))["s"] == 7
    assert panel.draw(bars([0.5], [1], 2, "calls")) == {
        "k": "bars", "p": [500, 1000], "c": 2, "s": 0, "l": "calls",
    }  # fmt: skip


def test_ticks_are_round_numbers_within_the_panel():
    ticks = Panel(x=(0, 40), y=(0.03, 300), scales=("linear", "log")).written()["ticks"]
    assert ticks[0] == [[0, "0"], [250, "10"], [500, "20"], [750, "30"], [1000, "40"]]
    assert [name for _, name in ticks[1]] == ["0.1", "1", "10", "100"]
    assert Panel(x=(0, 1), y=(0, 1), ticks={}).written()["ticks"] == [[], []]
    assert Panel(x=(0, 1), y=(0, 1), ticks={0: "a"}).written()["ticks"][0] == [[0, "a"]]


def test_numbers_are_written_as_a_reader_writes_them():
    assert named(1e-7) == "10⁻⁷"
    assert named(2.5e-4) == "2.5 · 10⁻⁴"
    assert named(1000) == "1\N{NARROW NO-BREAK SPACE}000"
    assert named("Adam") == "Adam"


@pytest.mark.parametrize(("theme", "place"), [("light", 0), ("dark", 1)])
def test_its_colours_are_those_of_the_other_figures(theme, place):
    css = (ROOT / "book/_static/book.css").read_text()
    rules = re.search(rf'^html\[data-theme="{theme}"\] \{{(.*?)^\}}', css, re.S | re.M)
    found = dict(re.findall(r"--book-line-(\w+): (#\w+);", rules[1]))
    drawn = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
    expected = {str(i): figures.PALETTE[each][place] for i, each in enumerate(drawn)}
    assert found == expected | {"grey": figures.PALETTE["#888888"][place]}

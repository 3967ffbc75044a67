"""Figures that a reader moves: by mouse, by keyboard, without scripts, on a phone."""

import re

import pytest
from conftest import SITE, pages
from playwright.sync_api import Browser, Locator, Page, expect

MOVED = [
    page
    for page in pages()
    if "explorable.js" in (SITE / page).read_text(encoding="utf-8")
]
NARROW = 360


def opened(tab: Page, page: str) -> Locator:
    """Go to a page, predict, and open its first figure."""
    tab.goto(page)
    box = tab.locator("details.explorable").first
    expect(box.locator(".explorable-figure")).to_have_count(0)  # first the question
    box.locator("summary").click()
    expect(box.locator("svg[role=img]")).to_be_visible()
    return box


def drawn(box: Locator) -> str:
    """Read the picture that is shown."""
    return box.locator("svg[role=img]").inner_html()


def test_there_are_six_of_them_or_more():
    assert len(MOVED) >= 6


@pytest.mark.parametrize("moved", MOVED)
def test_keys_move_each_control_and_the_picture(tab: Page, moved: str):
    box = opened(tab, moved)
    seen = {drawn(box)}
    for control in box.locator("input, select").all():
        before = control.input_value()
        last = control.get_attribute("max") or str(
            control.locator("option").count() - 1
        )
        control.focus()
        for key in ("ArrowRight", "ArrowLeft", "ArrowDown"):
            control.press(key)
            seen.add(drawn(box))
        control.press("End")
        assert control.input_value() == last != before
        seen.add(drawn(box))
    assert len(seen) >= 3


@pytest.mark.parametrize("moved", MOVED)
def test_the_mouse_moves_it_and_a_sentence_says_what_is_shown(tab: Page, moved: str):
    box = opened(tab, moved)
    slider = box.locator("input[type=range]")
    if not slider.count():
        pytest.skip("it has menus only")
    before = box.locator(".says").inner_text(), drawn(box)
    height = box.bounding_box()["height"]
    place = slider.last.bounding_box()
    slider.last.click(position={"x": place["width"] - 3, "y": place["height"] / 2})
    assert slider.last.input_value() == slider.last.get_attribute("max")
    said = box.locator(".says").inner_text()
    assert (said, drawn(box)) != before
    expect(box.locator("svg[role=img]")).to_have_attribute("aria-label", said)
    expect(slider.last).to_have_attribute("aria-valuetext", re.compile("."))
    assert abs(box.bounding_box()["height"] - height) < 1  # nothing below it moves


@pytest.mark.parametrize("moved", MOVED)
def test_on_a_phone_it_fits_and_its_text_is_not_shrunk(tab: Page, moved: str):
    tab.set_viewport_size({"width": NARROW, "height": 800})
    box = opened(tab, moved)
    assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW
    sizes = box.locator("svg[role=img] text").evaluate_all(
        "all => all.map((each) => {"
        " const { a, b } = each.getScreenCTM();"
        " return [a ** 2 + b ** 2, each.getBoundingClientRect().right]; })"
    )
    assert min(scale for scale, _ in sizes) > 0.99  # as large as it was written
    assert max(right for _, right in sizes) <= NARROW


@pytest.mark.parametrize("moved", MOVED)
def test_without_scripts_the_still_figure_and_a_sentence_remain(
    browser: Browser, root: str, moved: str
):
    with browser.new_context(java_script_enabled=False, base_url=root) as context:
        tab = context.new_page()
        tab.goto(moved)
        expect(tab.locator("a.enlarge img.only-light").first).to_be_visible()
        box = tab.locator("details.explorable").first
        box.locator("summary").click()
        expect(box.locator("p").last).to_be_visible()
        expect(box.locator("input, select")).to_have_count(0)

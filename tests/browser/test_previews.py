"""What a link leads to, shown in place: by mouse, by keyboard, and never in the way."""

import re

import pytest
from conftest import SITE
from playwright.sync_api import Browser, Locator, Page, expect
from visit import AXE, WIDTHS, Visit, context_in, watch

LESSON = "learning/schedules.html"
# For each kind a link, and something of what it shows.
KINDS = {
    "term": ("[href*='#term-']", "dd"),
    "equation of another page": ("[href*='html#equation-']", "[role=math] path"),
    "equation of the page": ("[href^='#equation-']", "[role=math] path"),
    "figure": ("[href^='#fig-']", "figcaption .caption-text"),
    "source": ("[href*='bibliography.html#']", ".citation em"),
}
LOW = {"width": WIDTHS["laptop"], "height": 420}  # what a link follows is out of sight


@pytest.fixture(params=["served", "in a folder"])
def lesson(request: pytest.FixtureRequest, tab: Page, root: str) -> Page:
    """Open a page, from a server and as a file."""
    tab.set_viewport_size(LOW)
    tab.goto((root if request.param == "served" else SITE.as_uri() + "/") + LESSON)
    return tab


def link_of(tab: Page, kind: str) -> Locator:
    """Find a link, and bring it to the middle of the window."""
    links = tab.locator(f".bd-article a.reference.internal{KINDS[kind][0]}")
    link = links.and_(tab.locator("a:visible")).last  # not in a solution that is shut
    link.evaluate("each => each.scrollIntoView({ block: 'center' })")
    return link


def is_inside(tab: Page, card: Locator) -> bool:
    """Tell whether all of it is in the window."""
    box, window = card.bounding_box(), tab.viewport_size
    right, foot = box["x"] + box["width"], box["y"] + box["height"]
    return min(box["x"], box["y"]) >= 0 and (
        right <= window["width"] and foot <= window["height"]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_mouse_on_a_link_shows_what_it_leads_to(lesson: Page, kind: str):
    seen = Visit(LESSON)
    watch(lesson, seen)
    link, card = link_of(lesson, kind), lesson.locator("#preview")
    expect(card).to_be_hidden()
    link.hover()
    expect(card.locator(KINDS[kind][1]).first).to_be_visible()
    assert is_inside(lesson, card)
    assert not card.locator("a, [id]").count()  # it repeats no name of the page
    card.hover()
    lesson.wait_for_timeout(600)  # longer than the card waits before it goes
    expect(card).to_be_visible()
    lesson.mouse.move(2, 2)
    expect(card).to_be_hidden()
    assert not seen.complaints


@pytest.mark.parametrize("kind", KINDS)
def test_a_keyboard_on_a_link_shows_it_and_escape_hides_it(lesson: Page, kind: str):
    link, card = link_of(lesson, kind), lesson.locator("#preview")
    lesson.keyboard.press("Tab")  # from here on the reader is one with a keyboard
    link.focus()
    expect(card.locator(KINDS[kind][1]).first).to_be_visible()
    expect(link).to_have_attribute("aria-describedby", "preview")
    lesson.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(link).to_be_focused()
    expect(link).not_to_have_attribute("aria-describedby", "preview")
    link.blur()
    link.focus()
    expect(card).to_be_visible()
    lesson.keyboard.press("Tab")
    expect(card.locator(KINDS[kind][1]).first).to_be_hidden()


def test_a_key_that_scrolls_the_page_under_a_mouse_hides_nothing(lesson: Page):
    link, card = link_of(lesson, "term"), lesson.locator("#preview")
    lesson.mouse.move(LOW["width"] / 2, LOW["height"] / 2)
    lesson.evaluate("scrollTo(0, 0)")
    lesson.keyboard.press("Tab")
    link.focus()
    expect(card).to_be_visible()
    lesson.mouse.wheel(0, 40)
    lesson.wait_for_timeout(600)
    expect(card).to_be_visible()


def test_what_is_in_sight_is_not_shown_again(tab: Page):
    tab.set_viewport_size({"width": WIDTHS["laptop"], "height": 1600})
    tab.goto(LESSON)
    link, card = link_of(tab, "figure"), tab.locator("#preview")
    link.hover()
    tab.wait_for_timeout(600)
    expect(card).to_be_hidden()


def test_a_figure_is_shown_in_the_colours_of_the_page(lesson: Page, theme: str):
    lesson.emulate_media(color_scheme=theme)
    link_of(lesson, "figure").hover()
    picture = lesson.locator("#preview img:visible")
    expect(picture).to_have_count(1)
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("each => each.naturalWidth") > 0
    assert picture.get_attribute("src").endswith("-dark.svg") == (theme == "dark")


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_in_what_is_shown(
    browser: Browser, root: str, kind: str, theme: str
):
    with context_in(browser, theme, base_url=root, viewport=LOW) as context:
        tab = context.new_page()
        tab.goto(LESSON)
        link_of(tab, kind).hover()
        expect(tab.locator("#preview")).to_be_visible()
        found = AXE.run(tab, context="#preview", options={"preload": False}).response
        assert found["violations"] == []
        assert found["passes"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_finger_follows_the_link(browser: Browser, root: str, kind: str):
    options = {"viewport": {"width": WIDTHS["phone"], "height": 800}, "has_touch": True}
    with browser.new_context(base_url=root, is_mobile=True, **options) as context:
        tab = context.new_page()
        tab.goto(LESSON)
        link = link_of(tab, kind)
        target = link.evaluate("each => each.href")
        link.tap()
        tab.wait_for_url(target)
        tab.wait_for_timeout(600)
        expect(tab.locator("#preview")).to_be_hidden()


@pytest.mark.parametrize("kind", KINDS)
def test_without_scripts_a_link_is_a_link(browser: Browser, root: str, kind: str):
    with browser.new_context(java_script_enabled=False, base_url=root) as context:
        tab = context.new_page()
        tab.goto(LESSON)
        expect(tab.locator("template.preview").first).to_be_hidden()
        link = tab.locator(f".bd-article a.reference.internal{KINDS[kind][0]}").last
        link.click()
        anchor = tab.url.partition("#")[2]
        expect(tab.locator(f"[id='{anchor}']").first).to_be_in_viewport()


def test_a_page_carries_once_each_term_that_it_links_to(page: str):
    text = (SITE / page).read_text("utf-8")
    links = re.findall(
        r'<a class="reference internal" href="([^"#]+#term-[^"]+)"', text
    )
    carried = re.findall(r'<template class="preview" data-of="([^"]+)"', text)
    assert len(carried) == len(set(carried))
    assert set(links) <= set(carried)

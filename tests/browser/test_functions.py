"""What a reader does with the book: search, switch, copy, open, print, type."""

import re
from urllib.parse import quote

import pytest
from conftest import SITE, pages
from playwright.sync_api import Browser, Page, expect
from visit import OPEN_ALL, TURN, WIDTHS, Visit, context_in, script, watch

LESSONS = [
    page for page in pages() if page.split("/")[0] in {"basics", "learning", "scale"}
]
LESSON = "basics/models.html"


def test_in_a_folder_no_page_asks_for_more_or_goes_wrong(browser: Browser):
    """Open each page as a file, as whoever has just built the book does."""
    inside = (SITE.as_uri() + "/", "data:")
    context = context_in(browser, "light", viewport={"width": 1280, "height": 800})
    seen = Visit("all")
    for page in pages():
        tab = context.new_page()
        watch(tab, seen)
        tab.goto((SITE / page).as_uri())
        tab.close()
    context.close()
    assert not {each for each in seen.requests if not each.startswith(inside)}
    assert not seen.complaints


def test_search_works_in_a_folder(tab: Page):
    seen = Visit("search.html")
    watch(tab, seen)
    tab.goto((SITE / "search.html").as_uri() + "?q=record_every")
    expect(tab.locator("#search-results li").first).to_be_visible()
    expect(tab.locator(".search-summary")).to_contain_text("finished")
    assert not seen.complaints


# Search


@pytest.mark.parametrize("query", ["record_every", "overfitting", "learning rate"])
def test_each_result_shows_the_text_around_what_was_searched(tab: Page, query: str):
    tab.goto(f"search.html?q={quote(query)}")
    expect(tab.locator(".search-summary")).to_contain_text("finished")
    results = tab.locator("#search-results li:has(p.context)")
    expect(results.first).to_be_visible()
    tab.wait_for_load_state("networkidle")
    excerpts = results.locator("p.context").all_inner_texts()
    assert len(excerpts) >= 3
    stem = query[:5]  # a page is also found by another form of the word
    assert [each for each in excerpts if stem not in each.lower()] == []
    assert not [each for each in excerpts if "System Settings" in each]


def test_a_result_leads_to_the_marked_words(tab: Page):
    tab.goto("search.html?q=overfitting")
    link = tab.locator("#search-results li.kind-text > a").first
    expect(link).to_be_visible()
    link.click()
    mark = tab.locator(".bd-article span.highlighted").first
    expect(mark).to_be_in_viewport()
    assert "overfit" in mark.inner_text().lower()


# Theme


def test_the_theme_is_switched_and_remembered(tab: Page):
    tab.emulate_media(color_scheme="light")
    tab.goto(LESSON)
    expect(tab.locator("html")).to_have_attribute("data-theme", "light")
    tab.locator(
        ".theme-switch-container:visible button, .theme-switch-button:visible"
    ).first.click()
    tab.locator(".theme-switch-container:visible, .dropdown-menu:visible").get_by_text(
        "Dark", exact=True
    ).first.click()
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    tab.goto("index.html")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")


def test_each_figure_is_shown_once_in_either_theme(tab: Page, theme: str):
    tab.emulate_media(color_scheme=theme)
    shown = 0
    for page in LESSONS[::5]:
        tab.goto(page)
        for figure in tab.locator("a.enlarge").all():
            (picture,) = [i for i in figure.locator("img").all() if i.is_visible()]
            assert (theme == "dark") == ("-dark.svg" in picture.get_attribute("src"))
            shown += 1
    assert shown > len(LESSONS[::5])


# Code


def test_the_copy_button_copies_code_and_nothing_else(tab: Page):
    tab.goto(LESSON)
    cell = tab.locator(".cell_input .highlight").first
    cell.hover()
    cell.locator("button.copybtn").click()
    expect(cell.locator("button.copybtn")).to_have_class(re.compile("success"))
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()
    compile(copied, "the cell", "exec")


# Solutions


def test_a_solution_opens_at_its_title_and_closes_again(tab: Page):
    tab.goto(LESSON)
    solution = tab.locator(".solution.admonition").first
    body = solution.locator("section").first
    expect(body).to_be_hidden()
    link = solution.locator(".admonition-title").bounding_box()
    tab.mouse.move(0, 0)
    solution.locator(".admonition-title").click(
        position={"x": 100, "y": link["height"] / 2}
    )
    expect(body).to_be_visible()
    assert "#" not in tab.url  # the title is no link any more
    solution.locator(".admonition-title").click(
        position={"x": 100, "y": link["height"] / 2}
    )
    expect(body).to_be_hidden()


def test_a_deep_link_opens_the_solution_that_it_leads_to(tab: Page):
    tab.goto(LESSON)
    name = tab.locator(".solution.admonition").nth(1).get_attribute("id")
    tab.goto("about:blank")
    tab.goto(f"{LESSON}#{quote(name)}")
    solution = tab.locator(".solution.admonition").nth(1)
    expect(solution.locator("section").first).to_be_visible()
    expect(solution).to_be_in_viewport()
    expect(tab.locator(".solution.admonition section").first).to_be_hidden()


def test_solutions_are_opened_by_keyboard(tab: Page):
    tab.goto(LESSON)
    button = tab.locator(".solution button.toggle-button").first
    button.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".solution.admonition section").first).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")


def test_the_keyboard_reaches_what_begins_to_scroll(tab: Page):
    """A table comes to light with its solution, or gets wider than its box."""
    reached = """() => [...document.querySelectorAll(".cell_output > .output")]
      .filter((each) => each.scrollWidth > each.clientWidth)
      .map((each) => each.tabIndex)"""
    tab.set_viewport_size({"width": WIDTHS["phone"], "height": 800})
    tab.goto("learning/prices.html")
    tab.evaluate(OPEN_ALL)
    tab.evaluate(TURN)
    before = tab.evaluate(reached)
    tab.add_style_tag(content=".cell_output table { min-width: 60rem; }")
    tab.evaluate(TURN)
    after = tab.evaluate(reached)
    assert set(before) == set(after) == {0}
    assert len(before) < len(after)


def test_without_scripts_everything_can_be_read(browser: Browser, root: str):
    with browser.new_context(java_script_enabled=False, base_url=root) as context:
        tab = context.new_page()
        tab.goto(LESSON)
        expect(tab.locator(".solution.admonition section").first).to_be_visible()
        figure = tab.locator("a.enlarge").first
        expect(figure.locator("img.only-light")).to_be_visible()
        expect(figure.locator("img.only-dark")).to_be_hidden()


# Figures


@pytest.mark.parametrize("key", ["Escape", "Enter"])
def test_on_a_phone_a_tap_opens_a_figure_at_a_size_that_can_be_read(
    tab: Page, key: str
):
    tab.set_viewport_size({"width": WIDTHS["phone"], "height": 800})
    tab.goto(LESSON)
    figure = tab.locator("a.enlarge").first
    before = figure.locator("img:visible").bounding_box()["width"]
    figure.click()
    large = tab.locator("dialog.enlarged[open] img")
    expect(large).to_be_visible()
    assert large.bounding_box()["width"] > 1.6 * before
    tab.keyboard.press(key)  # Enter presses the button, which has the focus
    expect(large).to_be_hidden()
    expect(figure).to_be_focused()


# Keyboard

FOCUS = script("focus")


@pytest.mark.parametrize(
    "address", ["index.html", LESSON, "search.html", "appendix/reference/layers.html"]
)
def test_what_has_the_focus_can_be_seen(tab: Page, address: str, theme: str):
    tab.emulate_media(color_scheme=theme)
    tab.goto(address)
    tab.keyboard.press("Tab")  # from here on the reader is one with a keyboard
    kinds, hidden = tab.evaluate(FOCUS)
    assert kinds > 5
    assert not hidden


def test_the_first_key_leads_past_the_menus(tab: Page):
    tab.goto(LESSON)
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(tab.locator("#main-content")).to_be_in_viewport()
    tab.keyboard.press("Tab")
    assert tab.evaluate("!!document.activeElement.closest('#main-content')")


# Print

PALE = script("pale")


def test_a_dark_page_is_printed_in_dark_on_white(browser: Browser, root: str, tmp_path):
    context = context_in(browser, "dark", base_url=root)
    tab = context.new_page()
    tab.goto(LESSON)
    tab.emulate_media(media="print")
    # Chromium tells the page before it prints; the colours at that moment are read.
    tab.evaluate(
        f"addEventListener('beforeprint', () => {{ window.pale = ({PALE})(); }})"
    )
    tab.pdf(path=tmp_path / "page.pdf", format="A4")
    assert tab.evaluate("window.pale") == []
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    context.close()


def test_on_paper_no_line_of_code_is_cut_off(tab: Page):
    tab.goto(LESSON)
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 700, "height": 800})  # A4 between its margins
    cut = tab.evaluate(
        "[...document.querySelectorAll('.bd-article pre')]"
        ".filter((each) => each.scrollWidth > each.clientWidth + 1).length"
    )
    assert cut == 0


# Notebooks, and a page that is not there


def test_the_notebook_button_downloads_a_notebook(tab: Page):
    tab.goto(LESSON)
    with tab.expect_download() as download:
        tab.get_by_role(
            "link", name=re.compile("notebook", re.IGNORECASE)
        ).first.click()
    assert download.value.suggested_filename == "models.ipynb"


def test_a_page_that_is_not_there_says_so_and_leads_home():
    text = (SITE / "404.html").read_text(encoding="utf-8")
    assert "No such page" in text
    assert "../" not in text  # it is shown at any depth

"""One visit to a page in Chromium, and what was seen there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

# A phone, a laptop and a desk. Chromium shows scrollbars here, as Windows and Linux do.
WIDTHS = {"phone": 390, "laptop": 1280, "desk": 1920}
HEIGHT = 800
SLICE = 4000  # pixels of a page in one picture, so that it can be looked at
PATIENCE = 120_000  # milliseconds; a machine that does something else is slow

# Whoever asks for no motion sees the page at rest, and so does a picture of it.
QUIET = {"reduced_motion": "reduce", "service_workers": "block"}


def script(name: str) -> str:
    """Read a function that runs in the page."""
    return Path(__file__).with_name("scripts").joinpath(f"{name}.js").read_text()


SCROLLERS = script("scrollers")

IMAGES = script("images")

LOAD_IMAGES = """() => Promise.all([...document.images].map((each) => {
  each.loading = "eager";
  return each.checkVisibility() ? each.decode().catch(() => null) : null;
}))"""

OPEN_ALL = """() => {
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  document.querySelectorAll("button.toggle-button:not(.toggle-shown)")
    .forEach((each) => each.click());
}"""


@dataclass
class Visit:
    """What a reader met on one page in one theme."""

    page: str
    theme: str
    requests: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)  # console, failed requests
    scrollers: dict[str, list[dict]] = field(default_factory=dict)  # by width
    violations: list[dict] = field(default_factory=list)  # of axe's rules
    images: dict[str, list[str]] = field(default_factory=dict)


def watch(page: Page, seen: Visit) -> None:
    """Note each request, and whatever goes wrong."""
    page.on("request", lambda request: seen.requests.add(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            seen.complaints.append(f"console: {message.text} ({message.location})")
            if message.type in {"error", "warning"}
            else None
        ),
    )
    page.on(
        "requestfailed",
        lambda request: seen.complaints.append(f"{request.failure}: {request.url}"),
    )
    page.on(
        "response",
        lambda response: (
            seen.complaints.append(f"{response.status}: {response.url}")
            if response.status >= 400
            else None
        ),
    )


def context_in(browser: Browser, theme: str, **options: object) -> BrowserContext:
    """Open a browser of a reader who has chosen a theme."""
    options = {**QUIET, "color_scheme": theme, **options}
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(
        f"localStorage.setItem('mode', {theme!r});"
        f"localStorage.setItem('theme', {theme!r});"
    )
    return context


def visit(
    reader: BrowserContext, root: str, page: str, theme: str, screens: Path
) -> Visit:
    """Open a page, look at it at each width, and let axe look at it too."""
    seen = Visit(page, theme)
    tab = reader.new_page()
    watch(tab, seen)
    tab.set_viewport_size({"width": WIDTHS["laptop"], "height": HEIGHT})
    tab.goto(root + page)
    tab.evaluate(LOAD_IMAGES)
    seen.images = tab.evaluate(IMAGES)
    for name, width in WIDTHS.items():
        tab.set_viewport_size({"width": width, "height": HEIGHT})
        tab.wait_for_timeout(100)  # what listens to the width has had its turn
        seen.scrollers[name] = tab.evaluate(SCROLLERS)
        take_pictures(tab, screens / name / theme / page.replace("/", "-"))
    tab.set_viewport_size({"width": WIDTHS["laptop"], "height": HEIGHT})
    tab.evaluate(OPEN_ALL)
    # What a rule says but the one on colours is the same in both themes.
    options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
    if theme == "dark":
        options["runOnly"] = ["color-contrast"]
    # Formulas are hidden from readers who listen; there are thousands of paths in them.
    context = {"exclude": [[".formula svg"], [".formula-block svg"]]}
    seen.violations = Axe().run(tab, context, options).response["violations"]
    tab.close()
    return seen


def take_pictures(tab: Page, path: Path) -> None:
    """Write the whole page as pictures, one below the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width = tab.viewport_size["width"]
    height = tab.evaluate("document.documentElement.scrollHeight")
    tab.set_viewport_size({"width": width, "height": min(height, SLICE)})
    for number, top in enumerate(range(0, height, SLICE)):
        tab.evaluate(f"scrollTo(0, {top})")
        name = f"{path.with_suffix('')}-{number}.jpg"
        tab.screenshot(path=name, type="jpeg", quality=60, animations="disabled")
    tab.evaluate("scrollTo(0, 0)")

"""One visit to a page in Chromium, and what was seen there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

# A phone, a laptop and a desk. Chromium shows scrollbars here, as Windows and Linux do.
THEMES = ("light", "dark")
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

THIN = script("thin")

SWITCH = """(theme) => {
  Object.assign(document.documentElement.dataset, { theme, mode: theme });
}"""

# Whatever listens to theme or width has had its turn in the second frame.
TURN = """() => new Promise(
  (done) => requestAnimationFrame(() => requestAnimationFrame(done)))"""

# A colour on its way to another one would be measured, and photographed.
AT_REST = "*, ::before, ::after { transition: none !important; }"

AXE = Axe()

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
    """What a reader met on one page."""

    page: str
    requests: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)  # console, failed requests
    scrollers: dict[str, list[dict]] = field(default_factory=dict)  # by width
    # By theme:
    violations: dict[str, list[dict]] = field(default_factory=dict)  # of axe's rules
    images: dict[str, dict[str, list[str]]] = field(default_factory=dict)


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


def switch(tab: Page, theme: str) -> None:
    """Choose a theme, as the page's own button does, and the reader's system could."""
    tab.emulate_media(color_scheme=theme)
    tab.evaluate(SWITCH, theme)
    tab.evaluate(TURN)


def visit(reader: BrowserContext, root: str, page: str, screens: Path | None) -> Visit:
    """Open a page, look at it at each width, and let axe look at it in each theme.

    It is opened once, and its theme is switched.
    """
    seen = Visit(page)
    tab = reader.new_page()
    watch(tab, seen)
    tab.goto(root + page)
    tab.add_style_tag(content=AT_REST)
    for theme in THEMES:
        switch(tab, theme)
        tab.evaluate(LOAD_IMAGES)
        seen.images[theme] = tab.evaluate(IMAGES)
    for name, width in WIDTHS.items():
        tab.set_viewport_size({"width": width, "height": HEIGHT})
        tab.evaluate(TURN)
        seen.scrollers[name] = tab.evaluate(SCROLLERS)
        for theme in THEMES if screens else ():
            switch(tab, theme)
            take_pictures(tab, screens / name / theme / page.replace("/", "-"))
    tab.set_viewport_size({"width": WIDTHS["laptop"], "height": HEIGHT})
    tab.evaluate(OPEN_ALL)
    tab.evaluate(TURN)
    tab.evaluate(THIN, THEMES)
    for theme in THEMES:
        switch(tab, theme)
        # What a rule says but the one on colours is the same in both themes.
        options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
        if theme != THEMES[0]:
            options["runOnly"] = ["color-contrast"]
        seen.violations[theme] = AXE.run(tab, options=options).response["violations"]
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

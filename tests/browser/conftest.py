"""The built book, a server for it, and Chromium."""

import functools
import os
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from chromium import chromium
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from visit import PATIENCE, THEMES, WIDTHS, Visit, context_in, visit
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("SITE", ROOT / "_build" / "html")).resolve()
SCREENS = SITE.parent / "screens"


def pages() -> list[str]:
    """List the pages of the built book."""
    return sorted(
        path.relative_to(SITE).as_posix()
        for path in SITE.rglob("*.html")
        if not path.relative_to(SITE).parts[0].startswith("_")
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever looks at no pictures be done in half of the time."""
    parser.addoption(
        "--no-pictures", action="store_true", help=f"take none; else into {SCREENS}"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say at once what is missing, and throw away the pictures of the last time."""
    if not pages():
        pytest.exit(f"book: expected pages in {SITE}, got none; run nox -s docs", 2)
    try:
        chromium()
    except FileNotFoundError as error:
        pytest.exit(str(error), 2)
    if not hasattr(config, "workerinput"):  # once, where the tests are dealt out
        shutil.rmtree(SCREENS, ignore_errors=True)
    expect.set_options(timeout=PATIENCE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a page on each."""
    if "seen" in metafunc.fixturenames:
        metafunc.parametrize("seen", pages(), indirect=True, scope="session")
    elif "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages())


class ByPage(LoadScopeScheduling):
    """Keeps the tests of one page together, which is visited once.

    Marks called `xdist_group` are for that; xdist 3.8 loses them under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        page = re.search(r"[\w/]+\.html", nodeid)
        return page[0] if page else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPage:
    """Take that one."""
    return ByPage(config, log)


class Handler(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *arguments: object) -> None:
        """Keep the terminal for the tests."""


@pytest.fixture(scope="session")
def root() -> Iterator[str]:
    """Serve the book; its address."""
    handler = functools.partial(Handler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium as a reader has it: with scrollbars."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), ignore_default_args=["--hide-scrollbars"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """Let one reader make all visits."""
    with context_in(browser, THEMES[0]) as reader:
        yield reader


@pytest.fixture(scope="session")
def seen(request: pytest.FixtureRequest, reader: BrowserContext, root: str) -> Visit:
    """Visit a page, once, however many tests ask what was seen there."""
    screens = None if request.config.option.no_pictures else SCREENS
    return visit(reader, root, request.param, screens)


@pytest.fixture(params=THEMES)
def theme(request: pytest.FixtureRequest) -> str:
    """Name one theme after the other."""
    return request.param


@pytest.fixture
def tab(browser: Browser, root: str) -> Iterator[Page]:
    """Open an empty tab of a reader who comes for the first time, with a laptop."""
    with browser.new_context(
        base_url=root,
        viewport={"width": WIDTHS["laptop"], "height": 800},
        permissions=["clipboard-read", "clipboard-write"],
    ) as context:
        context.set_default_timeout(60_000)
        yield context.new_page()

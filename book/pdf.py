"""Print the pages of the EPUB to one PDF: `nox -s pdf`.

Chromium prints: it shows these pages as the site's readers see them, makes outline and
links of its own accord, and `nox -s browser` needs it anyway.
"""

import os
import shutil
import sys
from pathlib import Path

from one_page import join, place, reading_order
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

STYLE = Path(__file__).with_name("pdf.css").as_uri()
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Find the browser."""
    found = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if not found:
        sys.exit(
            "pdf: expected Chromium on the path, got none; install it "
            "(on Debian: apt-get install chromium), or name it in CHROMIUM"
        )
    return found


def first_pages(printed: PdfReader) -> dict[str, int]:
    """Find the page on which each place lies that something links to."""
    return {
        name.removeprefix("/"): printed.get_destination_page_number(target) + 1
        for name, target in printed.named_destinations.items()
    }


def check(printed: PdfReader, chapters: list[str]) -> None:
    """Refuse a PDF whose outline, or whose links, lead to fewer chapters than it has."""
    begin = first_pages(printed)
    outlined = {
        printed.get_destination_page_number(entry) + 1
        for entry in printed.outline
        if not isinstance(entry, list)
    }
    for chapter in chapters:
        if begin.get(chapter) not in outlined:
            sys.exit(
                f"{chapter}: expected an entry of the outline on its first page, got "
                f"none on {begin.get(chapter)}; see its title, and who links to it"
            )


def main(folder: Path, made: Path) -> None:
    """Print twice: only then is it known on which pages the chapters begin."""
    source = made.with_suffix(".xhtml")
    made.parent.mkdir(exist_ok=True)
    numbers: dict[str, int] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        page = browser.new_page()
        page.set_default_timeout(0)
        for _ in range(2):
            source.write_text(join(folder, STYLE, numbers), encoding="utf-8")
            page.goto(source.resolve().as_uri())
            page.pdf(path=made, prefer_css_page_size=True, outline=True, tagged=True)
            before, numbers = numbers, first_pages(PdfReader(made))
        browser.close()
    chapters = [place(page) for page in reading_order(folder)]
    check(PdfReader(made), chapters)
    if any(before[chapter] != numbers[chapter] for chapter in chapters):
        sys.exit("contents: expected the numbers of the first print, got others")
    print(f"{len(chapters)} chapters on {len(PdfReader(made).pages)} pages")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

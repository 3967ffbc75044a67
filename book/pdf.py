"""Print the pages of the EPUB to one PDF: `nox -s pdf`.

Chromium prints: it shows these pages as the site's readers see them, makes outline and
links of its own accord, and `nox -s browser` needs it anyway.
"""

import sys
from pathlib import Path

from chromium import chromium
from one_page import join, place, reading_order
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

STYLE = Path(__file__).with_name("pdf.css").as_uri()


def first_pages(made: Path, chapters: list[str]) -> dict[str, int]:
    """Find the page on which each chapter begins, which has an entry of the outline."""
    printed = PdfReader(made)
    entries = [entry for entry in printed.outline if not isinstance(entry, list)]
    if len(entries) != len(chapters):
        sys.exit(
            f"{made}: expected an outline with {len(chapters)} chapters, got "
            f"{[entry.title for entry in entries]}; give each page one title"
        )
    pages = [printed.get_destination_page_number(entry) + 1 for entry in entries]
    if len({*pages}) != len(pages):
        sys.exit(f"{made}: expected each chapter on a page of its own, got {pages}")
    return dict(zip(chapters, pages, strict=True))


def main(folder: Path, made: Path) -> None:
    """Print twice: only then is it known on which pages the chapters begin."""
    try:
        path = chromium()
    except FileNotFoundError as error:
        sys.exit(str(error))
    source = made.with_suffix(".xhtml")
    made.parent.mkdir(exist_ok=True)
    chapters = [place(page) for page in reading_order(folder)]
    numbers: dict[str, int] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        page = browser.new_page()
        page.set_default_timeout(0)
        for _ in range(2):
            source.write_text(join(folder, STYLE, numbers), encoding="utf-8")
            page.goto(source.resolve().as_uri())
            page.pdf(
                path=made,
                prefer_css_page_size=True,
                print_background=True,
                outline=True,
                tagged=True,  # without tags Chromium writes no outline
            )
            before, numbers = numbers, first_pages(made, chapters)
        browser.close()
    if before != numbers:
        sys.exit(f"{made}: expected chapters where the contents say, got {numbers}")
    print(f"{len(chapters)} chapters on {len(PdfReader(made).pages)} pages")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

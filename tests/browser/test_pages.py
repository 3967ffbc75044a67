"""Each page of the built book, in both themes and at three widths."""

import functools
import gzip
import html
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from conftest import ROOT, SITE, pages
from visit import WIDTHS, Visit

# Kilobytes over the wire, as a server sends them that compresses text.
PAGE, SHARED = 300, 350
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".inv"}

# What axe finds and the book leaves as it is, each with its reason.
LEFT: dict[str, str] = {}


def kilobytes(path: Path) -> float:
    """Weigh a file as it travels."""
    content = path.read_bytes()
    return len(gzip.compress(content) if path.suffix in COMPRESSED else content) / 1000


def file_of(address: str) -> Path:
    """Find the file of an address on the served book."""
    path = SITE / unquote(urlsplit(address).path).lstrip("/")
    return path / "index.html" if path.is_dir() else path


def test_axe_finds_nothing(seen: Visit, theme: str):
    found = [
        f"{violation['id']} ({violation['impact']}): {node['html'][:150]} "
        f"{node['failureSummary'].splitlines()[-1].strip()[:200]}"
        for violation in seen.violations[theme]
        if violation["id"] not in LEFT
        for node in violation["nodes"]
    ]
    assert not found


def test_nothing_comes_from_another_host(seen: Visit, root: str):
    assert not {
        request for request in seen.requests if not request.startswith((root, "data:"))
    }


def test_the_browser_has_nothing_to_complain_about(seen: Visit):
    assert not seen.complaints


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_that_should_not(seen: Visit, width: str):
    # On a phone code and tables keep their lines, and scroll within their own box.
    allowed = {"code", "output", "table"} if width == "phone" else set()
    found = [each for each in seen.scrollers[width] if each["kind"] not in allowed]
    assert not found


def test_every_figure_is_there_and_is_described(seen: Visit, theme: str):
    assert not seen.images[theme]["broken"]
    assert not seen.images[theme]["unnamed"]


@functools.cache
def names(path: Path) -> set[str]:
    """List what links can lead to on a page."""
    return set(re.findall(r'\bid="([^"]+)"', path.read_text(encoding="utf-8")))


def test_every_link_within_the_book_leads_somewhere(page: str):
    astray = set()
    for link in re.findall(r'\bhref="([^"]+)"', (SITE / page).read_text("utf-8")):
        address, anchor = urldefrag(html.unescape(link))
        if urlsplit(address).scheme or address.startswith(("//", "/")):
            continue
        target = SITE / page
        if address:
            target = (target.parent / unquote(urlsplit(address).path)).resolve()
        if not target.is_file() or (
            anchor and target.suffix == ".html" and unquote(anchor) not in names(target)
        ):
            astray.add(link)
    assert not astray


def test_a_page_with_its_figures_is_light(seen: Visit, theme: str):
    own = {SITE / seen.page, *map(file_of, shown(seen, theme))}
    assert sum(map(kilobytes, own)) <= PAGE


def test_what_all_pages_share_is_light(seen: Visit, root: str):
    own = {SITE / seen.page, *map(file_of, seen.images["light"]["all"])}
    shared = {
        file_of(request) for request in seen.requests if request.startswith(root)
    } - own
    assert sum(map(kilobytes, shared)) <= SHARED


def shown(seen: Visit, theme: str) -> set[str]:
    """List the pictures that a theme loads: one of each pair for the two."""
    found = set(seen.images[theme]["all"])
    dark = {each for each in found if each.endswith("-dark.svg")}
    light = {each.removesuffix("-dark.svg") + ".svg" for each in dark}
    return found - (light if theme == "dark" else dark)


def test_a_word_of_code_leads_to_what_it_names(page: str):
    text = (SITE / page).read_text("utf-8")
    lies = [
        (words, href)
        for words, href in code_links(text)
        if words.rpartition(".")[2] != re.split(r"[.-]", href)[-1]
    ]
    assert not lies


def code_links(text: str) -> list[tuple[str, str]]:
    """List the links in the code of a page: their words, and where they lead."""
    found = re.findall(
        r'<a class="code-link" href="([^"]+)">(.*?)</a>', text, re.DOTALL
    )
    return [
        (html.unescape(re.sub("<[^>]*>", "", words)), href) for href, words in found
    ]


# Where other packages describe what pages take from them, as conf.py has it.
SITES = re.compile(
    r"https://(?:keras\.io/api|numpy\.org/doc/stable|pandas\.pydata\.org/docs"
    r"|www\.tensorflow\.org/api_docs/python)/"
)
DESCRIBED = {
    (address, name.rpartition(".")[2])
    for path in (ROOT / "book" / "inventories").glob("*.txt")
    for name, _, _, address, _ in map(str.split, path.read_text().splitlines()[4:])
}


def test_a_name_from_elsewhere_leads_there_once_in_cells_and_once_in_text(page: str):
    text = (SITE / page).read_text("utf-8")
    links = re.findall(
        r'<a class="code-link elsewhere" href="([^"]+)">(.*?)</a>', text, re.DOTALL
    )
    assert len(links) == text.count("code-link elsewhere")
    seen = set()
    for href, words in links:
        name = re.sub(r"<[^>]*>|\(\)", "", words)
        assert SITES.match(href)
        assert (SITES.sub("", href), name.rpartition(".")[2]) in DESCRIBED
        assert ("<code" in words, name, href) not in seen
        seen.add(("<code" in words, name, href))


def test_the_pages_link_to_each_of_the_other_references():
    texts = "".join((SITE / page).read_text("utf-8") for page in pages())
    links = re.findall(r'class="code-link elsewhere" href="([^"]+)"', texts)
    assert len({SITES.match(href)[0] for href in links}) == 4
    assert len(set(links)) > 0.8 * len(DESCRIBED)
    assert re.search(r"/tf/function\"><span class=.{4,6}>@tf", texts)


def absolute(page: str, href: str) -> str:
    """Resolve a link on a page."""
    address, anchor = urldefrag(html.unescape(href))
    path = (SITE / page).parent / unquote(address)
    return f"{path.resolve().relative_to(SITE).as_posix()}#{anchor}"


def test_pages_and_the_reference_name_each_other():
    linked, listed, used_on = set(), set(), set()
    for page in pages():
        text = (SITE / page).read_text("utf-8")
        linked |= {(page, absolute(page, href)) for _, href in code_links(text)}
        for taken in re.findall(r'<p class="takes">(.*?)</p>', text):
            hrefs = re.findall(r'href="([^"]+)"', taken)
            listed |= {(page, absolute(page, href)) for href in hrefs}
        for name, users in re.findall(
            r'<dt class="sig[^>]*id="([^"]+)">(?:(?!</dt>).)*</dt>\s*<dd>'
            r'<p class="used-on">(.*?)</p>',
            text,
            re.DOTALL,
        ):
            hrefs = re.findall(r'href="([^"]+)"', users)
            used_on |= {(absolute(page, h)[:-1], f"{page}#{name}") for h in hrefs}
    linked = {each for each in linked if "#module-" not in each[1]}
    assert linked == listed == used_on
    assert linked


def test_each_object_of_the_reference_shows_its_source(page: str):
    text = (SITE / page).read_text("utf-8")
    objects = re.findall(
        r'<dt class="sig sig-object py" id="[^"]+">\s*'
        r'(?:<em class="property"><span class="k">class</span>)?.*?</dt>',
        text,
        re.DOTALL,
    )
    callables = [each for each in objects if 'class="sig-paren"' in each]
    assert not [each[:150] for each in callables if "viewcode-link" not in each]

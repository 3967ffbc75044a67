"""The book as an EPUB, and its pages as the one page that becomes a PDF."""

import doctest
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import ebook
import one_page
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
XHTML = one_page.XHTML

CONFIGURATION = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_extensions")!r})
project = "A book"
author = epub_contributor = "Somebody"
copyright = version = "2026"
extensions = [
    "myst_nb", "sphinx_design",
    "colophon", "ebook", "explorables", "figures", "landing", "svg_math", "wayfinding",
]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
html_math_renderer = "svg"
numfig = True
html_additional_pages = {{"404": "404.html"}}
epub_css_files = ["ebook.css"]
epub_cover = ("_static/cover.png", "")
epub_description = "For a test."
epub_identifier = epub_uid = "id"
epub_tocscope = "includehidden"
epub_use_index = False
"""
INDEX = """\
# A book

{doc}`part/first`
: The first page, with {ref}`its figure <fig-line>`.

```{toctree}
:hidden:

part/first
part/second
```
"""
FIRST = """\
# First

By $a < b$ as in {numref}`Figure %s <fig-line>`, and {doc}`second`.

```{figure} ../plot.svg
:name: fig-line
:alt: A line that rises from left to right.

A line & its caption.
```

:::{dropdown} More
To be *read*.
:::

## Recap

```{raw} html
<table border="1"><tr><th halign="left">&nbsp;</th></tr></table><style>td {}</style>
```
"""
SECOND = """\
# Second

```{py:module} described
```

## Recap

Back to [its recap](#recap) on this page.
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """Build an EPUB of three pages; its folder."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "part").mkdir()
    for path, text in (
        ("conf.py", CONFIGURATION),
        ("index.md", INDEX),
        ("part/first.md", FIRST),
        ("part/second.md", SECOND),
    ):
        (folder / path).write_text(text)
    figure = Figure()
    figure.add_subplot().plot([1, 2], color="#e69f00")
    figure.savefig(folder / "plot.svg")
    options = ["-W", "-b", "epub", "-d", folder / "doctrees"]
    command = ["-m", "sphinx", *options, folder, folder / "epub"]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "epub"


def test_an_ebook_has_its_pages_in_order_and_nothing_that_is_for_a_site(book):
    (packed,) = book.glob("*.epub")
    names = zipfile.ZipFile(packed).namelist()
    pages = [name for name in names if name.endswith(".xhtml") and name != "nav.xhtml"]
    assert pages == one_page.reading_order(book)
    assert pages == ["index.xhtml", "part/first.xhtml", "part/second.xhtml"]
    assert {Path(name).suffix for name in names} <= {
        *("", ".xhtml", ".opf", ".ncx", ".xml", ".css", ".svg", ".png")
    }
    assert {Path(name).name for name in names if name.endswith(".css")} == {
        *("pygments.css", "ebook.css")
    }


def test_a_page_of_an_ebook_is_well_formed_and_open(book):
    page = ET.parse(book / "part" / "first.xhtml").getroot()
    tags = {element.tag.removeprefix(XHTML) for element in page.iter()}
    assert not tags & {"script", "style", "details", "summary", "button"}
    assert "To be read." in "".join(page.itertext())
    styles = [link.get("href") for link in page.iter(f"{XHTML}link")]
    assert styles == ["../_static/pygments.css", "../_static/ebook.css"]
    assert not any(
        element.attrib.keys() & {"halign", "valign"} for element in page.iter()
    )


def test_a_page_of_an_ebook_has_its_figures_once_in_the_colours_of_a_light_page(book):
    page = ET.parse(book / "part" / "first.xhtml").getroot()
    (image,) = page.iter(f"{XHTML}img")
    assert image.get("alt") == "A line that rises from left to right."
    drawn = (book / "part" / image.get("src")).resolve().read_text()
    assert "#5e4b00" in drawn
    assert "#e69f00" not in drawn
    assert [path.name for path in book.rglob("*.svg")] == ["plot.svg"]


def test_an_ebook_lists_its_cover_and_the_pages_with_formulas(book):
    page = ET.parse(book / "part" / "first.xhtml").getroot()
    (formula,) = page.iter("{http://www.w3.org/2000/svg}svg")
    assert formula.get("viewBox")
    content = ET.parse(book / "content.opf").getroot()
    properties = {
        item.get("href"): item.get("properties")
        for item in content.iter(f"{one_page.OPF}item")
        if item.get("properties")
    }
    assert properties == {
        "nav.xhtml": "nav",
        "part/first.xhtml": "svg",
        "_static/cover.png": "cover-image",
    }


def test_the_box_of_a_figure_that_moves_says_what_the_site_has():
    page = BeautifulSoup(
        ebook.as_xhtml(
            '<div class="cell"><script class="explorable">'
            '{"controls": [{"name": "rate"}, {"name": "steps"}]}</script></div>'
            '<details class="explorable"><summary>Predict</summary><p>So.</p></details>'
        ),
        "html.parser",
    )
    (box,) = page.contents
    assert box.name == "div"
    said = [paragraph.get_text() for paragraph in box.find_all("p")]
    assert said[0] == "Predict"
    assert "rate, steps" in said[1]
    assert said[2] == "So."


def test_code_that_a_page_hides_until_a_click_stands_open_without_a_title():
    hidden = '<details class="hide"><summary>Show</summary><pre>x</pre></details>'
    assert ebook.as_xhtml(hidden) == "<pre>x</pre>"


def test_all_pages_become_one_whose_links_lead_to_places_in_it(book):
    text = one_page.join(book, "style.css", {"part-first": 7})
    page = ET.fromstring(text)
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len({*ids})
    links = [link.get("href") for link in page.iter(f"{XHTML}a")]
    assert {"#part-first", "#part-second", "#part-second--recap"} <= {*links}
    assert "#part-first--fig-line" in links
    assert {link.removeprefix("#") for link in links} <= {*ids}
    (image,) = page.iter(f"{XHTML}img")
    assert (book / image.get("src")).resolve().exists()
    sections = [section.get("id") for section in page.iter(f"{XHTML}section")]
    assert [name for name in sections if "--" not in name] == [
        *("index", "part-first", "part-second")
    ]


def test_the_contents_say_on_which_page_a_chapter_begins(book):
    text = one_page.join(book, "style.css", {"part-first": 7})
    assert re.findall(r'class="page-number">(\d+)<', text) == ["7"]


def test_the_examples_of_the_one_page_hold():
    assert doctest.testmod(one_page).failed == 0

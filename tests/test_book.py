"""The book's own Sphinx extensions, on books of one page."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTENSIONS = ROOT / "book" / "_extensions"

CONFIGURATION = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = [
    "myst_nb", "sphinx_design", "sphinx_exercise",
    "alt_text", "log_lines", "notebooks", "svg_math",
]
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
html_math_renderer = "svg"
html_theme = "basic"
nb_execution_mode = "force"
nb_execution_raise_on_error = True
numfig = True
"""

PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def build(folder: Path, page: str, *options: str) -> subprocess.CompletedProcess:
    """Build a book of one page; in a process of its own, where Sphinx keeps state."""
    folder.mkdir(exist_ok=True)
    (folder / "conf.py").write_text(CONFIGURATION)
    (folder / "pixel.svg").write_text(PIXEL)
    (folder / "index.md").write_text(page)
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-E", *options, folder, folder / "html"],
        capture_output=True,
        text=True,
        check=False,
    )


# Alt text

HEADER = """\
---
file_format: mystnb
kernelspec:
  name: python3
---
"""
TITLE = "# Title\n\n"
GOOD = "an empty square of one pixel"
CELL = """\
```{{code-cell}} python3
---
mystnb:
  image:
    alt: {alt}
---
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')
```
"""
IMAGES = {
    "inline": "![{alt}](pixel.svg)\n",
    "image": "```{{image}} pixel.svg\n:alt: {alt}\n```\n",
    "figure": ":::{{figure}} pixel.svg\n:alt: {alt}\n\nCaption\n:::\n",
}


def alt_warnings(done: subprocess.CompletedProcess) -> list[tuple[str, int]]:
    """Read which pages and lines were found to lack alt text."""
    found = re.findall(r"([^/\n]+):(\d+): WARNING: .*\[alt_text\]", done.stderr)
    assert len(found) == done.stderr.count("WARNING:")  # and nothing else was
    return [(page, int(line)) for page, line in found]


@pytest.mark.parametrize("kind", IMAGES)
def test_an_image_without_alt_text_is_reported_with_its_page_and_line(kind, tmp_path):
    before = TITLE + IMAGES[kind].format(alt=GOOD) + "\nText.\n\n"
    page = before + IMAGES[kind].format(alt="two words") + "\nText.\n"
    done = build(tmp_path, page)
    assert done.returncode == 0
    assert alt_warnings(done) == [("index.md", before.count("\n") + 1)]
    assert "got 'two words'; set `mystnb: image: alt:`" in done.stderr


def test_a_cell_whose_figure_has_no_alt_text_is_reported_with_its_page_and_line(
    tmp_path,
):
    before = HEADER + TITLE + CELL.format(alt=GOOD) + "\nText.\n\n"
    cell = CELL.format(alt="two words")
    done = build(tmp_path, before + cell + "\nText.\n")
    assert done.returncode == 0
    ((page, line),) = alt_warnings(done)
    assert page == "index.md"
    # myst-nb keeps a place within the cell, not the line of its fence.
    assert 0 < line - before.count("\n") <= cell.count("\n")


def test_an_image_without_any_alt_text_is_reported_too(tmp_path):
    page = TITLE + "![](pixel.svg)\n\n```{image} pixel.svg\n```\n"
    assert alt_warnings(build(tmp_path, page)) == [("index.md", 3), ("index.md", 5)]


@pytest.mark.parametrize(
    ("alt", "enough"),
    [("one two three four", False), ("one two three four five", True)],
)
def test_a_description_of_five_words_is_enough_for_a_build_that_allows_no_warning(
    alt, enough, tmp_path
):
    done = build(tmp_path, f"# Title\n\n![{alt}](pixel.svg)\n", "-W")
    assert (done.returncode == 0) == enough
    assert ("[alt_text]" in done.stderr) != enough


# Logs


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("WARNING:tensorflow:5 out of the last 107 calls", True),
        ("I0000 00:00:1795 port.cc:153] oneDNN custom operations are on", True),
        ("ValueError: WARNING", False),
        ("In 1000 steps: 0.5", False),
    ],
)
def test_an_output_with_the_log_of_a_library_is_reported(line, reported, tmp_path):
    cell = f"```{{code-cell}} python3\nprint({line!r}, 'ok', sep='\\n')\n```\n"
    done = build(tmp_path, HEADER + TITLE + cell)
    assert done.returncode == 0
    found = re.findall(r"index\.md:\d+: WARNING: .*\[log_lines\]", done.stderr)
    assert len(found) == reported == done.stderr.count("[log_lines]")


# Mathematics

FORMULAS = r"""# Title

Inline $a < b$, $\text{"x"}$ and $\frac{1}{n} \sum_i x_i$.

$$y = X w$$ (eq:one)

$$z = x^2$$

$$
\begin{split}
y &= X w + b \\
  &= \hat y
\end{split}
$$ (eq:two)

By {eq}`eq:two` and {eq}`eq:one`.
"""
SVG = "{http://www.w3.org/2000/svg}svg"


@pytest.fixture(scope="module")
def formulas(tmp_path_factory) -> ET.Element:
    """Build a page of formulas and parse what stands in its main part."""
    folder = tmp_path_factory.mktemp("formulas")
    done = build(folder, FORMULAS, "-W")
    assert done.returncode == 0, done.stderr
    html = (folder / "html" / "index.html").read_text()
    section = re.search(r"<section.*</section>", html, re.DOTALL)[0]
    assert not re.search("mathjax.*js|katex", html, re.IGNORECASE)
    return ET.fromstring(section)


def by_role(root: ET.Element, tag: str) -> list[ET.Element]:
    """Find the formulas written with a tag."""
    return root.findall(f".//{tag}[@role='math']")


def test_a_formula_is_an_svg_that_a_screen_reader_hears_as_tex(formulas):
    inline = [r"a < b", r'\text{"x"}', r"\frac{1}{n} \sum_i x_i"]
    assert [each.get("aria-label") for each in by_role(formulas, "span")] == inline
    blocks = [each.get("aria-label") for each in by_role(formulas, "div")]
    assert blocks[:2] == ["y = X w", "z = x^2"]
    assert r"\hat y" in blocks[2]
    for formula in [*by_role(formulas, "span"), *by_role(formulas, "div")]:
        (drawing,) = formula
        assert drawing.tag == SVG
        assert drawing.get("aria-hidden") == "true"


def test_formulas_need_no_script_and_no_other_file(formulas):
    tags = {element.tag.rpartition("}")[2] for element in formulas.iter()}
    assert "path" in tags
    assert not {"script", "img", "object", "use", "text"} & tags


def test_formulas_are_drawn_in_the_colour_and_the_size_of_the_text(formulas):
    drawings = list(formulas.iter(SVG))
    assert len(drawings) == 6
    for drawing in drawings:
        fills = {element.get("fill") for element in drawing.iter()} - {None, "none"}
        assert fills == {"currentColor"}
        _, _, *box = map(float, drawing.get("viewBox").split())
        for name, size in zip(("width", "height"), box, strict=True):
            number, unit = re.fullmatch(r"([\d.]+)(em)", drawing.get(name)).groups()
            assert unit == "em"
            assert float(number) == pytest.approx(size / 16, abs=1e-3)


def test_an_inline_formula_stands_on_the_line_of_the_text(formulas):
    for formula in by_role(formulas, "span"):
        style = formula[0].get("style")
        (shift,) = re.fullmatch(r"vertical-align: (-?[\d.]+)em", style).groups()
        _, top, _, height = map(float, formula[0].get("viewBox").split())
        # What lies below the baseline, y = 0 in the drawing, hangs below the line.
        assert float(shift) == pytest.approx(-(top + height) / 16, abs=1e-3)
        assert float(shift) < 0
    assert all(block[0].get("style") is None for block in by_role(formulas, "div"))


def test_labelled_equations_are_numbered_and_linked_to_and_others_are_not(formulas):
    numbers = {
        block.get("id"): [each.text for each in block.findall("span[@class='eqno']")]
        for block in formulas.iter("div")
        if "formula-block" in block.get("class", "").split()
    }
    assert numbers == {
        "equation-eq-one": ["(1)"],
        None: [],
        "equation-eq-two": ["(2)"],
    }
    links = [
        (link.get("href"), link.text)
        for link in formulas.iter("a")
        if link.get("class") == "reference internal"
    ]
    assert links == [("#equation-eq-two", "(2)"), ("#equation-eq-one", "(1)")]


def test_a_formula_that_cannot_be_drawn_is_reported_with_its_page_and_line(tmp_path):
    done = build(tmp_path, TITLE + "A line.\n\n$$a & b$$\n")
    assert re.search(r"index\.md:5: WARNING: formula: .*'a & b'", done.stderr)
    assert "a &amp; b" in (tmp_path / "html" / "index.html").read_text()


# Notebooks

LESSON = """\
# Title

Some prose with a number $x^2$, after [the title](#title) and [a site](https://example.org).

$$
x
$$ (eq-x)

## Part

By {eq}`eq-x`:

```{code-cell} python3
:tags: [remove-cell]

hidden = 1
```

```{code-cell} python3
:tags: [raises-exception]

hidden / 0
```

:::{dropdown} Whole
Folded text.
:::

```{exercise} One more
:label: ex-more

Add one.
```

```{code-cell} python3
print("stub")
```

```{solution-start} ex-more
:class: dropdown
```

Because.

```{code-cell} python3
print("solution")
```

```{solution-end}
```
"""


def test_a_page_becomes_a_notebook(tmp_path):
    done = build(tmp_path, f"{HEADER}{LESSON}", "-D", "myst_heading_anchors=2")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "html" / "notebooks" / "index.ipynb").read_text()
    setup, *cells = json.loads(text)["cells"]
    assert "tfbook.book" in "".join(setup["source"])
    code = [
        ("".join(cell["source"]), cell["metadata"]["tags"])
        for cell in cells
        if cell["cell_type"] == "code"
    ]
    assert code == [("hidden / 0", ["raises-exception"]), ('print("stub")', [])]
    prose = [
        "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
    ]
    assert prose == [
        "# Title",
        "Some prose with a number $x^2$, after the title and "
        "[a site](https://example.org).",
        "$$\nx \\tag{1}\n$$",
        "## Part",
        "By (1):",
        "<details><summary>Whole</summary>\n\nFolded text.\n\n</details>",
        "### Exercise: One more",
        "Add one.",
        "<details><summary>Solution to Exercise 1 (One more)</summary>\n\nBecause."
        '\n\n```python\nprint("solution")\n```\n\n</details>',
    ]


def test_pages_of_one_name_in_two_folders_are_two_notebooks(tmp_path):
    (tmp_path / "part").mkdir()
    other = LESSON.replace("stub", "another").replace("eq-x", "eq-y")
    other = other.replace("ex-more", "ex-other")
    (tmp_path / "part" / "index.md").write_text(HEADER + other)
    done = build(tmp_path, f"{HEADER}{LESSON}", "-D", "myst_heading_anchors=2")
    assert done.returncode == 0, done.stderr
    written = tmp_path / "html" / "notebooks"
    assert "another" in (written / "part" / "index.ipynb").read_text()
    assert "another" not in (written / "index.ipynb").read_text()

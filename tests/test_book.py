"""The book's own Sphinx extensions, on books of one page."""

import html
import importlib.util
import inspect
import io
import itertools
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
EXTENSIONS = ROOT / "book" / "_extensions"

CONFIGURATION = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = [
    "myst_nb", "sphinx_design", "sphinx_exercise",
    "alt_text", "figures", "log_lines", "markup", "notebooks", "places",
    "previews", "svg_math",
]
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
html_math_renderer = "svg"
html_theme = "basic"
nb_execution_mode = "force"
nb_execution_raise_on_error = True
numfig = True
"""

PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def build(
    folder: Path, page: str, *options: str, only: tuple[Path, ...] = ()
) -> subprocess.CompletedProcess:
    """Build a book of one page; in a process of its own, where Sphinx keeps state."""
    folder.mkdir(exist_ok=True)
    (folder / "conf.py").write_text(CONFIGURATION)
    (folder / "pixel.svg").write_text(PIXEL)
    (folder / "index.md").write_text(page)
    return subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-E"),
            *(*options, folder, folder / "html", *only),
        ],
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


def test_an_error_names_no_folder_of_this_machine(tmp_path):
    """A library by its name alone, and a cell as a cell."""
    cells = [
        "import json\n\njson.loads(json)",
        "import numpy as np\n\nnp.linalg.inv(np.zeros((2, 2)))",
        "import sys\n\nprint(sys._getframe().f_code.co_filename, 'ok')",
        "print(np.__file__, __file__ if '__file__' in globals() else '')",
    ]
    block = "```{{code-cell}} python3\n:tags: [raises-exception]\n\n{}\n```\n\n"
    done = build(tmp_path, HEADER + TITLE + "".join(map(block.format, cells)))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "index.html").read_text()
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "<cell> ok" in text
    assert "\nnumpy/__init__.py" in text
    assert "site-packages" not in text
    assert "ipykernel_" not in text


# Figures


def extension(name: str) -> ModuleType:
    """Import one of the book's own extensions."""
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PALETTE = extension("figures").PALETTE
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK = ("#000000", "#222222", "#333333")
GROUNDS = ("#ffffff", "#15181d")
# Areas of two classes, and the points that lie on them: alike in both themes.
OF_A_MAP = {"#fdd49e", "#8c3d04", "#c6c3e0", "#3f2f7f"}
# Machado, Oliveira and Fernandes (2009): what of red, green and blue is left to readers
# without one kind of cone; before them, to those who have all three.
VISION = {
    "normal": np.eye(3),
    "without red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "without green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "without blue": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    """Measure the light in a colour: red, green, blue."""
    part = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours as WCAG defines it."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, light = sorted(weights @ linear(colour) + 0.05 for colour in (one, other))
    return light / dark


def lab(light: np.ndarray) -> np.ndarray:
    """Place a light in the space in which equal steps look alike, CIELAB."""
    to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    xyz = np.array(to_xyz) @ light.clip(0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", [0, 1])
def test_the_colours_of_figures_stand_out_from_their_page(theme):
    for drawn, shown in PALETTE.items():
        if drawn != "#ffffff":  # a gap, in the colour of the page
            enough = 4.5 if drawn in INK else 3
            assert contrast(shown[theme], GROUNDS[theme]) >= enough, drawn
    assert PALETTE["#ffffff"][theme] == GROUNDS[theme]


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("vision", VISION)
def test_lines_are_told_apart_with_every_kind_of_colour_vision(vision, theme):
    seen = [lab(VISION[vision] @ linear(PALETTE[line][theme])) for line in LINES]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 12  # about 2 can just be noticed


def test_the_palette_has_the_colours_with_which_the_book_draws():
    style = matplotlib.rc_params_from_file(
        ROOT / "tfbook" / "book.mplstyle", use_default_template=False
    )
    cycle = tuple(each.lower() for each in style["axes.prop_cycle"].by_key()["color"])
    assert tuple(f"#{each.lstrip('#')}" for each in cycle) == LINES
    names = ("text.color", "axes.labelcolor", "axes.edgecolor", "grid.color")
    assert {f"#{style[name].lstrip('#')}" for name in names} <= set(PALETTE)
    # A colour that a cell or the package names would stay as it is on a dark page.
    sources = [*(ROOT / "book").glob("*/*.md"), ROOT / "tfbook" / "plotting.py"]
    for path in sources:
        named = set(re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text()))
        assert {colour.lower() for colour in named} <= set(PALETTE) | OF_A_MAP, path


def spaced(tex: str) -> str:
    """Write a formula with _ for a thin space and ~ before a sign."""
    svg_math = extension("svg_math")
    formula = svg_math.parse(tex, inline=True)
    written = ""
    for each in formula.iter():
        if each.tag == "mspace":
            written += "_" if each.get("width") == "0.1667em" else ""
        else:
            written += "~" if each.get("form") == "prefix" else ""
            written += (each.text or "").replace("\N{MINUS SIGN}", "-")
    return written


@pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")  # ziamath's
@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("a - b", "a-b"),
        ("x = -b", "x=~-b"),
        ("(-z)", "(~-z)"),
        (r"2 \cdot (-1)", "2·(~-1)"),
        ("(c) - |x| - 1", "(c)-|x|-1"),
        (r"v \operatorname{relu}(w)", "v_relu(w)"),
        (r"\cos a \cos b", "cos_a_cos_b"),
        (r"-\ln p", "~-ln_p"),
        (r"\sum_i r", "∑i_r"),
        (r"\hat y", "y\u02c6"),
    ],
)
def test_a_formula_is_spaced_as_tex_does(tex, expected):
    assert spaced(tex) == expected


def drawing(theme: int, draw: Callable[[Axes], object]) -> str:
    """Draw a figure and give it the colours of a theme."""
    text = io.StringIO()
    figure = Figure()
    draw(figure.subplots())
    figure.savefig(text, format="svg", transparent=True)
    return extension("figures").recolour(text.getvalue(), theme)


def test_a_figure_for_a_dark_page_has_its_lines_and_its_text_in_light_colours():
    dark = drawing(1, lambda ax: ax.plot([0, 1], color="#0072B2", label="line"))
    assert PALETTE["#0072b2"][1] in dark
    assert "#0072b2" not in dark.lower()
    assert f'<svg fill="{PALETTE["#000000"][1]}"' in dark  # what is black has no fill
    assert "stroke: #000000" not in dark
    light = drawing(0, lambda ax: ax.plot([0, 1], color="#0072B2"))
    assert PALETTE["#0072b2"][0] in light
    assert "<metadata>" not in light + dark  # the time of the build


def test_text_on_a_picture_stays_as_dark_as_the_picture_wants_it():
    def draw(ax: Axes) -> None:
        ax.imshow([[0]], cmap="Blues", extent=(0, 1, 0, 1))
        ax.imshow([[1]], cmap="Blues", extent=(3, 4, 0, 1))  # one PNG with the first
        ax.set_xlim(0, 4)
        ax.text(0.2, 0.5, "within", color="#222222")
        ax.text(1.5, 0.5, "between", color="#222222")
        ax.set_title("above", color="#222222")

    dark = drawing(1, draw)
    fills = dict(
        re.findall(r'<!-- (within|between|above) -->\s*<g style="fill: (#\w+)', dark)
    )
    light = PALETTE["#222222"][1]
    assert fills == {"within": "#222222", "between": light, "above": light}


PLOT = HEADER + TITLE + (
    "```{code-cell} python3\n---\nmystnb:\n  image:\n    alt: "
    f"{GOOD}\n---\n"
    "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']\n"
    "import matplotlib.pyplot as plt\n"
    "plt.subplots(figsize=(6, 3))[1].plot([1, 2]);\n```\n"
)  # fmt: skip


def test_a_page_has_each_figure_for_both_themes_in_its_size_and_opens_it(tmp_path):
    done = build(tmp_path, PLOT, "-W")
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "html" / "index.html").read_text()
    (link,) = re.findall(r'<a class="enlarge" href="(.*?)">(.*?)</a>', html, re.DOTALL)
    images = re.findall(r"<img [^>]*>", link[1])
    sources = [re.search(r'src="(.*?)"', image)[1] for image in images]
    assert sources == [link[0], link[0].replace(".svg", "-dark.svg")]
    for image, theme in zip(images, ("light", "dark"), strict=True):
        assert f"only-{theme}" in image
        assert f'alt="{GOOD}"' in image
        assert 'loading="lazy"' in image
        width, height = map(int, re.findall(r'(?:width|height)="(\d+)"', image))
        assert width / height == pytest.approx(2, rel=0.2)
    for source in sources:
        assert ET.parse(tmp_path / "html" / source).getroot().tag == SVG


SECOND = (
    HEADER
    + """\
# Second

$$a$$ (eq-a)

By {eq}`eq-a` and {numref}`fig-second`.

```{code-cell} python3
---
mystnb:
  figure:
    name: fig-second
    caption: A line with slope $k$.
  image:
    alt: ALT
---
%matplotlib inline
%config InlineBackend.figure_formats = ['svg']
import matplotlib.pyplot as plt
plt.subplots()[1].plot([1, 2]);
```
""".replace("ALT", GOOD)
)


def test_a_notebook_has_the_numbers_and_the_captions_of_the_page(tmp_path):
    first = "# First\n\n$$b$$ (eq-b)\n\n```{toctree}\nsecond\n```\n"
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "second.md").write_text(SECOND)
    done = build(tmp_path, first, "-W")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "html" / "notebooks" / "second.ipynb").read_text()
    prose = [
        "".join(cell["source"])
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "markdown"
    ]
    assert "`second.html`" in prose.pop(1)
    assert prose == [
        "# Second",
        "$$\na \\tag{2}\n$$",  # the first equation is on the first page
        "By (2) and Fig. 1.",
        "*Fig. 1.* A line with slope $k$.",
    ]


# What a screen reader would stumble over

FRAME = """\
```{code-cell} python3
import pandas as pd
pd.DataFrame({"loss": [0.5]}, index=pd.Index(["SGD"], name="rule"))
```

```{code-cell} python3
pd.DataFrame({"loss": [0.5, -2], "verdict": ["better", "1 worse"]})
```
"""


def test_tables_of_pandas_have_one_row_of_headers_and_no_empty_one(tmp_path):
    done = build(tmp_path, HEADER + TITLE + FRAME, "-W")
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "html" / "index.html").read_text()
    heads = [
        re.findall(r"<(t[hd])[^>]*>(.*?)</", head)
        for head in re.findall(r"<thead>(.*?)</thead>", html, re.DOTALL)
    ]
    assert heads == [
        [("th", "rule"), ("th", "loss")],
        [("td", ""), ("th", "loss"), ("th", "verdict")],
    ]
    # A column of words begins at one edge, with its header; numbers end at one.
    words = re.findall(r'<t[hd] class="words">(.*?)<', html)
    assert words == ["rule", "SGD", "verdict", "better", "1 worse"]


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
    title, first, setup, *cells = json.loads(text)["cells"]
    assert title["source"] == ["# Title"]
    assert "`index.html`" in "".join(first["source"])
    assert "pip install ." in "".join(first["source"])
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


# Previews

GLOSSARY = """\
# Terms

```{{glossary}}
loss
  {definition}, as a {{term}}`number`.

number
  One.
```

$$a$$ (eq-a)

:::{{figure}} ../pixel.svg
:name: fig-pixel
:alt: an empty square of one pixel

A square.
:::
"""
LINKS = """\
# Links

The {term}`loss` and {term}`once more <loss>`, {eq}`eq-a` and {numref}`fig-pixel`.

$$b$$ (eq-b)

By {eq}`eq-b`.
"""
CONTENTS = "# Contents\n\n```{toctree}\nlinks\npart/terms\n```\n"


def test_a_page_carries_once_what_it_links_to_on_other_pages(tmp_path):
    (tmp_path / "part").mkdir()
    terms = tmp_path / "part" / "terms.md"
    written = tmp_path / "html" / "links.html"
    (tmp_path / "links.md").write_text(LINKS)
    terms.write_text(GLOSSARY.format(definition="How wrong"))
    done = build(tmp_path, CONTENTS, "-W")
    assert done.returncode == 0, done.stderr
    carried = re.findall(
        r'<template class="preview" data-of="(.*?)">(.*?)</template>',
        written.read_text(),
        re.DOTALL,
    )
    names = ("term-loss", "equation-eq-a", "fig-pixel")
    assert [href for href, _ in carried] == [f"part/terms.html#{n}" for n in names]
    term, equation, figure = (text for _, text in carried)
    assert "How wrong, as a" in term
    assert "(2)" in equation
    assert 'aria-label="a"' in equation
    assert 'src="_images/pixel.svg"' in figure
    assert "A square." in figure
    assert not re.search(r"<a\b| id=", term + equation + figure)
    assert "<template" not in (tmp_path / "html" / "part" / "terms.html").read_text()
    # A build that writes the other page alone brings up to date what this one carries.
    terms.write_text(GLOSSARY.format(definition="How far off"))
    done = build(tmp_path, CONTENTS, "-W", only=(terms,))
    assert "1 source files given" in done.stdout
    assert "How far off, as a" in written.read_text()
    assert "How wrong" not in written.read_text()
    assert written.read_text().count("<template") == len(names)


# Links in code

USES = extension("code_links")


def used(*cells: str) -> list[tuple[str, str]]:
    """List what is found in cells: the text of each name, and what it stands for."""
    reader = USES.Uses()
    return [
        (cell[use.start : use.ends[-1][0]], use.ends[-1][1])
        for cell in cells
        for use in reader.read(cell)
    ]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["from tfbook import data", "data.digits()"], "data.digits"),
        (["from tfbook import data as d", "x = 'é'; d.digits()"], "d.digits"),
        (
            ["from tfbook import data", "%time data.digits()\ndata.linear()"],
            "data.linear",
        ),
        (["from tfbook.data import linear", "[linear() for _ in x]"], "linear"),
        (
            ["from tfbook import data", "data = data.digits()\ndata.train"],
            "data.digits",
        ),
        (["from tfbook import data", "def f(data):\n    data.train"], None),
        (["from tfbook import data", "def f():\n    data = 1\n    data.train"], None),
        (["from tfbook import data", "lambda data: data.train"], None),
        (["from tfbook import data", "def data():\n    pass\ndata.train"], None),
        (["from tfbook import data", "class data:\n    pass\ndata.train"], None),
        (["data.digits()"], None),
        (["from tfbook import data", "f().data.train"], None),
        (["from tfbook import data", "def f(:", "data.linear"], "data.linear"),
    ],
)
def test_a_name_is_followed_as_long_as_it_stands_for_what_was_imported(cells, found):
    _, *later = used(*cells) if "import" in cells[0] else [None]
    assert [text for text, _ in later] == ([found] if found else [])
    for text, dotted in later:
        assert dotted.startswith("tfbook.data.")
        assert dotted.endswith(text.rpartition(".")[2])


def cells_of(page: Path) -> list[str]:
    """Read the code of the cells of a page, without their options."""
    cells = re.findall(r"^```\{code-cell\}.*\n((?:.*\n)*?)```$", page.read_text(), re.M)
    return [
        re.sub(r"\A(?:---\n(?:.*\n)*?---\n|(?::.*\n)+)", "", each) for each in cells
    ]


@pytest.mark.parametrize(
    "page", sorted((ROOT / "book").rglob("*.md")), ids=lambda path: path.stem
)
def test_what_a_page_uses_of_the_package_is_there(page):
    missing = []
    for _, dotted in used(*cells_of(page)):
        if not dotted.startswith("tfbook."):
            continue
        value, *parts = importlib.import_module("tfbook"), *dotted.split(".")[1:]
        for place, part in enumerate(parts):
            if not hasattr(value, part):
                try:
                    importlib.import_module(".".join(["tfbook", *parts[: place + 1]]))
                except ImportError:
                    missing.append(dotted)
                    break
            value = getattr(value, part)
    assert not missing


def test_links_are_put_around_the_words_of_code():
    words = (
        '<span></span><span class="n">data</span><span class="o">.</span>'
        '<span class="n">digits</span><span class="p">(</span>'
    )
    linked = USES.wrap(words, {(0, 11): '<a href="#digits">'})
    assert linked == (
        '<span></span><a href="#digits"><span class="n">data</span>'
        '<span class="o">.</span><span class="n">digits</span></a>'
        '<span class="p">(</span>'
    )


# Links to the references of other packages

SITES = {"numpy": "numpy", "pandas": "pandas", "keras": "keras", "tf": "tensorflow"}
# What cells use and no inventory lists, since it has no page that is certain.
WITHOUT_A_PAGE = {
    "keras.Variable",
    "keras.datasets.boston_housing.load_data",
    *(f"tf.{kind}" for kind in ("float32", "float64", "int32", "int32.min", "int64")),
    "tf.newaxis",
}


def described(package: str) -> dict[str, tuple[str, str]]:
    """Read an inventory: for each name its kind and its address."""
    path = ROOT / "book" / "inventories" / f"{package}.txt"
    entries = path.read_text().splitlines()[4:]
    assert entries == sorted(set(entries))
    found = {}
    for entry in entries:
        name, kind, _, address, _ = entry.split(" ")
        found[name] = kind.removeprefix("py:"), address
    return found


ELSEWHERE = {
    name: entry for site in SITES.values() for name, entry in described(site).items()
}


def resolve(name: str) -> object:
    """Find what a dotted name stands for; `tf` is TensorFlow."""
    package, *parts = name.split(".")
    value = importlib.import_module(SITES[package])
    for part in parts:
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_link_elsewhere_leads_to_what_the_name_stands_for(name):
    kind, address = ELSEWHERE[name]
    value = resolve(name)
    assert inspect.isclass(value) == (kind == "class")
    assert callable(value) or kind == "data"
    page, _, anchor = address.partition("#")
    if name.startswith("keras."):
        last = value.__name__
        assert name.endswith(f".{last}")
        assert anchor in {"", f"{last.lower()}-{kind}"}
    elif name.startswith("tf."):
        exports = importlib.import_module("tensorflow.python.util.tf_export")
        about = resolve(page.replace("/", "."))
        canonical = exports.get_canonical_name_for_symbol(
            about, add_prefix_to_v1_names=True
        )
        assert page == f"tf/{canonical}".replace(".", "/")
        assert (getattr(about, anchor) if anchor else about) == value
    else:
        assert resolve(anchor) is value or resolve(anchor) == value
        assert anchor.endswith(f".{getattr(value, '__name__', name.split('.')[-1])}")
        shared = ("/constants.html", "/arrays.scalars.html", "/random/generator.html")
        assert page.endswith((f"/{anchor}.html", *shared))


def test_what_pages_take_from_elsewhere_has_a_link_if_it_has_a_page():
    missing, taken = set(), set()
    for page in (ROOT / "book").rglob("*.md"):
        reader = USES.Uses()
        for cell in cells_of(page):
            for use in reader.read(cell):
                names = [name.replace("tensorflow.", "tf.") for _, name in use.ends]
                taken |= ELSEWHERE.keys() & names
                if names[-1].split(".")[0] in SITES and not ELSEWHERE.keys() & names:
                    missing.add(names[-1])
    assert taken
    # What is left of TensorFlow 2.1 in `tf.keras` is shown, not recommended.
    there = {n for n in missing if is_there(n) and not n.startswith("tf.keras.")}
    assert there == WITHOUT_A_PAGE


def is_there(name: str) -> bool:
    """Tell whether a name stands for something, other than a module."""
    try:
        return not inspect.ismodule(resolve(name))
    except AttributeError:  # gone, which is what a page says of it
        return False

"""The pages as they are written: their measures, and no number typed into prose."""

import ast
import builtins
import re
from pathlib import Path

import landing
import pytest
import yaml
from measures import MARKUP, cells, chapters, count_words, measure, pages, prose

BOOK = Path(__file__).parents[1] / "book"
TEXTS = {
    str(path.relative_to(BOOK)): path.read_text() for path in sorted(BOOK.rglob("*.md"))
}

# A measured number has a decimal point or a per cent sign. These are not measured in
# the book.
TYPED = {
    # Levels of confidence that the page asks about.
    "index.md": {"99 per cent"},
    "learning/trust.md": {"50 per cent", "80 per cent", "90 per cent", "99 per cent"},
}
NUMBER = re.compile(
    r"(?<![\w.])\d+(?:\.\d+|(?:\.\d+)?[ \u00a0]?(?:%|per cent))(?![\w.]*\d)"
)
# Roles hold what a cell computed; code, addresses and releases are not measured.
NOT_PROSE = re.compile(
    r"\{[\w:]+\}`[^`]*`|`[^`]*`|\$[^$]+\$|\]\([^)]*\)|https?://\S+"
    r"|(?:TensorFlow|Keras|NumPy|Python|scikit-learn) \d+(?:\.\d+)+"
    r"(?: (?:to|and|or) \d+(?:\.\d+)+)*"
)


def typed_numbers(page: str) -> list[str]:
    """Find the numbers that look measured in the words of a page."""
    return NUMBER.findall(NOT_PROSE.sub("", prose(page)))


@pytest.mark.parametrize("page", TEXTS)
def test_no_measured_number_is_typed_into_prose(page):
    assert set(typed_numbers(TEXTS[page])) == TYPED.get(page, set())


@pytest.mark.parametrize("page", pages())
def test_shown_code_fits_into_its_column(page):
    too_long = {
        line for cell in cells(pages()[page]) for line in cell.code if len(line) > 88
    }
    assert too_long == set()


@pytest.mark.parametrize("page", pages())
def test_each_option_of_an_exercise_is_a_paragraph(page):
    exercises = re.findall(r"(?ms)^```\{exercise\}.*?^```$", pages()[page])
    assert not [each for each in exercises if re.search(r"[^\n]\n[a-hA-H]\. ", each)]


@pytest.mark.parametrize("page", TEXTS)
def test_what_a_cell_glues_is_used(page):
    glued = set(re.findall(r'glue\(\s*"([\w-]+)"', TEXTS[page]))
    used = set(re.findall(r"\{glue:\w+\}`([\w-]+)[:`]", TEXTS[page]))
    assert glued - used == set()


def test_each_lesson_with_figures_shows_one_on_the_landing_page():
    shown = {f"{page}.md": label for page, label in landing.PICTURES.items()}
    assert shown.keys() == {page for page in LESSONS if "    name: fig-" in TEXTS[page]}
    for page, label in shown.items():
        assert f"    name: {label}\n" in TEXTS[page], page


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("It is 3.14 wide.", ["3.14"]),
        ("It is 0.5.", ["0.5"]),
        ("About 5 % of them, or 93%.", ["5 %", "93%"]),
        ("12 per cent.", ["12 per cent"]),
        ("TensorFlow 2.1 has 32 rows.", []),
        ("A computed {glue:text}`width:.2f` and `0.5`, $0.5$.", []),
        ("| 3.14 |", []),
    ],
)
def test_a_typed_number_is_found(line, found):
    assert typed_numbers(f"# Title\n\n{line}\n") == found


PAGE = """\
---
file_format: mystnb
---

# Title

```{code-cell} ipython3
:tags: [remove-cell]

hidden = 1
```

:::{admonition} After this page you can
- one;
- two;
- three.
:::

Four words open it.

## First

Two words, `code.here`, $x + 1$ and

$$
y = x
$$ (eq-y)

```{code-cell} ipython3
---
mystnb:
  image:
    alt: A figure.
  figure:
    caption: Five words stand below it.
---
draw()

more()
```

## Recap

One two.

## Exercises

```{exercise} One
:label: ex-one
Do it.
```

```{code-cell} ipython3
stub()
```
"""


def test_a_page_is_measured():
    assert measure(PAGE) == {
        "words": 4 + 6 + 3 + 5,
        "objectives": 3,
        "opening": 4,
        "sections": 1,
        "longest section": 6,
        "cells": 1,
        "longest cell": 2,
        "words per line": 18 / 2,
        "figures": 1,
        "figures per 1000": 1000 / 18,
        "recap": 3,
        "exercises": 1,
    }
    assert [cell.code for cell in cells(PAGE)] == [["draw()", "more()"], ["stub()"]]
    assert count_words("one `two three` $4 5$, six - seven") == 5
    assert MARKUP.sub("", "$$\nx\n$$\n") == "\n"


@pytest.mark.parametrize("page", chapters())
def test_a_page_has_objectives_a_recap_and_exercises(page):
    found = measure(chapters()[page])
    assert 3 <= found["objectives"] <= 5
    assert 3 <= found["exercises"] <= 6
    assert found["longest cell"] <= 20


@pytest.mark.parametrize(
    "page", [page for page in chapters() if page.startswith("basics/")]
)
def test_a_page_of_the_first_part_takes_an_hour_at_most(page):
    reading, whole = re.search(
        r"Reading time: (\d+) minutes; with the exercises, (an hour|\d+)\.",
        chapters()[page],
    ).groups()
    assert int(reading) < int(whole.replace("an hour", "60")) <= 60


@pytest.mark.parametrize("page", TEXTS)
def test_the_options_of_every_cell_can_be_read(page):
    # A colon in a caption makes another key of it, and the build fails minutes later.
    cell = re.compile(r"^```\{code-cell\}.*\n---\n((?:.*\n)*?)---$", re.MULTILINE)
    for options in cell.findall(TEXTS[page]):
        assert isinstance(yaml.safe_load(options), dict), options


def test_every_entry_of_the_bibliography_is_cited():
    entries = re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text(), re.M)
    cited = set(re.findall(r"\{cite:\w+\}`([^`]+)`", "".join(TEXTS.values())))
    assert entries == sorted(entries)
    assert set(entries) == {key.strip() for keys in cited for key in keys.split(",")}


# Notation and glossary: all that the pages use

NOTATION = TEXTS["appendix/notation.md"]
LESSONS = [
    page for page in TEXTS if page.startswith(("basics/", "learning/", "scale/"))
]
# What is in italics to be stressed, and is no term.
STRESSED = {
    *("all", "alone", "and", "before", "first", "global", "has", "identity", "is"),
    *("keras", "large", "largest", "later", "less", "name", "ndim", "output"),
    *("positive", "right", "saturated", "saturates", "size", "smallest", "spread"),
    *("that", "usable", "watch", "watched", "where"),
    *("a crooked valley", "min ndim", "on one side", "one point"),
    *("take larger batches", "these two differ"),
}
# Words that TeX has for itself, and those of functions.
TEX = re.compile(
    r"\\(?:text|operatorname|mathrm)\{[^}]*\}|\\(?:begin|end)\{\w+\}(?:\{\w+\})?"
)
SYMBOL = re.compile(r"\\[A-Za-z]+|[A-Za-z]")
LETTERS = {
    *("alpha", "beta", "gamma", "delta", "Delta", "varepsilon", "eta", "kappa"),
    *("lambda", "mu", "nabla", "Phi", "varphi", "sigma", "partial", "odot"),
}


def symbols(text: str) -> set[str]:
    """Find the letters in the formulas of a page."""
    formulas = re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", text, re.S)
    found = {
        symbol.removeprefix("\\")
        for pair in formulas
        for symbol in SYMBOL.findall(TEX.sub("", "".join(pair)))
    }
    return {each for each in found if len(each) == 1 or each in LETTERS}


def in_italics(text: str) -> set[str]:
    """Find what a page puts in italics: new terms, and little else."""
    plain = re.sub(r"`[^`]*`|\$[^$\n]+\$", "", text)
    found = re.findall(r"(?<![*\w])\*([^*\n]+)\*(?![*\w])", plain)
    return {each.lower().rstrip(".") for each in found if len(each.split()) < 4}


def is_explained(term: str, glossary: str) -> bool:
    """Whether the glossary has a term, in the singular or the plural."""
    stem = re.escape(term.removesuffix("s").removesuffix("ie"))
    return bool(re.search(rf"(?im)^(?:\S.*\b)?{stem}(?:s|y|ies)?\b", glossary))


@pytest.mark.parametrize("page", LESSONS)
def test_the_table_of_symbols_has_every_letter_of_a_formula(page):
    table, _ = NOTATION.split("## Glossary")
    # Besides the numbers e and pi, and the sign of a differential.
    assert symbols(prose(TEXTS[page])) <= symbols(table) | {"e", "d"}


@pytest.mark.parametrize("page", LESSONS)
def test_the_glossary_has_every_term_that_a_page_introduces(page):
    _, glossary = NOTATION.split("## Glossary")
    new = in_italics(prose(TEXTS[page])) - STRESSED
    assert {term for term in new if not is_explained(term, glossary)} == set()


def test_what_is_stressed_is_on_a_page():
    assert set.union(*(in_italics(prose(TEXTS[page])) for page in LESSONS)) >= STRESSED


def test_terms_and_symbols_are_found():
    assert symbols(r"$\eta \frac{a}{2}$ and $$\text{not} W$$") == {"eta", "a", "W"}
    assert in_italics("a *step* and `x*y*z`, *Loss.*, **bold**") == {"step", "loss"}
    glossary = "  text\nmini-batch\n  some rows\nchained steps\n"
    assert is_explained("batch", glossary)
    assert is_explained("step", glossary)
    assert not is_explained("text", glossary)
    assert not is_explained("rows", glossary)


# A page as a notebook: its visible cells are enough

SETUP = {"importlib"}  # made in a notebook's first cell


def names(code: str) -> tuple[set[str], set[str]]:
    """Find the names that a cell binds, and those that it takes from before."""
    lines = [line for line in code.splitlines() if not line.startswith(("%", "!"))]
    nodes = [*ast.walk(ast.parse("\n".join(lines)))]
    bound: set[str] = set()
    used: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return bound, used - bound - set(dir(builtins))


@pytest.mark.parametrize("page", pages())
def test_a_visible_cell_takes_no_name_from_a_hidden_one(page):
    known = set(SETUP)
    for cell in cells(pages()[page]):
        bound, used = names("\n".join(cell.code))
        assert used <= known
        known |= bound


def test_names_are_found():
    code = "import a.b as c, d.e\n%time\nf = lambda g: g + h\n[i for i in j]\nprint(f)"
    bound, used = names(code)
    assert {"c", "d", "f", "g", "i"} <= bound
    assert used == {"h", "j"}

"""The pages as they are written: their measures, and no number typed into prose."""

import re
from pathlib import Path

import pytest
from measures import MARKUP, cells, count_words, measure, pages, prose

BOOK = Path(__file__).parents[1] / "book"
TEXTS = {
    str(path.relative_to(BOOK)): path.read_text() for path in sorted(BOOK.rglob("*.md"))
}

# A measured number has a decimal point or a per cent sign. These are not measured in
# the book.
TYPED = {
    # Levels of confidence that the page asks about.
    "index.md": {"99 per cent"},
    "learning/digits.md": {"50 per cent", "80 per cent", "90 per cent", "99 per cent"},
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
        "words a line": 18 / 2,
        "figures": 1,
        "figures a 1000": 1000 / 18,
        "recap": 3,
        "exercises": 1,
    }
    assert [cell.code for cell in cells(PAGE)] == [["draw()", "more()"], ["stub()"]]
    assert count_words("one `two three` $4 5$, six - seven") == 5
    assert MARKUP.sub("", "$$\nx\n$$\n") == "\n"


@pytest.mark.parametrize("page", pages())
def test_a_page_has_objectives_a_recap_and_exercises(page):
    found = measure(pages()[page])
    assert 3 <= found["objectives"] <= 5
    assert 4 <= found["exercises"] <= 6
    assert found["longest cell"] <= 20


def test_every_entry_of_the_bibliography_is_cited():
    entries = re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text(), re.M)
    cited = set(re.findall(r"\{cite:\w+\}`([^`]+)`", "".join(TEXTS.values())))
    assert entries == sorted(entries)
    assert set(entries) == {key.strip() for keys in cited for key in keys.split(",")}

"""Measure the pages: words, cells, figures, exercises; `nox -s measures`."""

import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

BOOK = Path(__file__).parent
FENCE = re.compile(r"^(`{3,})(.*)\n(?:(?:.*\n)*?)\1[ \t]*$", re.MULTILINE)
OPTIONS = re.compile(r"\A(?:---\n(?:.*\n)*?---\n|(?::\w.*\n)+\n?)?")
# What a reader does not read as words: formulas, labels of blocks, footnotes' sources.
MARKUP = re.compile(
    r"\A---\n(?:.*\n)*?---\n|^\$\$\n(?:.*\n)*?\$\$.*$|^(?::::|:[\w-]+:|\[\^|\||\(.*\)=$).*$",
    re.MULTILINE,
)

# What the measures of a page should be, from the pages that people praise.
EXPECTED = {
    "objectives": (3, 5),
    "opening": (120, 180),
    "longest section": (0, 250),
    "longest cell": (0, 20),
    "words per line": (10, 20),
    "figures per 1000": (2, 4),
    "recap": (80, 120),
    "exercises": (3, 6),
}
# Sets of problems, which have no text to measure.
PROBLEMS = {"basics/problems"}


class Cell(NamedTuple):
    """A code cell of which a reader sees the code, or the output, or both.

    Attributes:
        header: Its options, as text.
        code: Its lines, if they are shown; empty ones are left out.
    """

    header: str
    code: list[str]

    @property
    def caption(self) -> str:
        """What is written below its figure."""
        return "".join(re.findall(r"^ *caption: (.*)$", self.header, re.MULTILINE))


def pages() -> dict[str, str]:
    """Read the pages with cells to run, in no order: chapters and sets of problems."""
    return {
        str(path.relative_to(BOOK).with_suffix("")): path.read_text()
        for path in sorted(BOOK.glob("*/*.md"))
        if path.parent.name != "appendix"
    }


def chapters() -> dict[str, str]:
    """Read the pages that teach."""
    return {name: text for name, text in pages().items() if name not in PROBLEMS}


def cells(page: str) -> list[Cell]:
    """Find the code cells of a page that are shown; solutions are not counted."""
    found = []
    for fence in FENCE.finditer(
        re.sub(r"(?s)```\{solution-start.*?solution-end\}", "", page)
    ):
        body = fence[0].split("\n", 1)[1].rsplit("\n", 1)[0] + "\n"
        header = OPTIONS.match(body)[0]
        if fence[2].startswith("{code-cell}") and "remove-cell" not in header:
            lines = [] if "remove-input" in header else body[len(header) :].splitlines()
            found.append(Cell(header, [line for line in lines if line.strip()]))
    return found


def prose(page: str) -> str:
    """Reduce a page to the text between its cells."""
    return MARKUP.sub("", FENCE.sub("", page))


def count_words(text: str) -> int:
    """Count words; a formula or a name in code counts as one."""
    return len(re.findall(r"\S*\w\S*", re.sub(r"`[^`]+`|\$[^$]+\$", "word", text)))


def measure(page: str) -> dict[str, float]:
    """Measure one page."""
    head, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    texts = {section.split("\n", 1)[0]: section for section in sections}
    exercises = texts.pop("Exercises", "")
    recap = texts.pop("Recap", "")
    box, _, opening = head.rpartition(":::\n")
    shown = cells("".join([head, *texts.values()]))
    parts = [prose(text) for text in [opening, recap, *texts.values()]]
    words = sum(map(count_words, [*parts, *(cell.caption for cell in shown)]))
    figures = sum("alt:" in cell.header for cell in shown)
    return {
        "words": words,
        "objectives": len(re.findall(r"^- ", box, re.MULTILINE)),
        "opening": count_words(prose(opening)),
        "sections": len(texts),
        "longest section": max(count_words(prose(text)) for text in texts.values()),
        "cells": sum(bool(cell.code) for cell in shown),
        "longest cell": max(len(cell.code) for cell in shown),
        "words per line": words / sum(len(cell.code) for cell in shown),
        "figures": figures,
        "figures per 1000": 1000 * figures / words,
        "recap": count_words(prose(recap)),
        "exercises": exercises.count("```{exercise}"),
    }


def unusual(table: pd.DataFrame) -> list[str]:
    """Say which measures lie outside of what is expected."""
    return [
        f"{page}: {name} {table.loc[page, name]:.3g}, expected {low} to {high}"
        for name, (low, high) in EXPECTED.items()
        for page in table.index
        if not low <= table.loc[page, name] <= high
    ]


def main() -> None:
    """Print the table, and what stands out."""
    table = pd.DataFrame({name: measure(page) for name, page in chapters().items()}).T
    print(table.to_string(float_format="{:.3g}".format))
    print("", *unusual(table), sep="\n")


if __name__ == "__main__":
    main()

"""Repair, in the HTML of a page, what a screen reader would stumble over.

Each repair names who writes the HTML that it changes.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

REPAIRS = {
    # docutils: a list whose children are no items, and roles that ARIA has given up.
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
    # pandas, its Styler, docutils: the corner of a table heads nothing.
    "<th></th>": '<td class="corner"></td>',
    '<th class="blank level0" >&nbsp;</th>': '<td class="corner"></td>',
    '<th class="head"></th>': '<td class="corner"></td>',
    '<th class="head"><p></p></th>': '<td class="corner"></td>',
    # sphinx-exercise: one id for the content of every exercise.
    '<section id="exercise-content">': '<section class="exercise-content">',
    '<section id="solution-content">': '<section class="solution-content">',
}
# pandas: a second row of headers, for the name of the index alone.
NAME_ROW = re.compile(
    r'(<thead>\s*<tr[^>]*>\s*)<td class="corner"></td>((?:(?!</tr>).)*</tr>)'
    r'\s*<tr>\s*(<th>[^<]+</th>)(?:\s*<td class="corner"></td>)*\s*</tr>(\s*</thead>)',
    re.DOTALL,
)

TABLE = re.compile(r'<table[^>]*class="dataframe">.*?</table>', re.DOTALL)
ROW = re.compile(r"<tr[^>]*>.*?</tr>", re.DOTALL)
CELL = re.compile(r"<(td|th)(?: class=\"corner\")?>(.*?)</\1>", re.DOTALL)
NUMBER = re.compile(
    r"\s*([-+\N{MINUS SIGN}]?(\.?\d|inf)|nan|none|true|false|$)", re.IGNORECASE
)


def align(table: re.Match) -> str:
    """Mark the columns of words, which begin at one edge, where numbers end at one."""
    rows = [CELL.findall(row) for row in ROW.findall(table[0])]
    body = [
        [text for _, text in cells]
        for cells in rows
        if cells[1:] and cells[1][0] == "td"
    ]
    if "colspan" in table[0] or len({len(cells) for cells in rows}) > 1 or not body:
        return table[0]
    words = [
        any(not NUMBER.match(text) for text in column)
        for column in zip(*body, strict=True)
    ]

    def mark(row: re.Match) -> str:
        places = iter(words)
        return CELL.sub(
            lambda cell: (
                f'<{cell[1]} class="words">{cell[2]}</{cell[1]}>'
                if next(places, False)
                else cell[0]
            ),
            row[0],
        )

    return ROW.sub(mark, table[0])


def repair(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Change the body of a page."""
    if "body" not in context:
        return
    body = context["body"]
    for written, instead in REPAIRS.items():
        body = body.replace(written, instead)
    # The name of the index heads its column, in the one row of headers.
    body = NAME_ROW.sub(r"\1\3\2\4", body)
    context["body"] = TABLE.sub(align, body)


def name_toggles(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Name what opens and closes a part of the menu: the theme draws an arrow alone."""
    make = context.get("generate_toctree_html")
    if make is None:
        return

    def named(*arguments: Any, **options: Any) -> Any:
        made = make(*arguments, **options)
        for toggle in made.find_all("summary") if hasattr(made, "find_all") else ():
            toggle["aria-label"] = "Pages below this one"
        return made

    context["generate_toctree_html"] = named


def setup(app: Sphinx) -> dict[str, Any]:
    """Change each page before it is written."""
    app.connect("html-page-context", repair)
    app.connect("html-page-context", name_toggles, priority=900)  # after the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}

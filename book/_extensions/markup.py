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
    # pandas: the corner of a table heads nothing.
    "<th></th>": '<td class="corner"></td>',
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
    context["body"] = NAME_ROW.sub(r"\1\3\2\4", body)


def setup(app: Sphinx) -> dict[str, Any]:
    """Change each page before it is written."""
    app.connect("html-page-context", repair)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

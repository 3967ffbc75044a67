"""Load the script of explorable figures on the pages that have one.

`tfbook.explorable` writes what a figure shows; the script puts it into the box that
follows on the page. Where no script runs, the box says what it lacks.
"""

import json
import re
from typing import Any

from bs4 import BeautifulSoup
from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FIGURE = '<script type="application/json" class="explorable">'
BOX = re.compile(r'<details class="[^"]*\bexplorable\b')


def load(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Add the script to a page."""
    executed = NbMetadataCollector.get_exec_data(app.env, page)
    if executed and not executed["succeeded"]:
        return  # the build has said which cell failed
    body = context.get("body", "")
    figures, boxes = body.count(FIGURE), len(BOX.findall(body))
    if figures != boxes:
        raise ExtensionError(
            f"{page}: expected a box after each explorable figure, got {boxes} boxes "
            f"and {figures} figures; write a dropdown with `:class-container: "
            "explorable` after the cell, with a question as its title"
        )
    if figures:
        app.add_js_file("explorable.js", loading_method="defer")


def tell(page: BeautifulSoup) -> None:
    """Say in each box what a reader of the site moves there, in place of the figure."""
    for figure in page.select("script.explorable"):
        names = [each["name"] for each in json.loads(figure.string)["controls"]]
        cell = figure.find_parent(class_="cell")
        said = page.new_tag("p")
        said.string = (
            "Here the site has a figure that changes with what you set: "
            f"{', '.join(names)}."
        )
        cell.find_next_sibling(class_="explorable").summary.insert_after(said)
        cell.decompose()


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page before it is written."""
    app.connect("html-page-context", load)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Load the script of explorable figures on the pages that have one."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def load(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Add the script to a page."""
    if 'class="explorable"' in context.get("body", ""):
        app.add_js_file("explorable.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page before it is written."""
    app.connect("html-page-context", load)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

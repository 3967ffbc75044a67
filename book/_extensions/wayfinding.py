"""Tell readers where they are, what comes next, and what each page is about.

The sentences are those of the landing page, where each page has one.
"""

import html
from functools import cache
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


@cache
def abouts(app: Sphinx) -> dict[str, str]:
    """Read from the landing page what each page is about."""
    found = {}
    index = app.env.get_doctree(app.config.root_doc)
    for link in index.findall(addnodes.pending_xref):
        if link["reftype"] != "doc":
            continue
        place = link
        while place is not None and not isinstance(
            place, nodes.definition_list_item | nodes.Structural
        ):
            place = place.parent
        if isinstance(place, nodes.definition_list_item):
            text = place[-1].astext().replace("\n", " ")
            found.setdefault(link["reftarget"].removeprefix("/"), text)
    return found


@cache
def parts(app: Sphinx) -> list[tuple[str, list[str]]]:
    """Read from the landing page the parts of the book and their pages, in order."""
    index = app.env.get_doctree(app.config.root_doc)
    return [
        (tree["caption"] or "", list(tree["includefiles"]))
        for tree in index.findall(addnodes.toctree)
    ]


def add_signs(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Write where a page stands, and give the template a sentence on its neighbours."""
    about = abouts(app)
    pages = {doc: part for part, docs in parts(app) for doc in docs}
    order = list(pages)
    context["about"] = {}
    if page in pages:
        place = order.index(page)
        for name, other in (("prev", place - 1), ("next", place + 1)):
            if 0 <= other < len(order):
                context["about"][name] = about.get(order[other], "")
        part, numbered = (
            pages[page],
            [doc for doc in order if pages[doc] == pages[page]],
        )
        line = (
            f'<p class="progress-line">{html.escape(part)}, '
            f"page {numbered.index(page) + 1} of {len(numbered)}</p>\n"
        )
        context["body"] = context["body"].replace("<h1>", line + "<h1>", 1)
    text = about.get(page) or app.config.html_context.get("description", "")
    if text:
        quoted = html.escape(text)
        title = html.escape(str(context.get("title") or app.config.project))
        context["metatags"] = (
            context.get("metatags", "")
            + f'<meta name="description" content="{quoted}">\n'
            + f'<meta property="og:title" content="{title}">\n'
            + f'<meta property="og:description" content="{quoted}">\n'
            + '<meta property="og:type" content="article">\n'
        )
    if page == app.config.root_doc:
        context["docstitle"] = "a TensorFlow book that runs"  # not its title twice


def setup(app: Sphinx) -> dict[str, Any]:
    """Prepare each page before it is written."""
    app.connect("html-page-context", add_signs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

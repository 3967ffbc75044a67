"""Offer each page as a notebook: prose as Markdown, code cells as they stand.

Outputs and hidden cells are left out, since a reader runs the notebook; solutions are
folded.
"""

import html
from collections.abc import Iterator
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number
from sphinx_markdown_builder.translator import MarkdownTranslator

SETUP = """\
import importlib.util

if importlib.util.find_spec("tfbook") is None:
    raise SystemExit("run: python -m pip install . in a copy of the book's source")
%config InlineBackend.figure_formats = ["svg"]
import matplotlib.pyplot as plt

plt.style.use("tfbook.book")"""


class ProseTranslator(MarkdownTranslator):
    """Writes Markdown with the formulas as a notebook shows them."""

    def visit_math_block(self, node: nodes.math_block) -> None:
        """Number a formula as the page does."""
        number = ""
        if node.get("number"):
            number = f" \\tag{{{get_node_equation_number(self, node)}}}"
        self.add(f"$$\n{node.astext()}{number}\n$$", prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode


def without_what_is_for_the_web(page: nodes.document) -> nodes.document:
    """Copy a page without links and anchors within the book, and without its icons."""
    page = page.deepcopy()
    for node in [*page.findall(nodes.target), *page.findall(nodes.raw)]:
        node.parent.remove(node)
    for node in list(page.findall(nodes.reference)):
        if node.get("internal") or node.get("refid"):
            node.replace_self(node.children)
    return page


def convert(node: nodes.Element, app: Sphinx, depth: int = 0) -> Iterator:
    """Yield the notebook's cells for the parts of a page."""
    for child in node.children:
        name = child.tagname
        if is_cell(child):
            if source := source_of(child):
                tags = child["cell_metadata"].get("tags", [])
                yield nbformat.v4.new_code_cell(source, metadata={"tags": tags})
            yield from captions(child, app)
        elif name.startswith(("solution", "dropdown_main")):
            yield fold(child, app)
        elif name in {"title", "dropdown_title"}:
            title = child.astext()
            if node.tagname.startswith("exercise"):
                title = f"Exercise: {title.strip(' ()')}"
            yield nbformat.v4.new_markdown_cell(f"{'#' * depth} {title}")
        elif name == "section" or name.startswith(("admonition", "exercise")):
            yield from convert(child, app, depth + 1)
        else:
            translator = ProseTranslator(child.document, app.builder)
            child.walkabout(translator)
            if text := translator.astext().strip():
                yield nbformat.v4.new_markdown_cell(text)


def is_cell(node: nodes.Node) -> bool:
    """Tell whether a node is a code cell of MyST-NB."""
    return isinstance(node, nodes.Element) and node.get("nb_element") == "cell_code"


def captions(cell: nodes.Element, app: Sphinx) -> Iterator[nbformat.NotebookNode]:
    """Yield the captions of a cell's figures, which the text refers to by number."""
    numbers = app.builder.fignumbers.get("figure", {})
    for figure in cell.findall(nodes.figure):
        caption = figure.next_node(nodes.caption)
        number = next(
            (numbers[name] for name in figure["ids"] if name in numbers), None
        )
        if caption is not None and number:
            translator = ProseTranslator(caption.document, app.builder)
            for part in caption.children:
                part.walkabout(translator)
            label = app.config.numfig_format["figure"] % ".".join(map(str, number))
            text = f"*{label}.* {translator.astext().strip()}"
            yield nbformat.v4.new_markdown_cell(text)


def source_of(cell: nodes.Element) -> str:
    """Read the code of a cell; nothing if the page hides it."""
    return "\n".join(
        block.astext()
        for part in cell.children
        if part.get("nb_element") == "cell_code_source"
        for block in part.findall(nodes.literal_block)
    )


def fold(node: nodes.Element, app: Sphinx) -> nbformat.NotebookNode:
    """Make one cell, which opens at a click, of a solution or a dropdown."""
    title, *content = convert(node, app)
    body = "\n\n".join(
        f"```python\n{cell.source}\n```" if cell.cell_type == "code" else cell.source
        for cell in content
    )
    summary = html.escape(title.source.strip("# "))
    return nbformat.v4.new_markdown_cell(
        f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
    )


def where_from(app: Sphinx, page: str) -> str:
    """Say of what book a notebook is a page, and what it needs to run."""
    book = f"*{app.config.project}*"
    if app.config.html_baseurl:
        book = f"[{book}]({app.config.html_baseurl.rstrip('/')}/{page}.html)"
    return (
        f"A page of {book}, `{page}.html`. It needs the book's package: type "
        "`python -m pip install .` in the folder that holds `pyproject.toml`."
    )


def write_notebook(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Write a page's notebook beside its HTML, and put a button for it on the page."""
    if app.builder.name != "html" or doctree is None:
        return
    if not any(map(source_of, doctree.findall(is_cell))):
        return
    title, *cells = convert(without_what_is_for_the_web(doctree), app)
    first = nbformat.v4.new_markdown_cell(where_from(app, page))
    cells = [title, first, nbformat.v4.new_code_cell(SETUP), *cells]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # not drawn at random: a build can be repeated
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    path = Path(app.outdir, "notebooks", f"{page}.ipynb")
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    if "header_buttons" in context:
        context["header_buttons"].insert(
            0,
            {
                "type": "link",
                "url": f"{'../' * page.count('/')}notebooks/{page}.ipynb",
                "tooltip": "Download this page as a notebook",
                "icon": "fas fa-download",
                "label": "notebook-button",
            },
        )
    elif app.config.html_theme == "sphinx_book_theme":
        raise ExtensionError(
            f"{app.config.html_theme}: expected a list `header_buttons` for its "
            "templates, got none; see how it takes buttons now"
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, after the theme has made its list of buttons."""
    for option in ("docinfo", "anchor_sections", "anchor_signatures"):
        app.add_config_value(f"markdown_{option}", False, "html")
    app.add_config_value("markdown_bullet", "-", "html")
    app.add_config_value("markdown_flavor", "", "html")
    app.connect("html-page-context", write_notebook, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Make an EPUB of the pages: one theme, everything open, no scripts.

Sphinx's builder writes HTML that Sphinx's own writers made well-formed; here that of
the cells and of other extensions follows. `nox -s pdf` prints the same pages.
"""

import re
import shutil
from itertools import chain, pairwise, product
from pathlib import Path
from typing import Any

import explorables
import figures
import matplotlib as mpl
from bs4 import BeautifulSoup
from docutils import nodes
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder

STYLE = Path(__file__).with_name("ebook.css")
COVER = "_static/cover.png"
# What only a screen can do, and the styles of tables, which cells bring along.
FOR_A_SCREEN = "script, style, button, .sd-summary-state-marker"
ITEM = re.compile(r'<item id="[^"]*" href="([^"]*)" [^>]*(?= />)')


class Ebook(Epub3Builder):
    """Sphinx's builder, with the files that the book needs and no others."""

    def add_css_file(self, filename: str, **attributes: Any) -> None:
        """Take no style that was made for a site."""
        if filename in {"pygments.css", STYLE.name}:
            super().add_css_file(filename, **attributes)

    def prepare_writing(self, docnames: set[str]) -> None:
        """Leave out the index of modules, since the contents have them all."""
        super().prepare_writing(docnames)
        self.domain_indices = []

    def gen_additional_pages(self) -> None:
        """Leave out the page for addresses that a site does not have."""

    def copy_static_files(self) -> None:
        """Copy the style, and draw the cover."""
        static = Path(self.outdir, "_static")
        static.mkdir(exist_ok=True)
        self.create_pygments_style_file()
        shutil.copy(STYLE, static)
        draw_cover(self.config.project, Path(self.outdir, COVER))

    def copy_image_files(self) -> None:
        """Copy the pictures, each in the colours for a light page."""
        super().copy_image_files()
        figures.write_figures(self.app, {"": figures.LIGHT})

    def build_content(self) -> None:
        """Say in the list of files which is the cover, and which have drawings."""
        super().build_content()
        content = Path(self.outdir, "content.opf")

        def with_properties(item: re.Match) -> str:
            if item[1] == COVER:
                return f'{item[0]} properties="cover-image"'
            path = Path(self.outdir, item[1])
            if path.suffix == self.out_suffix and "<svg" in path.read_text("utf-8"):
                return f'{item[0]} properties="svg"'
            return item[0]

        listed = ITEM.sub(with_properties, content.read_text("utf-8"))
        content.write_text(listed, "utf-8")


def draw_cover(title: str, path: Path) -> None:
    """Draw the title above a network, of which one unit is dead."""
    ground, light, grey = "#15181d", "#e8eaed", "#7d8692"
    columns = [
        [(0.15, 0.41, "#4aa3df"), (0.15, 0.23, "#4aa3df")],
        [(0.5, 0.5, "#ff8a4c"), (0.5, 0.32, "#ff8a4c"), (0.5, 0.14, grey)],
        [(0.85, 0.32, "#2fc79a")],
    ]
    with mpl.rc_context(mpl.rcParamsDefault):
        cover = Figure(figsize=(6, 9), facecolor=ground)
        ax = cover.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(0, 1))
        ax.set_axis_off()
        lines = title.replace(" and ", "\nand ")
        ax.text(0.1, 0.9, lines, color=light, size=38, weight="bold", va="top")
        ax.text(0.1, 0.6, "A TensorFlow book that runs", color=grey, size=18)
        for left, right in pairwise(columns):
            for (x, y, colour), (to_x, to_y, to) in product(left, right):
                style = ":" if grey in (colour, to) else "-"
                ax.plot([x, to_x], [y, to_y], style, color=grey, lw=3, zorder=0)
        for x, y, colour in chain(*columns):
            face = ground if colour == grey else colour
            ax.plot(x, y, "o", ms=54, mfc=face, mec=colour, mew=4)
        cover.savefig(path, dpi=150)


def as_xhtml(body: str) -> str:
    """Write a page well-formed, with all open that a click would open on a screen."""
    page = BeautifulSoup(body, "html.parser")
    explorables.tell(page)
    for element in page.select(FOR_A_SCREEN):
        element.decompose()
    for box in page.find_all("details"):
        if "hide" in box["class"]:  # code, under the title "Show code cell source"
            box.summary.decompose()
            box.unwrap()
        else:
            box.name = "div"
            box.summary["class"] = "admonition-title"
            box.summary.name = "p"
    for cell in page.select("[halign], [valign]"):  # of pandas, in no standard
        del cell["halign"], cell["valign"]
    for drawing in page.find_all("svg"):  # XML, unlike HTML, tells case apart
        drawing["viewBox"] = drawing.attrs.pop("viewbox")
    return page.decode(formatter="minimal")


def prepare(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Change a page after all other extensions."""
    if app.builder.name != Ebook.name or "body" not in context:
        return
    context["metatags"] = ""
    if page == app.config.root_doc:
        context["body"] += context["theme_extra_footer"]
    context["body"] = as_xhtml(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Replace the builder, and look at each page before it is written."""
    app.add_builder(Ebook, override=True)
    app.connect("html-page-context", prepare, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Refuse a figure that has no alt text, with page and line.

Without it a screen reader reads out the file name, which for a plot is a hash.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
MIN_WORDS = 5  # fewer cannot say what a plot shows


def check_alt_text(app: Sphinx, doctree: nodes.document) -> None:
    """Warn, which under `-W` fails the build, at every image without a description."""
    for image in doctree.findall(nodes.image):
        place = image
        while not place.line and place.parent is not None:
            place = place.parent  # a cell's figure has no line of its own, the cell has
        if len(image.get("alt", "").split()) < MIN_WORDS:
            logger.warning(
                "figure: expected alt text of %d words or more that says what it "
                "shows, got %r; set `mystnb: image: alt:` in the cell, or `:alt:`",
                MIN_WORDS,
                image.get("alt", ""),
                location=place,
                type="alt_text",
            )


def setup(app: Sphinx) -> dict[str, Any]:
    """Check every page once it has been read."""
    app.connect("doctree-read", check_alt_text)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

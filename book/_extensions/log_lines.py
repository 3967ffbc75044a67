"""Refuse an output that shows the log of a library, with page and line.

It is no result. In a notebook TensorFlow writes its log between what a cell prints.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
# Of Python's logging, and of the C++ beneath: `WARNING:tensorflow:...`, `I0000 00:...`.
LOG = re.compile(r"^(?:(?:INFO|WARNING|ERROR):\w+:|[IWEF]\d{4} ).*$", re.MULTILINE)


def check_outputs(app: Sphinx, doctree: nodes.document) -> None:
    """Warn, which under `-W` fails the build, at every output with a line of a log."""
    for block in doctree.findall(nodes.literal_block):
        if "output" in block["classes"] and (line := LOG.search(block.astext())):
            logger.warning(
                "output: expected what the cell prints, got a line of a log, %.60r; "
                "fix what it warns of, or quiet the logger in the cell",
                line[0],
                location=block,
                type="log_lines",
            )


def setup(app: Sphinx) -> dict[str, Any]:
    """Check every page once it has been read."""
    app.connect("doctree-read", check_outputs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

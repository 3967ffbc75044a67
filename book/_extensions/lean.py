"""Leave out of the built book what the theme brings and no page uses.

The theme's icons are drawn from a web font. The script that could draw them too is two
thirds of all that a reader would load; maps of sources and translations lie unused.
"""

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

SCRIPT = Path("scripts", "fontawesome.js")  # emptied, since each page asks for it
EMPTY = "/* The icons come from the web font. */\n"


def drop_what_nothing_uses(app: Sphinx, exception: Exception | None) -> None:
    """Empty the script, and remove the files that no page asks for."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    if (static / SCRIPT).exists():
        (static / SCRIPT).write_text(EMPTY)
    for path in static.rglob("*.map"):
        path.unlink()
    shutil.rmtree(static / "locales", ignore_errors=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Wait until all files are written."""
    app.connect("build-finished", drop_what_nothing_uses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

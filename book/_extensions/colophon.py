"""Say at the foot of each page what it ran on, how long, and from which sources."""

import html
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import metadata, version
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


@cache
def commit(folder: str) -> str:
    """Ask git from which commit this is built; nothing where there is no git."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return asked.stdout.strip()


def sentences(app: Sphinx, page: str) -> list[str]:
    """Compose the foot of a page."""
    seconds = app.env.nb_metadata.get(page, {}).get("exec_data", {}).get("runtime")
    ran = "The book's code ran"
    if seconds:
        ran = f"Its code ran in {seconds:.0f} second{'s' * (round(seconds) != 1)}"
    today = datetime.now(tz=UTC)
    built = f"Built on {today.day} {today:%B %Y}"
    if known := commit(str(app.confdir)):
        built += f" from commit {known}"
    licence = metadata("tfbook")["License-Expression"]
    return [
        f"{ran} with Python {platform.python_version()}, "
        f"TensorFlow {version('tensorflow')} and Keras {version('keras')}.",
        f"{built}.",
        f"© {html.escape(app.config.copyright)}. Licence: {licence}.",
        where_to_report(),
    ]


def where_to_report() -> str:
    """Link to the project's issues, if `pyproject.toml` has `Issues` among its URLs."""
    for entry in metadata("tfbook").get_all("Project-URL") or []:
        name, _, address = entry.partition(", ")
        if name == "Issues":
            return f'<a href="{html.escape(address)}">Report an error</a>.'
    return (
        "Found an error? The file CONTRIBUTING.md of the book says where to report it."
    )


def add_colophon(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Hand the sentences to the theme, page by page."""
    text = " ".join(sentences(app, page))
    context["theme_extra_footer"] = f'<p class="colophon">{text}</p>'


def setup(app: Sphinx) -> dict[str, Any]:
    """Prepare each page before it is written."""
    app.connect("html-page-context", add_colophon)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

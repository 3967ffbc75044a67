"""Start kernels of the book's own, and say why one died.

They compute on the CPU, as the book's figures were, and without the start-up files of
whoever builds it. What they and TensorFlow write to the terminal goes to a file for
each page, which is shown if the kernel died or was stopped. Errors of Python do not go
that way: those are outputs of cells.
"""

import os
import re
import shutil
from functools import partial
from pathlib import Path

import myst_nb.ext.glue
import sphinx.builders
from computes_with import KERNEL
from docutils import nodes
from ipykernel.iostream import OutStream
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)
RENAMED = {"kernel_profile.py": "ipython_kernel_config.py"}  # as IPython looks for it
REFERENCE = "appendix/reference"
LAST_LINES = 20
OTHERS = re.compile(r'  File ".*(?:/lib/python3|site-packages|<frozen)')

# What is replaced in other people's packages: if it is gone, nothing else would say so.
REPLACED = [
    (sphinx.builders, "make_chunks"),
    (OutStream, "flush_interval"),
    (myst_nb.ext.glue, "glue"),
]


def check_patches() -> None:
    """Refuse to build if what is replaced is not there."""
    for owner, name in REPLACED:
        if not hasattr(owner, name):
            raise ExtensionError(
                f"{owner.__name__}: expected a name {name!r} that the build replaces, "
                "got none; see what took its place, or build without the replacement"
            )


def deal_out(pages: list[str], num_cores: int, *, folder: Path) -> list[list[str]]:
    """Deal pages out to the cores one by one, the long ones first.

    Sphinx would cut the list up beforehand, and the core with the short pages would
    have nothing to do at the end. It begins at the end of the list. Those of the
    reference stay together: the process that reads them imports TensorFlow.
    """

    def length(page: str) -> int:
        path = folder / f"{page}.md"
        return path.stat().st_size if path.exists() else 0

    together = [page for page in pages if page.startswith(REFERENCE)]
    others = [page for page in pages if not page.startswith(REFERENCE)]
    alone = [[page] for page in sorted(others, key=length)]
    return [*alone, together] if together else alone


def log_of(app: Sphinx, page: str) -> Path:
    """Name the file for what the kernel of a page writes to the terminal."""
    return Path(app.doctreedir, "kernels", f"{page.replace('/', '-')}.log")


def begin_log(app: Sphinx, page: str, source: list[str]) -> None:
    """Tell the kernel that this process starts next where to write."""
    log = log_of(app, page)
    log.unlink(missing_ok=True)
    os.environ["KERNEL_LOG"] = str(log)
    # Not deleted: a page with outputs from the cache keeps its own.
    claims = Path(app.outdir).parent / "claims" / f"{page}.jsonl"
    os.environ["KERNEL_CLAIMS"] = str(claims)


def end_log(app: Sphinx, doctree: nodes.document) -> None:
    """Delete the log of a page that was run, or show it if a cell took too long."""
    log = log_of(app, app.env.docname)
    result = NbMetadataCollector.get_exec_data(app.env, app.env.docname)
    if log.exists() and result and result["error"] == "CellTimeoutError":
        report(log)
    else:
        log.unlink(missing_ok=True)


def report(log: Path) -> None:
    """Show how a log ends, without the frames of other people's packages."""
    lines = log.read_text(errors="replace").splitlines()
    ours = [line for line in lines if not OTHERS.match(line)][-LAST_LINES:]
    logger.warning(
        "kernel of %s: expected to run to the end, got this in %s\n%s",
        log.stem,
        log,
        "\n".join(ours) or "(nothing: was it killed, for want of memory?)",
    )


def report_all(app: Sphinx, error: Exception | None) -> None:
    """Name the logs of the kernels that ran when the build broke off."""
    if error is not None:
        for log in log_of(app, "*").parent.glob("*.log"):
            report(log)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the kernels' profile, and follow each page."""
    check_patches()
    sphinx.builders.make_chunks = partial(deal_out, folder=Path(app.srcdir))
    folder = Path(app.doctreedir, "kernels")
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    for path in KERNEL:
        shutil.copyfile(path, profile / RENAMED.get(path.name, path.name))
    for log in folder.glob("*.log"):
        log.unlink()
    os.environ |= {
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "IPYTHONDIR": str(folder / "ipython"),
    }
    app.connect("source-read", begin_log)
    app.connect("doctree-read", end_log)
    app.connect("build-finished", report_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

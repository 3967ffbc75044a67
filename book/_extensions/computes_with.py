"""Run a page's cells again when what they compute with has changed, and only then.

jupyter-cache finds the outputs of a page by its cells and by its `kernelspec`. So there
goes a digest of all else: the modules of the package that the cells load, without their
docstrings and comments; the files that they name; every installed version, and how a
kernel is set up. It is kept with the page, and a page whose digest is another one is
read again.
"""

import ast
import functools
import hashlib
import os
import re
import sys
from importlib.metadata import distributions
from pathlib import Path

import imports
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

KERNEL = [Path(__file__).with_name(name) for name in ("kernel_profile.py", "claims.py")]
CELL = re.compile(r"^```\{code-cell\}.*\n((?:.*\n)*?)```$", re.MULTILINE)
KERNELSPEC = re.compile(r"(?<=^kernelspec:\n)  name: (\w+)$", re.MULTILINE)
# The names of a package and a module, in code or in a string of it; not the names that
# Keras registers classes under, such as `tfbook>MLP`.
NAME = re.compile(r"\btfbook\b(?!>)")
IMPORT = re.compile(r"\bfrom tfbook([.\w]*) import (\w[\w, ]*)|\btfbook\.(\w[.\w]*)")
FILE = re.compile(r"""["']([\w./-]+/[\w./-]+)["']""")
# Cells with these words may print a docstring or the number of a line.
SOURCE = re.compile(r"__doc__|\bhelp\(|\binspect\b|\btraceback\b|\?$", re.MULTILINE)
import_graph = functools.cache(imports.graph)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def modules(page: str, code: str) -> set[str]:
    """Name the modules of the package that the cells of a page load."""
    found = [*IMPORT.finditer(code)]
    if len(found) < len(NAME.findall(code)):
        return set(imports.PATHS)  # loaded in a way that is not understood here
    names = {match[3] for match in found if match[3]} | {
        f"{match[1]}.{name.split()[0]}".lstrip(".")
        for match in found
        if match[2]
        for name in match[2].split(",")
    }
    if "exercises" in names:  # it finds the checks of a page by the page's name
        names.add(f"exercises.{Path(page).stem}")
    known = {imports.module_of(name) for name in names} & imports.PATHS.keys()
    return imports.closure(known, import_graph())


@functools.cache
def program(path: Path) -> bytes:
    """Read what a module does; no output of the book shows a docstring or a line."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree).encode()


@functools.cache
def surroundings() -> bytes:
    """Name Python, all that is installed, and the library that multiplies matrices."""
    installed = {f"{each.name}=={each.version}" for each in distributions()}
    # Chosen by the processor if nobody says so.
    onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    return repr([sys.version, onednn, sorted(installed)]).encode()


def digest(page: Path, text: str) -> str:
    """Sum up what the cells of a page compute with."""
    code = "".join(CELL.findall(text))
    names = modules(page.name, code)
    read = Path.read_bytes if SOURCE.search(code) else program
    parts = {name: read(imports.PATHS[name]) for name in names}
    parts |= {
        path.name: path.read_bytes() for path in imports.PACKAGE.glob("*.mplstyle")
    }
    for name in FILE.findall(code):
        path = page.parent / name
        files = path.rglob("*.py") if path.is_dir() else [path]
        parts |= {
            os.path.relpath(each, page.parent): each.read_bytes()
            for each in files
            if each.is_file()
        }
    parts |= {path.name: program(path) for path in KERNEL}
    parts |= {"surroundings": surroundings()}
    return hashlib.sha256(repr(sorted(parts.items())).encode()).hexdigest()


def mark(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the digest of a page into its `kernelspec`, on the same line."""
    if not CELL.search(source[0]):
        return
    found = digest(Path(app.env.doc2path(page)), source[0])
    source[0], marked = KERNELSPEC.subn(
        rf"  {{name: \1, computes_with: {found}}}", source[0], count=1
    )
    if not marked:
        raise ExtensionError(
            f"{page}: expected `kernelspec:` and `  name: python3` on two lines of the "
            "front matter, got cells without them; write them as on the other pages"
        )


def find_outdated(
    app: Sphinx,
    env: BuildEnvironment,
    added: set[str],
    changed: set[str],
    removed: set[str],
) -> list[str]:
    """Name the pages that were read with another digest than they have now."""
    outdated = []
    for page in env.found_docs - added - changed - removed:
        path = Path(env.doc2path(page))
        before = env.metadata[page].get("kernelspec", {}).get("computes_with")
        if before is not None and before != digest(path, path.read_text()):
            outdated.append(page)
    return outdated


def setup(app: Sphinx) -> dict[str, bool]:
    """Mark a page when it is read; look for outdated pages before that."""
    # Each page is read in a process of its own: what all of them need is found before.
    import_graph()
    surroundings()
    for path in imports.PATHS.values():
        program(path)
    app.connect("source-read", mark)
    app.connect("env-get-outdated", find_outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

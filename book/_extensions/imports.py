"""The graph of imports between the modules of the package, read from their source."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "tfbook"

# Every file of every package, by its dotted name; a package is its `__init__.py`.
PATHS = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def module_of(name: str) -> str:
    """Name the module that an object, or a module, of a dotted name lies in."""
    while name not in PATHS and "." in name:
        name = name.rpartition(".")[0]
    return name


def imported_modules(source: str, package: str = "tfbook") -> set[str]:
    """Name the modules of ours that a source imports, wherever in it.

    `package` is the one that the source is in: what relative imports start from.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            start = parents[: len(parents) - node.level + 1] if node.level else []
            origin = ".".join([*start, *filter(None, [node.module])])
            names |= {f"{origin}.{alias.name}" for alias in node.names}
    ours = [name.removeprefix("tfbook.") for name in names if name[:7] == "tfbook."]
    return {module_of(name) for name in ours}


def graph() -> dict[str, set[str]]:
    """Name what each file imports."""
    return {
        name: imported_modules(
            path.read_text(), ".".join(path.relative_to(PACKAGE.parent).parts[:-1])
        )
        for name, path in PATHS.items()
    }


def closure(names: set[str], edges: dict[str, set[str]]) -> set[str]:
    """Name all modules that are loaded with some: theirs, and the packages around."""
    loaded: set[str] = set()
    left = {"__init__", *names}
    while left:
        name = left.pop()
        loaded.add(name)
        parents = {name.rpartition(".")[0]} - {""}
        left |= (edges[name] | parents) - loaded
    return loaded

"""What holds for the whole package and the whole repository, read from the source."""

import ast
import builtins
import doctest
import graphlib
import json
import re
import subprocess
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports import PATHS, closure, graph, imported_modules

ROOT = Path(__file__).parents[1]

SOURCES = {name: path.read_text() for name, path in PATHS.items()}

# All the imports between modules of the package that there are.
IMPORTS: dict[str, set[str]] = {
    "__init__": set(),
    "activations": set(),
    "data": {"data.sets", "data.splits"},
    "data.sets": {"data.splits"},
    "data.splits": set(),
    "diagnostics": {
        "diagnostics.findings",
        "diagnostics.measures",
        "diagnostics.reports",
    },
    "diagnostics.findings": set(),
    "diagnostics.measures": {"data"},
    "diagnostics.reports": {"data", "diagnostics.findings", "diagnostics.measures"},
    "evaluation": {"data", "models", "training"},
    "explorable": set(),
    "exercises": set(),
    "layers": {"activations"},
    "models": {"models.mlp", "models.regression", "models.sequential"},
    "models.mlp": {"activations", "layers", "models.sequential"},
    "models.regression": {"layers"},
    "models.sequential": {"layers"},
    "optimizers": {
        "optimizers.adagrad",
        "optimizers.adam",
        "optimizers.adamw",
        "optimizers.base",
        "optimizers.momentum",
        "optimizers.nesterov",
        "optimizers.rmsprop",
        "optimizers.schedules",
        "optimizers.sgd",
    },
    "optimizers.adagrad": {"optimizers.base"},
    "optimizers.adam": {"optimizers.base"},
    "optimizers.adamw": {"optimizers.adam"},
    "optimizers.base": set(),
    "optimizers.momentum": {"optimizers.base"},
    "optimizers.nesterov": {"optimizers.momentum"},
    "optimizers.rmsprop": {"optimizers.base"},
    "optimizers.schedules": set(),
    "optimizers.sgd": {"optimizers.base"},
    "plotting": set(),
    "training": {
        "training.cluster",
        "training.loop",
        "training.outcomes",
        "training.restart",
        "training.steps",
    },
    "training.arguments": set(),
    "training.arrays": {"training.arguments"},
    "training.batches": {
        "training.arguments",
        "training.arrays",
        "training.streams",
    },
    "training.build": {"training.arrays", "training.forward", "training.streams"},
    "training.cache": {
        "training.arguments",
        "training.arrays",
        "training.batches",
        "training.dry_run",
        "training.frozen",
        "training.lookups",
        "training.objective",
        "training.optimizers",
        "training.program",
        "training.replicas",
        "training.steps",
        "training.streams",
        "training.tallies",
    },
    "training.callbacks": set(),
    "training.checkpoints": set(),
    "training.cluster": {
        "training.arguments",
        "training.meeting",
        "training.tf_config",
    },
    "training.compiled": set(),
    "training.dry_run": {
        "training.arrays",
        "training.compiled",
        "training.forward",
        "training.lookups",
        "training.objective",
        "training.streams",
        "training.targets",
    },
    "training.errors": {"training.arguments"},
    "training.forward": set(),
    "training.frozen": set(),
    "training.guards": {"training.lookups", "training.tallies", "training.targets"},
    "training.identity": {"training.arguments", "training.frozen"},
    "training.interrupts": set(),
    "training.launch": set(),
    "training.lookups": {"training.forward"},
    "training.loop": {
        "training.callbacks",
        "training.errors",
        "training.outcomes",
        "training.run",
    },
    "training.meeting": set(),
    "training.objective": set(),
    "training.optimizers": {"training.arguments"},
    "training.outcomes": set(),
    "training.passes": {
        "training.compiled",
        "training.guards",
        "training.streams",
    },
    "training.program": {
        "training.arrays",
        "training.batches",
        "training.compiled",
        "training.guards",
        "training.passes",
        "training.rows",
        "training.streams",
        "training.tallies",
    },
    "training.replicas": {"training.forward", "training.objective", "training.share"},
    "training.restart": set(),
    "training.rows": set(),
    "training.run": {
        "training.arguments",
        "training.batches",
        "training.build",
        "training.cache",
        "training.checkpoints",
        "training.errors",
        "training.identity",
        "training.interrupts",
        "training.outcomes",
        "training.streams",
        "training.workers",
    },
    "training.share": {"training.dry_run", "training.objective"},
    "training.steps": set(),
    "training.streams": {"training.arguments"},
    "training.tallies": {"training.objective", "training.rows", "training.steps"},
    "training.targets": {"training.forward"},
    "training.tf_config": {"training.arguments"},
    "training.workers": {
        "training.arguments",
        "training.errors",
        "training.outcomes",
        "training.share",
        "training.streams",
    },
}

# A page's exercises are checked by a module of its own, which nothing else imports.
EXERCISES = sorted(name for name in SOURCES if name.startswith("exercises."))

# What readers import, and copy from. The rest is plumbing.
CONTRACT = [
    "activations",
    "data",
    "diagnostics",
    "diagnostics.findings",
    "evaluation",
    "exercises",
    "layers",
    "models",
    "optimizers",
    "plotting",
    "training",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef

# Imports


def test_the_imports_between_modules_are_those_of_the_table():
    found = graph()
    assert {name: found[name] for name in found.keys() - EXERCISES} == IMPORTS


@pytest.mark.parametrize("page", EXERCISES)
def test_exercises_import_no_more_than_they_check_with(page):
    allowed = {"activations", "data", "layers", "models", "training"}
    allowed.add("exercises._answers")  # how readers write their answers
    assert graph()[page] <= allowed


def test_no_module_imports_itself_through_others():
    graphlib.TopologicalSorter(graph()).prepare()


def test_training_is_used_through_its_contract_and_knows_no_model_of_ours():
    for name, modules in graph().items():
        inside = {module for module in modules if module.startswith("training.")}
        if name.split(".")[0] != "training":
            assert not inside, name
        elif "training.loop" in SOURCES:
            assert modules == inside, name


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import tfbook.layers", "layers"),
        ("import tfbook.layers as other", "layers"),
        ("from tfbook import layers", "layers"),
        ("from tfbook.layers import Linear", "layers"),
        ("from .. import layers", "layers"),
        ("from ..layers import Linear", "layers"),
        ("def function():\n    from tfbook import layers", "layers"),
        ("import tfbook.optimizers.adam", "optimizers.adam"),
        ("from tfbook import optimizers", "optimizers"),
        ("from tfbook.optimizers import Adam", "optimizers"),
        ("from tfbook.optimizers import adam", "optimizers.adam"),
        ("from tfbook.optimizers.adam import Adam", "optimizers.adam"),
        ("from . import adam", "optimizers.adam"),
        ("from .adam import Adam", "optimizers.adam"),
    ],
)
def test_an_import_is_seen_however_it_is_written(source, module):
    assert imported_modules(source, "tfbook.optimizers") == {module}


def test_what_a_module_loads_is_found_through_others_and_the_packages_around():
    edges = {"__init__": set(), "a": set(), "b": {"a"}, "b.c": {"d"}, "d": set()}
    assert closure({"b.c"}, edges) == {"__init__", "a", "b", "b.c", "d"}
    assert closure({"d"}, edges) == {"__init__", "d"}


def test_what_needs_no_tensorflow_does_not_load_it():
    program = (
        "import sys, tfbook, tfbook.plotting, tfbook.data\n"
        "from tfbook.training import launch\n"  # its workers wait for it
        "print(sorted({'keras', 'tensorflow'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


# Pasting


def bound_names(statement: ast.stmt) -> set[str]:
    """Name what a statement at the top level defines, imports aside."""
    if isinstance(statement, Function | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        return set()
    return {
        node.id
        for target in targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name)
    }


def public_names(source: str) -> list[str]:
    """Read `__all__`."""
    (value,) = (
        statement.value
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Assign) and bound_names(statement) == {"__all__"}
    )
    return ast.literal_eval(value)


def paste(source: str, name: str) -> str:
    """Copy what a reader copies: import lines, an object, and the public ones it names.

    They come in the order of the module.
    """
    body = ast.parse(source).body
    wanted, grown = set(), {name}
    while wanted != grown:
        wanted = grown
        statements = [each for each in body if bound_names(each) & wanted]
        named = {
            node.id
            for statement in statements
            for node in ast.walk(statement)
            if isinstance(node, ast.Name)
        }
        grown = wanted | named & set(public_names(source))
    lines = source.splitlines()
    pieces = []
    for statement in body:
        if (
            isinstance(statement, ast.Import | ast.ImportFrom)
            or statement in statements
        ):
            decorators = getattr(statement, "decorator_list", [])
            first = min(node.lineno for node in (statement, *decorators))
            pieces += lines[first - 1 : statement.end_lineno]
    return "\n".join(pieces) + "\n"


def unresolved(program: str) -> set[str]:
    """Name the globals that a program uses in any scope and does not define."""
    top = symtable.symtable(program, "pasted", "exec")
    defined = {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    used, scopes = set(), [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        used |= {
            symbol.get_name()
            for symbol in scope.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or scope is top)
        }
    return used - defined - vars(builtins).keys()


def definition(module: str, name: str) -> tuple[str, str]:
    """Find the module that defines a name which another one hands on."""
    # Also below `if TYPE_CHECKING`, where what is imported late is named for tools.
    for statement in ast.walk(ast.parse(SOURCES[module])):
        if isinstance(statement, ast.ImportFrom) and any(
            alias.name == name for alias in statement.names
        ):
            return definition(statement.module.removeprefix("tfbook."), name)
    return module, name


PUBLIC = sorted(
    {
        definition(module, name)
        for module in CONTRACT
        for name in public_names(SOURCES[module])
    }
)


@pytest.mark.parametrize("module", CONTRACT)
def test_the_reference_shows_what_a_module_hands_on(module):
    # Sphinx leaves out what comes from elsewhere, unless it is told to take it.
    pages = sorted((ROOT / "book/appendix/reference").glob("*.md"))
    text = "\n".join(page.read_text() for page in pages)
    (options,) = re.findall(
        rf"^\.\. automodule:: tfbook\.{re.escape(module)}\n((?:   :.*\n)*)", text, re.M
    )
    elsewhere = {definition(module, name)[0] for name in public_names(SOURCES[module])}
    if elsewhere != {module}:
        assert ":imported-members:" in options


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """Run every pasted object in an empty namespace, all in one other process.

    There the classes may be registered with Keras anew without harm to other tests.
    """
    programs = {
        f"{module}.{name}": paste(SOURCES[module], name) for module, name in PUBLIC
    }
    runner = """
import json, sys
outcomes = {}
for key, program in json.load(sys.stdin).items():
    namespace = {"__name__": "__main__"}
    try:
        exec(program, namespace)
        found = key.split(".")[-1] in namespace
        outcomes[key] = "defined" if found else "missing"
    except Exception as error:
        outcomes[key] = repr(error)
print(json.dumps(outcomes))
"""
    done = subprocess.run(
        [sys.executable, "-c", runner],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("module", "name"), PUBLIC, ids=map(".".join, PUBLIC))
def test_a_public_object_pastes_into_an_empty_notebook(module, name, outcomes):
    assert unresolved(paste(SOURCES[module], name)) == set()
    assert outcomes[f"{module}.{name}"] == "defined"


@pytest.mark.parametrize(
    "use",
    [
        "def public():\n    return _helper()",
        "def public():\n    return [_helper() for _ in range(3)]",
        "def public():\n    def inner():\n        return _helper()\n    return inner",
        "def public(size=_helper()):\n    return size",
        "class public:\n    def method(self):\n        return _helper()",
        "class public:\n    attribute = _helper()",
        "@_helper\ndef public():\n    pass",
        "public = {name: _helper for name in 'ab'}",
        "public: int = _helper()",
        "def other():\n    return _helper()\n\ndef public():\n    return other()",
    ],
)
def test_an_object_that_names_a_private_helper_is_caught(use):
    source = f"__all__ = ['other', 'public']\ndef _helper(): ...\n{use}\n"
    assert unresolved(paste(source, "public")) == {"_helper"}


def test_pasting_takes_imports_decorators_and_what_is_named_at_second_hand():
    source = """\
'''A module.'''
import functools
__all__ = ["TABLE", "first", "second", "third", "unused"]
@functools.cache
def first():
    return 1
def second():
    return first()
def unused(): ...
TABLE = {"second": second}
'''A table.'''
def third():
    return TABLE
"""
    assert (
        paste(source, "third")
        == """\
import functools
@functools.cache
def first():
    return 1
def second():
    return first()
TABLE = {"second": second}
def third():
    return TABLE
"""
    )


# Docstrings


def public_definitions(source: str) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Yield public functions and classes, and the public methods of the latter."""
    for node in ast.parse(source).body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for method in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(method, Function) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method


def raised(node: Function) -> set[str]:
    """Name the exceptions that a function's own body raises."""
    return {
        getattr(exception, "attr", None) or exception.id
        for statement in ast.walk(node)
        if isinstance(statement, ast.Raise) and statement.exc is not None
        for exception in [getattr(statement.exc, "func", statement.exc)]
    }


def documented_exceptions(node: ast.AST) -> set[str]:
    """Name the exceptions in the Raises section of a docstring."""
    found = re.search(
        r"^Raises:\n((?:    .*\n|\n)+)", f"{ast.get_docstring(node)}\n", re.MULTILINE
    )
    return set(re.findall(r"^    (\w+):", found[1], re.MULTILINE)) if found else set()


DEFINITIONS = [
    pytest.param(node, id=f"{module}.{name}")
    for module in sorted({module for module, _ in PUBLIC})
    for name, node in public_definitions(SOURCES[module])
    if (module, name.split(".")[0]) in PUBLIC
]
OUTERMOST = [
    definition
    for definition in DEFINITIONS
    if tuple(definition.id.rsplit(".", 1)) in PUBLIC
]


@pytest.mark.parametrize("node", OUTERMOST)
def test_a_public_function_or_class_has_an_example_that_doctest_runs(node):
    assert doctest.DocTestParser().get_examples(ast.get_docstring(node))


@pytest.mark.parametrize("node", DEFINITIONS)
def test_what_a_body_raises_its_docstring_names(node):
    if isinstance(node, Function):
        raises = raised(node)
    else:  # the class speaks for its methods that have no docstring to be read
        raises = set().union(
            *(
                raised(method)
                for method in node.body
                if isinstance(method, Function) and method.name.startswith("_")
            )
        )
    assert raises <= documented_exceptions(node)


def test_exceptions_raised_and_documented_are_found():
    (node,) = ast.parse('''
def function(error):
    """Do.

    Raises:
        ValueError: If so,
            or so.

        KeyError: If not.

    Example:
        Other: x
    """
    if error:
        raise ValueError("x")
    try:
        raise keras.Other
    except TypeError:
        raise
''').body
    assert raised(node) == {"ValueError", "Other"}
    assert documented_exceptions(node) == {"ValueError", "KeyError"}


# Public names


@pytest.mark.parametrize("module", sorted({module for module, _ in PUBLIC}))
def test_all_names_every_public_object(module):
    defined = {
        name
        for statement in ast.parse(SOURCES[module]).body
        for name in bound_names(statement)
        if not name.startswith("_")
    }
    assert set(public_names(SOURCES[module])) == defined


# The repository

# A folder of one's own machine, not one of a URL or below another folder.
OWN_FOLDER = re.compile(r"(?<![\w.~}])/(?:home|root|tmp|Users|work)/|\b[A-Z]:\\\w")


def test_no_file_names_a_folder_of_the_machine_it_was_written_on():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    contents = {path: path.read_bytes() for path in paths if path.is_file()}
    texts = {path: raw.decode() for path, raw in contents.items() if b"\0" not in raw}
    assert Path(__file__) in texts
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if OWN_FOLDER.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ("open('{}/x')", True),
        ("see file://{}/x", True),
        ("{}/", True),
        ("https://example.org{}/x", False),
        ("book{}/x", False),
        ("~{}/x", False),
    ],
)
@pytest.mark.parametrize("folder", ["home", "root", "tmp", "work"])
def test_a_folder_of_ones_own_is_told_from_a_part_of_another_path(line, own, folder):
    assert bool(OWN_FOLDER.search(line.format(f"/{folder}"))) == own

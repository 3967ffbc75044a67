"""Link the code of a page to the reference of what it takes from the package.

Each object in the reference names the pages that use it, and each page what it takes.
sphinx-codeautolink does the first of the three; it stops at an exercise, whose content
is a section that it does not expect, and reads the HTML of all pages a second time.

What a name in a cell stands for follows from the imports of the page, as long as
nothing else is given that name. A name that is not in the reference is left as it is.

What a page takes from other packages, in cells and in its text, leads to their own
references, once in the cells of a page and once in its text: see inventories.py.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.intersphinx import InventoryAdapter

PACKAGE = "tfbook"
LANGUAGE = "ipython3"  # of MyST-NB's cells
MAGIC = re.compile(r"^[%!].*$", re.MULTILINE)
BLOCK = re.compile(
    rf'(<div class="highlight-{LANGUAGE}[^"]*">(?:<div[^>]*>)*<pre>)(.*?)(</pre>)',
    re.DOTALL,
)
PIECE = re.compile(r"<[^>]*>|[^<]+")
# Code in the text, which is no link yet and in no title: a name, or a call of it.
NAMED = re.compile(
    r'<(h\d|a|dt|pre|script|summary|svg)\b.*?</\1>|<p class="admonition-title">.*?</p>'
    r'|<code class="docutils literal notranslate"><span class="pre">'
    r"(?P<name>[\w.]+)(?:\(\))?</span></code>",
    re.DOTALL,
)
SHORT = {"np": "numpy", "pd": "pandas", "tf": "tensorflow"}  # as all pages import them
SIGNATURE = re.compile(
    r'<dt class="sig[^>]*id="(?P<name>[^"]+)">(?:(?!</dt>).)*</dt>\s*<dd>', re.DOTALL
)


class Use(NamedTuple):
    """A name in a cell: where it begins, and where what it stands for ends.

    `data.digits` stands for a module up to the dot, and for a function as a whole.
    """

    start: int
    ends: list[tuple[int, str]]


class Uses(ast.NodeVisitor):
    """Follows the imports of a page through its cells, one after the other."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.found: list[Use] = []
        self.lines: list[str] = []

    def read(self, code: str) -> list[Use]:
        """List what a cell uses."""
        code = MAGIC.sub(lambda line: "pass".ljust(len(line[0]))[: len(line[0])], code)
        self.found, self.lines = [], code.splitlines(keepends=True)
        try:
            self.visit(ast.parse(code))
        except SyntaxError:  # a cell that shows one
            return []
        return self.found

    def place(self, line: int, column: int) -> int:
        """Count the characters before a place; Python counts the bytes of its line."""
        before = self.lines[line - 1].encode()[:column].decode()
        return sum(map(len, self.lines[: line - 1])) + len(before)

    def visit_Import(self, node: ast.Import) -> None:
        """Follow `import numpy as np`."""
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.known[name] = alias.name if alias.asname else name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Follow `from tfbook import data`, and note what it names."""
        for alias in node.names:
            dotted = f"{node.module}.{alias.name}"
            self.known[alias.asname or alias.name] = dotted
            start = self.place(alias.lineno, alias.col_offset)
            self.found.append(Use(start, [(start + len(alias.name), dotted)]))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note `data.digits` if `data` is imported."""
        chain: list[ast.Attribute] = []
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            chain.insert(0, root)
            root = root.value
        if not isinstance(root, ast.Name):
            self.visit(root)
        elif dotted := self.known.get(root.id):
            self.use(root, dotted, chain)

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name, or forget it if it is given to something else."""
        if not isinstance(node.ctx, ast.Load):
            self.known.pop(node.id, None)
        elif dotted := self.known.get(node.id):
            self.use(node, dotted, [])

    def use(self, root: ast.Name, dotted: str, chain: list[ast.Attribute]) -> None:
        """Note a name, and what each part of it stands for."""
        ends = [(self.place(root.end_lineno, root.end_col_offset), dotted)]
        for each in chain:
            dotted = f"{dotted}.{each.attr}"
            ends.append((self.place(each.end_lineno, each.end_col_offset), dotted))
        self.found.append(Use(self.place(root.lineno, root.col_offset), ends))

    def visit_Assign(self, node: ast.Assign) -> None:
        """Read `data = data.digits()` from its right side."""
        for each in (node.value, *node.targets):  # `data = data.digits()`
            self.visit(each)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Read a function, whose name is no longer what was imported."""
        for each in (*node.decorator_list, node.args):
            self.visit(each)
        self.inside(node, node.body)
        self.known.pop(node.name, None)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Read a function without a name."""
        self.visit(node.args)
        self.inside(node, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Read a class, whose name is no longer what was imported."""
        for each in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(each)
        self.inside(node, node.body)
        self.known.pop(node.name, None)

    def inside(self, scope: ast.AST, body: list[Any]) -> None:
        """Read a body, in which parameters and variables are not what was imported."""
        outside = dict(self.known)
        for each in ast.walk(scope):
            if isinstance(each, ast.arg):
                self.known.pop(each.arg, None)
            elif isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
                self.known.pop(each.id, None)
        for each in body:
            self.visit(each)
        self.known = outside


def cells(doctree: nodes.document) -> Iterator[str]:
    """Read the code of a page's cells, in order."""
    for block in doctree.findall(nodes.literal_block):
        if block.get("language") == LANGUAGE:
            yield block.astext().strip("\n")


def uses_of(env: BuildEnvironment) -> dict[str, list[tuple[str, list[Use]]]]:
    """Find what all pages use, which is kept with the environment."""
    if not hasattr(env, "code_uses"):
        env.code_uses = {}
    return env.code_uses


def read_page(app: Sphinx, doctree: nodes.document) -> None:
    """Note what the cells of a page use."""
    reader = Uses()
    found = [
        (code.strip("\n"), reader.read(code.strip("\n"))) for code in cells(doctree)
    ]
    if found:
        uses_of(app.env)[app.env.docname] = found


def forget_page(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget a page that is read again, or is gone."""
    uses_of(env).pop(page, None)


def merge_pages(
    app: Sphinx, env: BuildEnvironment, pages: list[str], other: BuildEnvironment
) -> None:
    """Take over what another process has read."""
    for page in set(pages) & uses_of(other).keys():
        uses_of(env)[page] = uses_of(other)[page]


def objects(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Find page and anchor of each object of the package in the reference."""
    return {
        name: (entry.docname, entry.node_id)
        for name, entry in env.get_domain("py").objects.items()
        if name.startswith(f"{PACKAGE}.")
    }


def elsewhere(env: BuildEnvironment) -> dict[str, str]:
    """Find the address of each object that another package describes."""
    return {
        in_full(name): entry.uri
        for kind, entries in InventoryAdapter(env).main_inventory.items()
        for name, entry in entries.items()
        if kind.startswith("py:")
    }


def in_full(name: str) -> str:
    """Write a name with that of its package, as `import` has it."""
    package, dot, rest = name.partition(".")
    return SHORT.get(package, package) + dot + rest


def targets(env: BuildEnvironment) -> dict[str, list[str]]:
    """List for each page the objects in the reference that its cells use."""
    known = objects(env)
    return {
        page: sorted({name for _, uses in found for name, *_ in links(uses, known)})
        for page, found in uses_of(env).items()
    }


def links(uses: list[Use], known: dict) -> Iterator[tuple[str, int, int]]:
    """Yield the longest part of each name that is in the reference."""
    for use in uses:
        for end, name in reversed(use.ends):
            if name in known:
                yield name, use.start, end
                break


def find_changed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages of the reference whose users are others than before."""
    now = targets(env)
    before, env.code_targets = getattr(env, "code_targets", {}), now  # read in writing
    changed = {
        name
        for page in now.keys() | before.keys()
        for name in set(now.get(page, [])) ^ set(before.get(page, []))
    }
    known = objects(env)
    return sorted({known[name][0] for name in changed & known.keys()})


def wrap(inner: str, places: dict[tuple[int, int], str]) -> str:
    """Put links around pieces of highlighted code, by their places in its text."""
    starts = {start: (end, opening) for (start, end), opening in places.items()}
    written, position, until = [], 0, None
    for piece in PIECE.findall(inner):
        if piece.startswith("</"):
            written.append(piece)
            # The span of the last word is closed before the link is.
            if until is not None and position >= until:
                written.append("</a>")
                until = None
            continue
        if piece.startswith("<"):
            if until is None and position in starts and piece != "<span>":
                until, opening = starts.pop(position)
                written.append(opening)
            written.append(piece)
            continue
        written.append(piece)
        position += len(html.unescape(piece))
    return "".join(written)


def link_page(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Link the cells of a page, list what it takes, and who uses what it describes."""
    if doctree is None or app.builder.format != "html":
        return
    known, others = objects(app.env), elsewhere(app.env)
    in_cells, in_text = set(), set()

    def address(name: str) -> str:
        target, anchor = known[name]
        return f"{app.builder.get_relative_uri(page, target)}#{anchor}"

    def link_elsewhere(name: str, seen: set[str]) -> str:
        seen.add(name)
        return f'<a class="code-link elsewhere" href="{others[name]}">'

    left = list(uses_of(app.env).get(page, []))

    def link_block(block: re.Match) -> str:
        text = html.unescape(re.sub(r"<[^>]*>", "", block[2])).strip("\n")
        place = next((i for i, (code, _) in enumerate(left) if code == text), None)
        if place is None:
            return block[0]
        _, uses = left.pop(place)
        places, seen = {}, set()
        for name, start, end in links(uses, known):
            if name not in seen:  # once in a cell is enough, also for the keyboard
                seen.add(name)
                places[start, end] = f'<a class="code-link" href="{address(name)}">'
        for name, start, end in links(uses, others):
            if name not in in_cells:
                # The sign of a decorator is one word with what follows it.
                first = start - text[:start].endswith("@")
                places[first, end] = link_elsewhere(name, in_cells)
        return block[1] + wrap(block[2], places) + block[3]

    def link_named(code: re.Match) -> str:
        name = in_full(code["name"] or "")
        if name not in others or name in in_text:
            return code[0]
        return f"{link_elsewhere(name, in_text)}{code[0]}</a>"

    body = BLOCK.sub(link_block, context["body"])
    body = NAMED.sub(link_named, body)
    # A page that imports a module takes from it what it names: the module is no news.
    taken = [
        name
        for name in app.env.code_targets.get(page, [])
        if not is_module(name, known)
    ]
    if taken:
        listed = ", ".join(
            f'<a href="{address(name)}"><code>{name.partition(".")[2]}</code></a>'
            for name in taken
        )
        body += f'<p class="takes">From the package, this page takes {listed}.</p>\n'
    context["body"] = name_users(app, page, body)


def is_module(name: str, known: dict[str, tuple[str, str]]) -> bool:
    """Tell a module from what is in it."""
    return known[name][1] == f"module-{name}"


def in_reading_order(env: BuildEnvironment, page: str) -> Iterator[str]:
    """Yield a page and those below it, as the tables of contents have them."""
    yield page
    for each in env.toctree_includes.get(page, []):
        yield from in_reading_order(env, each)


def name_users(app: Sphinx, page: str, body: str) -> str:
    """Say below the name of each object of the reference which pages use it."""
    users: dict[str, list[str]] = {}
    taken = app.env.code_targets
    for user in in_reading_order(app.env, app.config.root_doc):
        for name in taken.get(user, []):
            users.setdefault(name, []).append(user)

    def add(signature: re.Match) -> str:
        pages = users.get(signature["name"])
        if not pages:
            return signature[0]
        listed = ", ".join(
            f'<a href="{app.builder.get_relative_uri(page, user)}">'
            f"{html.escape(app.env.titles[user].astext())}</a>"
            for user in pages
        )
        return f'{signature[0]}<p class="used-on">Used on {listed}.</p>'

    return SIGNATURE.sub(add, body)


def setup(app: Sphinx) -> dict[str, Any]:
    """Read each page, and change it before other extensions look at its code."""
    app.connect("doctree-read", read_page)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", merge_pages)
    app.connect("env-updated", find_changed)
    app.connect("html-page-context", link_page)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}

"""When the cells of a page run again, and what the build says of a kernel that died."""

import json
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import computes_with
import explorables
import imports
import kernels
import pytest
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[1]

# What a page computes with


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("x = 1", set()),
        ("from tfbook import activations", {"activations"}),
        ("from tfbook import activations as a, plotting", {"activations", "plotting"}),
        ("from tfbook.activations import relu", {"activations"}),
        ("import tfbook.plotting", {"plotting"}),
        ("run = '-m tfbook.training.launch'", {"training.launch", "training"}),
        ("program = '''\nfrom tfbook import layers\n'''", {"layers", "activations"}),
        ("from tfbook import exercises", {"exercises", "exercises.tour"}),
        ("plt.style.use('tfbook.book'); config == 'tfbook>MLP'", set()),
        ("from tfbook import (\n    layers,\n)", set(imports.PATHS)),
        ("import tfbook", set(imports.PATHS)),
        ("import_module(f'tfbook.{name}')", set(imports.PATHS)),
    ],
)
def test_the_modules_that_cells_load_are_found(code, modules):
    found = computes_with.modules("tour.md", code)
    assert modules <= found
    if "training" not in modules and "exercises" not in modules:
        assert found == modules | {"__init__"}


@pytest.fixture
def checkout(tmp_path) -> SimpleNamespace:
    """Make a checkout of one page, and the functions that sum up what it uses."""
    (tmp_path / "book").mkdir()
    shutil.copytree(ROOT / "book" / "_extensions", tmp_path / "book" / "_extensions")
    package = tmp_path / "tfbook"
    package.mkdir()
    (package / "__init__.py").write_text('"""Toy."""\n')
    for name in ("one", "two"):
        (package / f"{name}.py").write_text('def f():\n    """Do."""\n    return 1\n')
    (tmp_path / "record.json").write_text("3")
    (tmp_path / "book" / "index.md").write_text(PAGE)
    return SimpleNamespace(folder=tmp_path, book=tmp_path / "book", package=package)


PAGE = """\
---
file_format: mystnb
kernelspec:
  name: python3
---

# Title

```{code-cell} python3
import time
from tfbook import one
print("output", one.f(), open("../record.json").read(), "at", time.time_ns())
```
"""
DIGEST = """
import sys
from pathlib import Path
import computes_with
page = Path("book/index.md")
print(computes_with.digest(page, page.read_text()))
"""


def digest(checkout: SimpleNamespace, **variables: str) -> str:
    """Sum up what the page uses, in another process: nothing read before is kept."""
    return subprocess.run(
        [sys.executable, "-c", DIGEST],
        cwd=checkout.folder,
        env={"PYTHONPATH": "book/_extensions", **variables},
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def edit(path: Path, old: str, new: str) -> None:
    """Replace a part of a file."""
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_page_is_run_again_for_what_it_computes_with_and_for_nothing_else(checkout):
    start = digest(checkout)
    edit(checkout.package / "one.py", '"""Do."""', '"""Do it."""  # why')
    edit(checkout.package / "two.py", "return 1", "return 2")
    edit(checkout.book / "index.md", "# Title", "# Another title")
    assert digest(checkout) == start
    seen = {start, digest(checkout, TF_ENABLE_ONEDNN_OPTS="0")}
    (checkout.folder / "record.json").write_text("4")
    seen.add(digest(checkout))
    edit(checkout.package / "one.py", "return 1", "return 2")
    seen.add(digest(checkout))
    (checkout.package / "one.py").write_text("from tfbook.two import f\n")
    seen.add(digest(checkout))
    edit(checkout.package / "two.py", "return 2", "return 3")
    seen.add(digest(checkout))
    assert len(seen) == 6


def test_a_page_that_may_show_a_docstring_is_run_again_for_one(checkout):
    edit(checkout.book / "index.md", "import time", "import time; print(one.__doc__)")
    start = digest(checkout)
    edit(checkout.package / "one.py", "Do.", "Do it.")
    assert digest(checkout) != start


def test_another_version_of_anything_installed_is_another_digest(monkeypatch):
    installed = [SimpleNamespace(name="a", version="1")]
    monkeypatch.setattr(computes_with, "distributions", lambda: installed)
    before = computes_with.surroundings.__wrapped__()
    installed[0].version = "2"
    assert computes_with.surroundings.__wrapped__() != before


def test_cells_without_the_usual_front_matter_are_refused():
    page = PAGE.replace("  name: python3", "  display_name: Python\n  name: python3")
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda page: f"{page}.md"))
    with pytest.raises(ExtensionError, match=r"index: expected `kernelspec:`"):
        computes_with.mark(app, "index", [page])


# Whole builds

CONFIGURATION = """
import sys
sys.path.insert(0, "_extensions")
extensions = ["myst_nb", "computes_with", "kernels"]
nb_execution_mode = "cache"
html_theme = "basic"
"""


def build(checkout: SimpleNamespace) -> subprocess.CompletedProcess:
    """Build the toy book, on the toy package."""
    (checkout.book / "conf.py").write_text(CONFIGURATION)
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(checkout.folder)}
    return subprocess.run(
        [sys.executable, "-m", "sphinx", ".", "html"],
        cwd=checkout.book,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )


def output(checkout: SimpleNamespace) -> str:
    """Build, and read what the page shows."""
    done = build(checkout)
    assert done.returncode == 0, done.stderr
    html = (checkout.book / "html" / "index.html").read_text()
    return re.search(r">(output .* at \d+)", html)[1]


def test_no_page_shows_old_output_beside_new_source(checkout):
    first = output(checkout)
    edit(checkout.package / "one.py", "Do.", "Do it.")
    assert output(checkout) == first
    edit(checkout.package / "one.py", "return 1", "return 2")
    assert output(checkout).startswith("output 2 3 at")
    # What it showed before is still there.
    edit(checkout.package / "one.py", "return 2", "return 1")
    assert output(checkout) == first


def test_the_build_shows_what_a_kernel_said_before_it_died(checkout):
    dying = 'import os; os.write(2, b"the reason\\n"); os.abort()'
    edit(checkout.book / "index.md", "import time", dying)
    done = build(checkout)
    assert done.returncode != 0
    assert re.search(
        r"kernel of index: expected .*/kernels/index\.log\nthe reason\n"
        r"Fatal Python error: Aborted",
        done.stderr,
    )
    assert "site-packages/ipykernel" not in done.stderr.split("Traceback")[0]


def test_a_number_of_numpy_is_glued_as_a_number_and_an_object_is_refused(checkout):
    gluing = """
import numpy as np
from myst_nb import glue
for name, value in [("a", np.float64(0.5)), ("b", np.int32(3)), ("c", np.True_)]:
    glue(name, value, display=False)
try:
    glue("d", np.zeros(2), display=False)
except TypeError as error:
    glue("d", str(error), display=False)
"""
    edit(checkout.book / "index.md", "import time\n", f"import time{gluing}")
    with (checkout.book / "index.md").open("a") as page:
        page.write("\nSee {glue:text}`a:.2f` {glue:text}`b` {glue:text}`c`, ")
        page.write("{glue:text}`d`.\n")
    output(checkout)
    html = (checkout.book / "html" / "index.html").read_text()
    text = re.sub(r"<[^>]+>", "", html.rpartition("See ")[2])
    assert text.startswith(
        "0.50 3 True, glue \u2018d\u2019: expected a number or a text"
    )


def test_a_page_leaves_the_room_of_its_claims_also_when_it_comes_from_the_cache(
    checkout,
):
    edit(checkout.book / "index.md", "import time\n", "import time\nassert 9 < 10\n")
    left = checkout.book / "claims" / "index.jsonl"
    output(checkout)
    written = left.read_text()
    assert json.loads(written)["room"] == 0.1
    edit(checkout.package / "one.py", "Do.", "Do it.")
    output(checkout)
    assert left.read_text() == written


@pytest.mark.parametrize(("owner", "name"), kernels.REPLACED)
def test_the_build_says_so_when_what_it_replaces_is_gone(owner, name, monkeypatch):
    kernels.check_patches()
    monkeypatch.delattr(owner, name)
    with pytest.raises(ExtensionError, match=f"expected a name '{name}'"):
        kernels.check_patches()


def test_the_pages_of_the_reference_are_read_by_one_process(tmp_path):
    pages = ["appendix/reference", "appendix/reference/layers", "x", "y"]
    (tmp_path / "x.md").write_text("a longer page")
    (tmp_path / "y.md").write_text("a page")
    assert kernels.deal_out(pages, 2, folder=tmp_path) == [
        ["y"],
        ["x"],
        ["appendix/reference", "appendix/reference/layers"],
    ]
    assert kernels.deal_out(["x", "y"], 2, folder=tmp_path) == [["y"], ["x"]]


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_figure_is_not_missed_on_a_page_that_failed(succeeded, monkeypatch):
    ran = {"succeeded": succeeded}
    monkeypatch.setattr(
        explorables.NbMetadataCollector, "get_exec_data", lambda env, page: ran
    )
    context = {"body": '<details class="explorable">'}
    look = pytest.raises(ExtensionError, match="got 1 boxes and 0 figures")
    with nullcontext() if not succeeded else look:
        explorables.load(SimpleNamespace(env=None), "x", "page", context, None)

"""Sphinx builds the book: `nox -s docs`."""

import inspect
import os
import re
import sys
import textwrap
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "book" / "_extensions"))

from inventories import compressed  # noqa: E402, one of our own

project = "Models, Layers and Activations"
author = "The tfbook authors"
project_copyright = f"2026, {author}"
version = release = installed("tfbook")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_exercise",
    "sphinx_togglebutton",
    "sphinxcontrib.bibtex",
    "alt_text",
    "code_links",
    "colophon",
    "computes_with",
    "ebook",
    "explorables",
    "figures",
    "kernels",
    "landing",
    "lean",
    "log_lines",
    "markup",
    "notebooks",
    "places",
    "previews",
    "svg_math",
    "wayfinding",
]
exclude_patterns = ["_*"]
bibtex_bibfiles = ["book/references.bib"]
bibtex_reference_style = "author_year"

# The pages
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "svg"
numfig = True
numfig_format = {"figure": "Fig.\N{NO-BREAK SPACE}%s"}
suppress_warnings = ["mystnb.unknown_mime_type"]

# The cells. Their outputs are kept in one cache, by all that they compute with: see
# `computes_with` in book/_extensions.
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "_build" / "cache")
nb_execution_timeout = 600
# A failing cell is a warning with its traceback, which -W turns into a failed build.
nb_execution_show_tb = True
nb_output_stderr = (
    "remove"  # TensorFlow's start-up log; what a page wants shown it prints
)
nb_merge_streams = True
nb_kernel_rgx_aliases = {".*": "python3"}

# Opened and cut back here: parallel readers would race to create the tables of a new
# cache, and to delete its oldest pages. It keeps some versions of each page.
cache = get_cache(nb_execution_cache_path)
cache.change_cache_limit(200)
cache.truncate_caches()
cache.change_cache_limit(10_000)

# The package reference
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {
    "members": True,
    "ignore-module-all": True,  # in the order of the source, not of the alphabet
    "show-inheritance": True,
}
toc_object_entries_show_parents = "hide"  # the menu beside a page is narrow
napoleon_custom_sections = [("Shape", "returns_style"), "Reference"]
napoleon_use_ivar = True
default_role = "code"
nitpicky = True
# What other packages describe, as far as the pages use it.
intersphinx_mapping = {
    package: (site, compressed(package, ROOT / "_build" / "inventories"))
    for package, site in {
        "keras": "https://keras.io/api/",
        "numpy": "https://numpy.org/doc/stable/",
        "pandas": "https://pandas.pydata.org/docs/",
        "tensorflow": "https://www.tensorflow.org/api_docs/python/",
    }.items()
}
# The rest that belongs to others.
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(keras|tf|np|pd|collections|matplotlib|numpy|os|pandas|pathlib|tensorflow|typing)\..*",
    ),
    ("py:.*", r"(Any|Axes|Callable|Sequence|NamedTuple|ArithmeticError|optional)"),
]

# `nox -s links`
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_report_timeouts_as_broken = True
linkcheck_anchors = False  # many sites make them by script

# The theme
html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["book/_static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_favicon = "book/_static/mark.svg"
templates_path = ["book/_templates"]
html_additional_pages = {"404": "404.html"}
# The root of the site: as on a host of its own, if nobody says otherwise.
html_context = {
    "home": os.environ.get("BOOK_HOME", "/"),
    "description": "A TensorFlow book that runs: each figure, table and number is "
    "computed when the book is built, and each conclusion is checked.",
}
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {
        "text": project,
        "image_light": "book/_static/mark.svg",
        "image_dark": "book/_static/mark.svg",
    },
    "footer_content_items": ["extra-footer.html"],
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # the search field stands in the sidebar
}
copybutton_exclude = ".linenos, .gp, .go"
togglebutton_open_on_print = False  # a printed page keeps the answers for later


# `nox -s epub`, whose pages `nox -s pdf` prints
epub_basename = "models-layers-activations"
epub_description = html_context["description"]
epub_contributor = author
# Sphinx names the book by one in one file, and by the other in another one.
epub_identifier = epub_uid = "uuid-3c0a7d1e-6c0b-4f0b-9a55-0d1f7e6b2a94"
epub_css_files = ["ebook.css"]
pygments_style = "a11y-high-contrast-light"  # as the theme has it on a light page
epub_cover = ("_static/cover.png", "")
epub_tocscope = "includehidden"
epub_tocdepth = 2
epub_tocdup = False
epub_use_index = False
epub_show_urls = "no"


def dollars_to_roles(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Let docstrings write mathematics as the pages do, between dollar signs."""
    text = "\n".join(lines)
    text = re.sub(
        r"^\$\$\n(.+?)^\$\$$",
        lambda block: ".. math::\n\n" + textwrap.indent(block[1], "   "),
        text,
        flags=re.DOTALL | re.MULTILINE,
    )
    text = re.sub(r"\$([^$]+)\$", r":math:`\1`", text)
    lines[:] = text.split("\n")


def is_foreign(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: object
) -> bool | None:
    """Leave out what a module imports from others than the package."""
    module = getattr(obj, "__module__", None) or "tfbook"
    return None if module.partition(".")[0] == "tfbook" else True


def constructor_as_written(
    app: Sphinx, what: str, name: str, obj: Any, options: object, *signature: str | None
) -> tuple[str | None, ...]:
    """Show a layer's own constructor, which Keras hides behind one of its own."""
    if what != "class" or signature[0] != "(*args, **kwargs)":
        return signature
    written = inspect.signature(obj.__init__)
    parameters = list(written.parameters.values())[1:]
    written = written.replace(
        parameters=parameters, return_annotation=inspect.Signature.empty
    )
    return stringify_signature(written, unqualified_typehints=True), None


def setup(app: Sphinx) -> None:
    """Read docstrings as they are written."""
    app.connect("autodoc-skip-member", is_foreign)
    app.connect("autodoc-process-docstring", dollars_to_roles)
    app.connect("autodoc-process-signature", constructor_as_written)

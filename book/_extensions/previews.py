"""Put into each page what its links to other pages show in place.

A link to a term, an equation, a figure or a source shows it while a mouse is on it, or
the keyboard: see previews.js. What is on the page itself the script finds there. The
rest comes into the page here, once each, since a page that is opened from a folder may
not read another one.

sphinx-tippy does this with two scripts from another host, collects what it shows in the
processes that write the pages, where a parallel build loses it, and knows nothing of
pages that a build leaves as they are.
"""

import posixpath
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sphinx.application import Sphinx

LINK = re.compile(r'<a class="reference internal" href="([^"#]+#[^"]+)"')
# What a link can show, as it is in a page: docutils writes all but the formulas.
SHOWN = re.compile(
    r'<figure\b[^>]*\bid="(?P<figure>[^"]+)".*?</figure>'
    r'|<div class="formula-block" id="(?P<formula>[^"]+)".*?</div></div>'
    r'|<div class="citation" id="(?P<source>[^"]+)".*?</div>'
    r'|<dt id="(?P<term>term-[^"]+)">.*?</dt>\s*<dd>.*?</dd>',
    re.DOTALL,
)
# Nothing in what is shown has a name that the page has too, or is a link.
NAMES = re.compile(
    r'<a class="headerlink".*?</a>|<span class="label">.*?</span>\n| id="[^"]*"',
    re.DOTALL,
)
SOURCE = re.compile(r'(?<= src=")[^":]+(?=")')
A = re.compile(r"<(/?)a\b[^>]*>")
STORED = re.compile(r'<template class="preview".*?</template>\n', re.DOTALL)
END = "</body>"


def shown(text: str) -> dict[str, str]:
    """Find what links to a page can show."""
    found = {}
    for match in SHOWN.finditer(STORED.sub("", text)):
        copy = A.sub(r"<\1span>", NAMES.sub("", match[0]))
        found[match[match.lastgroup]] = f"<dl>{copy}</dl>" if match["term"] else copy
    return found


def moved(text: str, before: str, after: str) -> str:
    """Let what is taken from one folder find its pictures from another one."""
    return SOURCE.sub(
        lambda path: posixpath.relpath(posixpath.join(before, path[0]), after or "."),
        text,
    )


def store(app: Sphinx, exception: Exception | None) -> None:
    """Write into all pages what they link to, also into those that have not changed."""
    if exception or app.builder.format != "html":
        return
    files = {
        app.builder.get_target_uri(page): Path(app.builder.get_outfilename(page))
        for page in app.env.found_docs
    }
    texts = {page: file.read_text(encoding="utf-8") for page, file in files.items()}
    shown_of = cache(lambda page: shown(texts.get(page, "")))
    for page, text in texts.items():
        folder = posixpath.dirname(page)
        templates = []
        for href in dict.fromkeys(LINK.findall(text)):
            path, _, anchor = unquote(href).partition("#")
            other = posixpath.normpath(posixpath.join(folder, path))
            if target := shown_of(other).get(anchor):
                target = moved(target, posixpath.dirname(other), folder)
                templates.append(
                    f'<template class="preview" data-of="{href}">{target}</template>\n'
                )
        before, end, after = STORED.sub("", text).rpartition(END)
        if (new := before + "".join(templates) + end + after) != text:
            files[page].write_text(new, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Wait until all pages are written."""
    app.add_js_file("previews.js", loading_method="defer")
    app.connect("build-finished", store)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

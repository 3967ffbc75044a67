"""Make the landing page one that invites: cards with pictures from the pages.

The words stay those of `index.md`. Its lists of pages become cards, each with a figure
that the page computes, its minutes and the number of its exercises.
"""

import html
import re
from pathlib import Path
from typing import Any

import figures
from docutils import nodes
from sphinx.application import Sphinx

# The figure that says most about a page, and is light; else its first one.
PICTURES = {
    "basics/tensors": "fig-broadcast",
    "basics/gradients": "fig-slope",
    "basics/descent": "fig-descent",
    "basics/graphs": "fig-branches",
    "basics/models": "fig-before-after",
    "basics/layers": "fig-network",
    "basics/activations": "fig-wave",
    "basics/backpropagation": "fig-backward-two",
    "basics/dying": "fig-life",
    "basics/networks": "fig-boston",
    "learning/diagnosis": "fig-folds-standard",
    "learning/choosing": "fig-choosing-stop",
    "learning/optimizers": "fig-valley-momentum",
    "learning/prices": "fig-prices-judged",
    "learning/schedules": "fig-falling",
    "learning/survey": "fig-twelve",
    "learning/tour": "fig-thinned",
    "learning/classes": "fig-class-weights",
    "learning/convolution": "fig-tooth",
    "learning/images": "fig-image-worth",
    "learning/sequences": "fig-switch",
    "learning/attention": "fig-shares",
    "learning/trust": "fig-reliability",
    "learning/beyond": "fig-skip",
    "scale/time": "fig-steps-per-call",
    "scale/loop": "fig-early-stopping",
    "scale/saving": "fig-resumed",
    "scale/machines": "fig-timeline",
}
# What the first part leads up to: the step that ended the learning of a network.
HERO = ("learning/diagnosis", "fig-folds")
START, PUZZLE = "basics/tensors", "learning/diagnosis"

ENTRY = re.compile(
    r'<dt><a class="reference internal" href="(?P<page>[^"#]+)\.html">'
    r'<span class="doc">(?P<title>.*?)</span></a></dt><dd><p>(?P<text>.*?)</p>\s*</dd>',
    re.DOTALL,
)
LIST = re.compile(r'<dl class="simple myst">\s*((?:<dt>.*?</dd>\s*)+)</dl>', re.DOTALL)
GENERIC = re.compile(
    r'<figure(?:(?!</figure>).)*?class="landing[^>]*>.*?</figure>', re.DOTALL
)
SUBTITLE = re.compile(r"(</h1>\s*<p><em>.*?</em></p>)", re.DOTALL)
MINUTES = re.compile(r"Reading time: (\d+) minutes")
EXERCISE = {"exercise_node", "exercise_enumerable_node"}


def picture(app: Sphinx, page: str, label: str | None, *, alt: bool = False) -> str:
    """Write a figure of a page as a pair of images; nothing if it has none."""
    doctree = app.env.get_doctree(page)
    found = [each for each in doctree.findall(nodes.figure) if each["ids"]]
    chosen = [each for each in found if label in each["ids"]] or found
    image = next((i for each in chosen[:1] for i in each.findall(nodes.image)), None)
    if image is None:
        return ""
    uri = next(iter(image.get("candidates", {}).values()), image["uri"])
    if uri not in app.env.images:
        return ""
    path = f"{app.builder.imgpath}/{Path(app.env.images[uri][1]).stem}"
    size = figures.size_of(Path(app.srcdir, uri).read_text(encoding="utf-8"))
    text = html.escape(image.get("alt", "")) if alt else ""
    return figures.in_both_themes(path, f'alt="{text}" {size}')


def facts(app: Sphinx, page: str) -> str:
    """Count the minutes and the exercises of a page."""
    doctree = app.env.get_doctree(page)
    found = []
    if minutes := MINUTES.search(doctree.astext().replace("\n", " ")):
        found.append(f"{minutes[1]} minutes")
    if exercises := sum(node.tagname in EXERCISE for node in doctree.findall()):
        found.append(f"{exercises} exercises")
    return ", ".join(found)


def card(app: Sphinx, entry: re.Match) -> str:
    """Write an entry of a list as a card."""
    page = entry["page"]
    shown = picture(app, page, PICTURES.get(page)) if page in PICTURES else ""
    return (
        f'<li class="page-card">{shown and f"<div>{shown}</div>"}'
        f'<a class="reference internal" href="{page}.html">{entry["title"]}</a>'
        f"<p>{entry['text']}</p><small>{facts(app, page)}</small></li>"
    )


def invite(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Change the landing page."""
    if page != app.config.root_doc or doctree is None or app.builder.name != "html":
        return

    def cards(entries: re.Match) -> str:
        found = list(ENTRY.finditer(entries[1]))
        pictures = any(entry["page"] in PICTURES for entry in found)
        if not found:
            return entries[0]
        inner = "\n".join(card(app, entry) for entry in found)
        return f'<ul class="page-cards{"" if pictures else " plain"}">{inner}</ul>'

    body = LIST.sub(cards, context["body"])
    hero, label = HERO
    if hero in app.env.found_docs and (shown := picture(app, hero, label, alt=True)):
        link = f'<a class="hero" href="{hero}.html#{label}">{shown}</a>'
        body = GENERIC.sub(lambda _: link, body)
    buttons = "".join(
        f'<a class="start{extra}" href="{target}.html">{text}</a>'
        for target, text, extra in (
            (START, "Start reading", ""),
            (PUZZLE, "See the puzzle solved", " second"),
        )
        if target in app.env.found_docs
    )
    context["body"] = SUBTITLE.sub(rf'\1<p class="starts">{buttons}</p>', body, count=1)


def setup(app: Sphinx) -> dict[str, Any]:
    """Change the page after the extension that pairs its figures."""
    app.connect("html-page-context", invite, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Render mathematics to SVG while the book is built.

A reader needs no script, no web font and no network, and the formulas take the colour
of the text around them, on a light page as on a dark one.
"""

import re
import xml.etree.ElementTree as ET
from html import escape
from typing import Any

import ziamath
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator
from ziamath.tex import tex2mml

logger = logging.getLogger(__name__)
SIZE = 17.0  # STIX is drawn smaller than the text's sans serif at the same size

# Paths instead of shared symbols, whose ids would be repeated in one page.
ziamath.config.svg2 = False

ROWS = {"math", "mrow", "mstyle", "mtd"}
WITH_SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
CLOSING = set(")]}⟩⌋⌉|!")
SIGNS = {"\N{MINUS SIGN}", "+", "±"}
SUMS = set("∑∏")
# A hat that combines with a letter is as wide as none, and ziamath moves the letter.
SPACING = {"\u0302": "\u02c6", "\u0303": "\u02dc"}
NAME = re.compile(r"[A-Za-z]{2,}")


def is_operator(element: ET.Element | None) -> bool:
    """Tell whether nothing stands there, or an operator that wants an operand."""
    return element is None or (element.tag == "mo" and element.text not in CLOSING)


def space_as_tex_does(formula: ET.Element) -> None:
    """Tell a sign from a difference, and part a function's name from its neighbours."""
    for operator in list(formula.iter("mo")):
        operator.text = SPACING.get(operator.text, operator.text)
        if operator.text == "∂":  # as a letter would
            operator.tag = "mi"
    for row in [each for each in formula.iter() if each.tag in ROWS]:
        children = [None, *row, None]
        neighbours = zip(children[:-2], children[1:-1], children[2:], strict=True)
        for before, child, after in neighbours:
            if child.tag == "mo" and child.text in SIGNS:
                if is_operator(before):
                    child.set("form", "prefix")
                continue
            name = child[0] if child.tag in WITH_SCRIPTS else child
            is_sum = name.text in SUMS
            is_name = name.tag in {"mi", "mo"} and NAME.fullmatch(name.text or "")
            if not (is_sum or is_name):
                continue
            if name is child and not is_sum:
                name.tag = "mtext"  # ziamath parts an identifier on both sides, always
            thin = ET.Element("mspace", width="0.1667em")
            if not is_operator(before) and not is_sum:
                row.insert(list(row).index(child), thin)
            if after is not None and (is_sum or after.tag != "mo"):
                row.insert(list(row).index(child) + 1, thin)


def parse(tex: str, *, inline: bool) -> ET.Element:
    """Read TeX as MathML, in the colour of the text."""
    formula = ET.fromstring(re.sub(r' xmlns="[^"]*"', "", tex2mml(tex, inline=inline)))
    formula.set("mathcolor", "currentColor")
    space_as_tex_does(formula)
    return formula


def svg(node: nodes.math | nodes.math_block, *, inline: bool) -> str:
    """Draw a formula, sized in em so that it scales with the text."""
    tex = node.astext().strip()
    try:
        drawing = ziamath.Math(parse(tex, inline=inline), size=SIZE)
    except Exception as error:  # ziamath raises whatever its parsers raise
        logger.warning(
            "formula: expected TeX that ziamath can draw, got %r (%s)",
            tex,
            error,
            location=node,
            type="svg_math",
        )
        return escape(tex)
    element = drawing.svgxml()
    _, top, width, height = (
        float(number) / 16 for number in element.get("viewBox").split()
    )
    element.set("width", f"{width:.3f}em")
    element.set("height", f"{height:.3f}em")
    element.set("aria-hidden", "true")
    if (
        inline
    ):  # the baseline is at 0 in the drawing, and at the foot of an SVG in a line
        element.set("style", f"vertical-align: {-(top + height):.3f}em")
    return ET.tostring(element, encoding="unicode")


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line; a screen reader is given its TeX."""
    label = escape(node.astext())
    self.body.append(f'<span class="formula" role="math" aria-label="{label}">')
    self.body.append(svg(node, inline=True) + "</span>")
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number if it has a label."""
    self.body.append(self.starttag(node, "div", CLASS="formula-block"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    label = escape(node.astext().strip())
    self.body.append(f'<div role="math" aria-label="{label}">')
    self.body.append(svg(node, inline=False) + "</div></div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer as `html_math_renderer = "svg"`."""
    app.add_html_math_renderer("svg", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

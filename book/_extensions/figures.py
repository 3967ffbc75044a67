"""Show each figure in colours made for the page it lies on, light or dark.

Matplotlib draws a figure once, on no background. Here its colours are replaced in the
text of the SVG, by one table; those of a colormap, whose order means something, stay.
The page names the size of a figure, so that nothing moves while it loads, and links to
it, so that a reader with a small screen can see it large.
"""

import base64
import io
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx

# As drawn: on a light page, on a dark page. Lines have a contrast of 3 : 1 or more to
# their page, text 4.5 : 1, and no two of the six colours of lines look alike to readers
# of any kind of colour vision; tests/test_book.py measures both.
PALETTE = {
    "#0072b2": ("#005a9c", "#4aa3df"),
    "#d55e00": ("#d55e00", "#ff8a4c"),
    "#009e73": ("#009e73", "#2fc79a"),
    "#cc79a7": ("#c2639a", "#e59cc6"),
    "#e69f00": ("#5e4b00", "#f5c242"),
    "#56b4e9": ("#2f9be0", "#a3d8f8"),
    "#555555": ("#555555", "#a9b0ba"),
    "#888888": ("#858585", "#7d8692"),
    "#808080": ("#858585", "#7d8692"),
    "#999999": ("#858585", "#8d96a2"),
    "#333333": ("#333333", "#c9ced6"),
    "#222222": ("#222222", "#e3e6ea"),
    "#000000": ("#000000", "#e8eaed"),
    "#ffffff": ("#ffffff", "#15181d"),
}
LIGHT, DARK = 0, 1
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
AXES = re.compile(r'^  <g id="axes_\d+">.*?^  </g>', re.DOTALL | re.MULTILINE)
# Text that is written into the axes, not beside them: a child of theirs, in its box.
TEXT = re.compile(r'^   <g id="text_\d+">.*?^   </g>', re.DOTALL | re.MULTILINE)
# A picture in the axes: a PNG, upside down, transparent where nothing was drawn.
PICTURE = re.compile(
    r'<image xlink:href="data:image/png;base64,\s*([^"]+)"[^>]*'
    r' x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"'
)
PLACE = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\)")
METADATA = re.compile(r" *<metadata>.*?</metadata>\n", re.DOTALL)
OUTLINE = re.compile(r' d="[^"]*"')
DIGITS = re.compile(r"(?<=\.\d\d)\d+")
SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt"')
IMAGE = re.compile(
    r'<img (?P<attributes>[^>]*?src="(?P<path>[^"]*_images/[^"]+)\.svg"[^>]*?) ?/?>'
)


def is_plot(svg: str) -> bool:
    """Tell whether matplotlib drew it."""
    return "<dc:title>Matplotlib" in svg[:2000]


def recolour(svg: str, theme: int) -> str:
    """Draw a figure in the colours of a theme."""
    kept: list[str] = []

    def keep(text: re.Match) -> str:
        kept.append(text[0])
        return f"<!--kept {len(kept) - 1}-->"

    def keep_text_on_a_picture(axes: re.Match) -> str:
        """Leave text as it is where it lies on a picture, whose colours stay too."""
        pictures = PICTURE.findall(axes[0])

        def inside(text: re.Match) -> str:
            place = PLACE.search(text[0])
            if place is None:
                return text[0]
            x, y = map(float, place.groups())
            return keep(text) if covered(pictures, x + 2, y - 3) else text[0]

        return TEXT.sub(inside, axes[0])

    svg = METADATA.sub("", svg)
    # A hundredth of a point cannot be seen, and the rest is a third of a file's weight.
    svg = OUTLINE.sub(lambda path: DIGITS.sub("", path[0]), svg)
    if theme == DARK:
        svg = AXES.sub(keep_text_on_a_picture, svg)
        # What has no colour of its own is black, and takes that of the whole.
        svg = svg.replace("<svg ", f'<svg fill="{PALETTE["#000000"][DARK]}" ', 1)
        kept = [text.replace("<g ", '<g fill="#000000" ', 1) for text in kept]
    svg = COLOUR.sub(lambda colour: replaced(colour[0], theme), svg)
    return re.sub(r"<!--kept (\d+)-->", lambda mark: kept[int(mark[1])], svg)


def covered(pictures: list[tuple[str, ...]], x: float, y: float) -> bool:
    """Tell whether a picture covers a place of the figure."""
    for data, *box in pictures:
        left, minus_top, width, height = map(float, box)
        across, up = (x - left) / width, (height - minus_top - y) / height
        if 0 <= across < 1 and 0 <= up < 1:
            picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
            pixel = int(across * picture.width), int(up * picture.height)
            if picture.getpixel(pixel)[3] > 128:
                return True
    return False


def replaced(colour: str, theme: int) -> str:
    """Look a colour up; one of a colormap is not in the table."""
    return PALETTE.get(colour.lower(), (colour, colour))[theme]


def size_of(svg: str) -> str:
    """Write the size of a figure in pixels as attributes; nothing if it names none."""
    size = SIZE.search(svg)
    if size is None:
        return ""
    width, height = (round(float(points) * 4 / 3) for points in size.groups())
    return f'width="{width}" height="{height}"'


def in_both_themes(path: str, attributes: str, classes: str = "") -> str:
    """Write a figure twice; the page shows the one of its theme."""
    return "".join(
        f'<img class="{f"{classes} only-{theme}".strip()}" loading="lazy" {attributes} '
        f'src="{path}{suffix}.svg">'
        for theme, suffix in (("light", ""), ("dark", "-dark"))
    )


def sources(app: Sphinx) -> dict[str, Path]:
    """Find the file that each picture of the built book is a copy of."""
    return {
        Path(name).stem: Path(app.srcdir, source)
        for source, name in app.builder.images.items()
        if name.endswith(".svg")
    }


def pair_figures(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Write two pictures where a page has one, each for a theme."""
    if doctree is None or app.builder.name != "html":
        return
    found = sources(app)

    def pair(image: re.Match) -> str:
        source = found.get(Path(image["path"]).name)
        svg = source.read_text(encoding="utf-8") if source else ""
        if not is_plot(svg):
            return image[0]
        attributes = re.sub(r' ?src="[^"]*"', "", image["attributes"]).strip()
        if size := size_of(svg):
            attributes = re.sub(r' ?(width|height|style)="[^"]*"', "", attributes)
            attributes += f" {size}"
        classes = re.search(r'class="([^"]*)"', attributes)
        plain = re.sub(r' ?class="[^"]*"', "", attributes).strip()
        pictures = in_both_themes(image["path"], plain, classes[1] if classes else "")
        return f'<a class="enlarge" href="{image["path"]}.svg">{pictures}</a>'

    context["body"] = IMAGE.sub(pair, context["body"])


def write_figures(app: Sphinx, themes: dict[str, int]) -> None:
    """Write each figure for some themes, where Sphinx has copied the drawn one."""
    images = Path(app.outdir, app.builder.imagedir)
    for name, source in sources(app).items():
        svg = source.read_text(encoding="utf-8")
        if is_plot(svg):
            for suffix, theme in themes.items():
                path = images / f"{name}{suffix}.svg"
                path.write_text(recolour(svg, theme), encoding="utf-8")


def write_both(app: Sphinx, exception: Exception | None) -> None:
    """Write both versions of each figure of a site."""
    if not exception and app.builder.name == "html":
        write_figures(app, {"": LIGHT, "-dark": DARK})


def setup(app: Sphinx) -> dict[str, Any]:
    """Change the pages as they are written, and the pictures at the end."""
    app.connect("html-page-context", pair_figures)
    app.connect("build-finished", write_both)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

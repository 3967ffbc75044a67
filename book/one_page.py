"""Join the pages of an unpacked EPUB to one, which can be printed as a whole.

What the pages link to in each other becomes a place in the one page.
"""

import posixpath
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
LINKS = {f"{XHTML}a": "href", f"{XHTML}img": "src"}

ET.register_namespace("", XHTML.strip("{}"))
ET.register_namespace("svg", "http://www.w3.org/2000/svg")


def reading_order(folder: Path) -> list[str]:
    """List the pages as they follow each other."""
    content = ET.parse(folder / "content.opf").getroot()
    paths = {
        item.get("id"): item.get("href", "") for item in content.iter(f"{OPF}item")
    }
    return [paths[item.get("idref")] for item in content.iter(f"{OPF}itemref")]


def place(path: str, fragment: str = "") -> str:
    """Name a page, or a place in it, as a place in the one page.

    >>> place("scale/time.xhtml"), place("scale/time.xhtml", "recap")
    ('scale-time', 'scale-time--recap')
    """
    name = path.removesuffix(".xhtml").replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


def moved(page: str, address: str, folder: str) -> str:
    """Write an address on a page as the one page has it, beside the folder of all.

    >>> moved("scale/time.xhtml", "loop.xhtml#recap", "epub")
    '#scale-loop--recap'
    >>> moved("scale/time.xhtml", "../_images/a.svg", "epub")
    '../epub/_images/a.svg'
    >>> moved("scale/time.xhtml", "https://keras.io", "epub")
    'https://keras.io'
    """
    if ":" in address.partition("/")[0]:
        return address
    path, _, fragment = address.partition("#")
    path = posixpath.join(posixpath.dirname(page), path) if path else page
    path = posixpath.normpath(path)
    if path.endswith(".xhtml"):
        return f"#{place(path, fragment)}"
    return f"../{folder}/{path}"


def chapter(folder: Path, page: str) -> ET.Element:
    """Read a page as a section whose places and links are those of the one page."""
    read = ET.parse(folder / page).getroot()
    section = ET.Element(f"{XHTML}section", {"class": "chapter", "id": place(page)})
    section.extend(read.find(f"{XHTML}body"))
    for element in section.iter():
        if element is not section and "id" in element.attrib:
            element.set("id", place(page, element.attrib["id"]))
        attribute = LINKS.get(element.tag)
        if attribute in element.attrib:
            address = moved(page, element.attrib[attribute], folder.name)
            element.set(attribute, address)
    return section


def number_contents(contents: ET.Element, numbers: Mapping[str, int]) -> None:
    """Write behind each chapter in the lists of a page on which page it begins."""
    for term in contents.iter(f"{XHTML}dt"):
        for link in term.iter(f"{XHTML}a"):
            if number := numbers.get(link.attrib["href"].removeprefix("#")):
                written = ET.SubElement(term, f"{XHTML}span", {"class": "page-number"})
                written.text = str(number)


def join(folder: Path, style: str, numbers: Mapping[str, int]) -> str:
    """Write all pages as one, in a style, with the numbers of pages as far as known."""
    first, *others = reading_order(folder)
    root = ET.parse(folder / first).getroot()
    head = root.find(f"{XHTML}head")
    for link in head.iter(f"{XHTML}link"):
        link.set("href", moved(first, link.get("href", ""), folder.name))
    ET.SubElement(head, f"{XHTML}link", {"rel": "stylesheet", "href": style})
    contents = chapter(folder, first)
    number_contents(contents, numbers)
    body = root.find(f"{XHTML}body")
    body[:] = [contents, *(chapter(folder, page) for page in others)]
    return ET.tostring(root, encoding="unicode")

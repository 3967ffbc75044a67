"""List where other packages describe what the pages use.

The lists lie in book/inventories, as text, so that a build asks no other host. NumPy
and pandas publish lists of their own, with all that they have. TensorFlow and Keras
publish none. A page that takes something new needs a line more. `tests/test_book.py`
asks for it, and holds each line against the installed package.
"""

import zlib
from pathlib import Path

LISTS = Path(__file__).parents[1] / "inventories"
HEADER = 4  # lines


def compressed(package: str, folder: Path) -> str:
    """Write the list of a package as Sphinx reads it; its path."""
    lines = (LISTS / f"{package}.txt").read_bytes().splitlines(keepends=True)
    path = folder / f"{package}.inv"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines[:HEADER]) + zlib.compress(b"".join(lines[HEADER:])))
    return str(path)

"""Measure how much room the asserted comparisons of a page have, while it runs.

The kernels of the build load this. Each side of `assert a < b` is wrapped in a call
that keeps its value, so the cell does what it did; the distances go to a file for each
page, one line each, which `nox -s drift` reads.
"""

import ast
import builtins
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
KEEP = "__keep_side__"


def comparisons(test: ast.expr) -> Iterator[ast.Compare]:
    """Yield the comparisons that all have to hold if `test` does."""
    match test:
        case ast.Compare(ops=ops) if all(isinstance(each, ORDERS) for each in ops):
            yield test
        case ast.BoolOp(op=ast.And(), values=parts):
            for part in parts:
                yield from comparisons(part)
        case ast.Call(func=ast.Name(id="all"), args=[ast.GeneratorExp(elt=each)]):
            yield from comparisons(each)
        case ast.Call(func=ast.Attribute(attr="all", value=each), args=[]):
            yield from comparisons(each)


def room(one: Any, other: Any) -> float | None:
    """Return the distance of two sides as a share of the larger; the least of pairs.

    >>> room(0.9, 1)
    0.1
    """
    try:
        one, other = np.asarray(one, float), np.asarray(other, float)
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = abs(one - other) / np.maximum(abs(one), abs(other))
        # Two zeros have no room; infinite sides have no share to speak of.
        apart = np.where((one == 0) & (other == 0), 0, apart)
        return round(float(apart[np.isfinite(apart)].min()), 4)
    except (TypeError, ValueError):  # texts, ragged lists, no pair at all
        return None


class Claims(ast.NodeTransformer):
    """Keeps the two sides of what a cell asserts.

    Args:
        path: The file for the distances, a line in JSON for each that is the least yet.
    """

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        self.path = path
        self.numbers = count()
        self.sources: dict[int, str] = {}
        self.before: dict[int, Any] = {}
        self.least: dict[int, float] = {}

    def visit_Module(self, node: ast.Module) -> ast.AST:
        """Let the cell know `keep`, of the copy of this object that IPython uses."""
        setattr(builtins, KEEP, self.keep)
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        """Wrap the sides of the comparisons of an assert."""
        for each in list(comparisons(node.test)):
            number = next(self.numbers)
            self.sources[number] = ast.unparse(each)
            each.left = self.wrap(number, 0, each.left)
            each.comparators = [
                self.wrap(number, place, side)
                for place, side in enumerate(each.comparators, start=1)
            ]
        return ast.fix_missing_locations(node)

    def wrap(self, number: int, place: int, side: ast.expr) -> ast.expr:
        """Make a call of `keep` of an expression."""
        arguments = [ast.Constant(number), ast.Constant(place), side]
        call = ast.Call(ast.Name(KEEP, ast.Load()), arguments, [])
        return ast.copy_location(call, side)

    def keep(self, number: int, place: int, value: Any) -> Any:
        """Note the distance from the side before, and return the value as it is."""
        apart = room(self.before.get(number), value) if place else None
        self.before[number] = value
        if apart is not None and apart < self.least.get(number, np.inf):
            self.least[number] = apart
            line = {"number": number, "claim": self.sources[number], "room": apart}
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        return value

"""How time grows: with epochs, with width, and with rows."""

from collections.abc import Callable

import numpy as np

from bench.contest import AtLeast, Line, Makers, Result, run
from bench.network import BOSTON, make_problem, ways
from bench.problem import Problem

EPOCHS = [1, 10, 100, 1000]
WIDTHS = [16, 64, 256, 1024]
ROWS = [100, 1000, 10_000, 100_000]
FEW = 20  # epochs, where width or rows grow
SLOW = 2.0  # seconds; who takes longer is not asked for the next size

Results = dict[int, dict[str, Result]]


def sweep(
    sizes: list[int], make: Callable[[int], Makers], epochs: int | None
) -> Results:
    """Time each contestant at each size.

    Args:
        sizes: What grows, from small to large.
        make: Returns what makes the contestants for a size.
        epochs: How long to train; `None` if it is the epochs that grow.

    Returns:
        The results by size. A contestant that took long has no larger ones.
    """
    found: Results = {}
    late: set[str] = set()
    for size in sizes:
        makers = {name: maker for name, maker in make(size).items() if name not in late}
        found[size] = run(makers, epochs or size, firsts=1, turns=3, slow=SLOW)
        late |= {name for name, each in found[size].items() if each.later > SLOW}
    return found


def seconds(results: Results) -> dict[str, dict[int, float]]:
    """Return the later calls' seconds, by contestant and size."""
    table: dict[str, dict[int, float]] = {}
    for size, by_name in results.items():
        for name, result in by_name.items():
            table.setdefault(name, {})[size] = result.later
    return table


def random_rows(num_rows: int) -> Problem:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(num_rows, 13)).astype(np.float32)
    y = (np.sin(x).sum(axis=1, keepdims=True) + 20).astype(np.float32)
    return make_problem(x, y, [64, 64])


def measure() -> tuple[dict[str, dict[str, dict[int, float]]], list[Line]]:
    """Time the network against epochs, width and rows.

    Returns:
        Seconds, by what grows, contestant and size; and the line for the most rows.
    """
    by_epochs = sweep(EPOCHS, lambda _: ways(BOSTON), None)
    by_width = sweep(
        WIDTHS,
        lambda width: ways(make_problem(BOSTON.x, BOSTON.y, [width, width])),
        FEW,
    )
    by_rows = sweep(ROWS, lambda num_rows: ways(random_rows(num_rows)), FEW)
    budget = AtLeast("train", 1, "JAX lax.scan")
    tables = {
        "epochs": seconds(by_epochs),
        f"units per hidden layer, {FEW} epochs": seconds(by_width),
        f"rows, {FEW} epochs": seconds(by_rows),
    }
    return tables, [budget.check(f"{ROWS[-1]} rows, full batch", by_rows[ROWS[-1]])]

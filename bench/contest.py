"""A contest: the same training run, done in several ways, timed side by side."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["Budget", "Contestant", "Result", "check_budgets", "run"]

# Trains from the start that all share. What it returns computes the final loss, when
# the clock has stopped.
Contestant = Callable[[], Callable[[], float]]


class Result(NamedTuple):
    """How long a contestant took.

    Attributes:
        first: Seconds of the first call, with whatever it compiles.
        later: The median of the later calls' seconds; of the only one if it is slow.
        loss: The loss that it ended with.
    """

    first: float
    later: float
    loss: float


class Budget(NamedTuple):
    """What a contestant must reach: `times` faster than another one.

    Attributes:
        contestant: The name of the one that is held to it.
        measure: Which of its times: `first` or `later`.
        other: The name of the one that it is compared with, by its later calls.
        times: How many times faster it must be.
    """

    contestant: str
    measure: str
    other: str
    times: float


def run(
    contestants: dict[str, Contestant], repeats: int = 7, slow: float = 5.0
) -> dict[str, Result]:
    """Time each contestant, in turn and repeatedly, and check that none does less.

    Args:
        contestants: By name, in the order in which they take turns.
        repeats: The number of later calls.
        slow: A contestant whose first call takes longer than this many seconds is
            called no second time.

    Returns:
        The results, in the same order.

    Raises:
        AssertionError: If the final losses differ.
    """
    first: dict[str, float] = {}
    later: dict[str, list[float]] = {name: [] for name in contestants}
    losses: dict[str, float] = {}
    for turn in range(repeats + 1):
        # Turn by turn, so that a slow moment of the machine hits all of them.
        for name, contestant in contestants.items():
            if first.get(name, 0) > slow:
                continue
            start = time.perf_counter()
            final_loss = contestant()
            seconds = time.perf_counter() - start
            losses[name] = final_loss()
            if turn == 0:
                first[name] = seconds
            else:
                later[name].append(seconds)
    reference = losses[next(iter(contestants))]
    for name, loss in losses.items():
        np.testing.assert_allclose(loss, reference, rtol=0.02, atol=1e-6, err_msg=name)
    return {
        name: Result(
            first[name], statistics.median(later[name] or [first[name]]), losses[name]
        )
        for name in contestants
    }


def check_budgets(
    results: dict[str, Result], budgets: list[Budget]
) -> list[tuple[Budget, float]]:
    """Compute how many times faster each contestant was than its budget's other one."""
    return [
        (
            budget,
            results[budget.other].later
            / getattr(results[budget.contestant], budget.measure),
        )
        for budget in budgets
    ]

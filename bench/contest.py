"""A contest: the same training run, done in several ways, timed side by side."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["Budget", "Contestant", "Line", "Result", "check_budgets", "run"]

# Trains for so many epochs from the start that all share. What it returns computes the
# final loss, when the clock has stopped.
Contestant = Callable[[int], Callable[[], float]]


class Result(NamedTuple):
    """How long a contestant took.

    Attributes:
        first: Seconds of the first call, with whatever it compiles.
        later: The median of the later calls' seconds; of the only one if it is slow.
        calls: How many calls were timed.
        loss: The loss that it ended with.
    """

    first: float
    later: float
    calls: int
    loss: float


class Budget(NamedTuple):
    """What a contestant must reach: `times` as fast as another one.

    Attributes:
        contestant: The name of the one that is held to it.
        measure: Which of its times: `first` or `later`.
        other: The name of the one that it is compared with, by its later calls.
        times: How many times as fast it must be.
    """

    contestant: str
    measure: str
    other: str
    times: float


class Line(NamedTuple):
    """What became of a budget.

    Attributes:
        job: What was done.
        budget: What was asked for, in words.
        reached: The figure that was measured.
        held: Whether it is good enough.
    """

    job: str
    budget: str
    reached: float
    held: bool


def run(
    contestants: dict[str, Contestant],
    epochs: int,
    repeats: int = 7,
    slow: float = 5.0,
) -> dict[str, Result]:
    """Time each contestant, in turn and repeatedly, and check that none does less.

    Args:
        contestants: By name, in the order in which they take turns.
        epochs: How long each trains.
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
            final_loss = contestant(epochs)
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
            first[name],
            statistics.median(later[name] or [first[name]]),
            1 + len(later[name]),
            losses[name],
        )
        for name in contestants
    }


def check_budgets(
    job: str, results: dict[str, Result], budgets: list[Budget]
) -> list[Line]:
    """Say how many times as fast each contestant was as its budget's other one.

    Args:
        job: What they all did.
        results: How long each took.
        budgets: What is asked of some.

    Returns:
        A line a budget.
    """
    lines = []
    for name, measure, other, times in budgets:
        reached = results[other].later / getattr(results[name], measure)
        asked = f"{name}, {measure} call: at least {times:g} times as fast as {other}"
        lines.append(Line(job, asked, reached, reached >= times))
    return lines

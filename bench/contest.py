"""A contest: the same training run, done in several ways, timed side by side."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

__all__ = [
    "Budget",
    "Contestant",
    "Line",
    "Result",
    "check_budgets",
    "clock",
    "later_call",
    "run",
    "take_turn",
]


class Contestant(Protocol):
    """A way to train. The clock runs during `train`, and stands still otherwise."""

    def reset(self) -> None:
        """Go back to the first weights, which all share."""

    def train(self, epochs: int) -> None:
        """Train for so many epochs, and return when they are over."""

    def loss(self) -> float:
        """Return the loss on the training data."""


class Result(NamedTuple):
    """How long a contestant took.

    Attributes:
        first: The median of the first calls' seconds, with whatever they compile.
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
        way: Who did it, and in which call.
        budget: What was asked for, in words.
        reached: The figure that was measured.
        held: Whether it is good enough.
    """

    job: str
    way: str
    budget: str
    reached: float
    held: bool


def clock(contestant: Contestant, epochs: int) -> float:
    """Train from the first weights on.

    Args:
        contestant: A way to train.
        epochs: How long.

    Returns:
        The seconds that it took.
    """
    contestant.reset()
    start = time.perf_counter()
    contestant.train(epochs)
    return time.perf_counter() - start


def later_call(contestant: Contestant, epochs: int, calls: int) -> float:
    """Time the calls after the first one, which compiles.

    Args:
        contestant: A way to train.
        epochs: How long each time.
        calls: The number of later calls.

    Returns:
        The median of their seconds.
    """
    _, *later = (clock(contestant, epochs) for _ in range(1 + calls))
    return statistics.median(later)


def take_turn(contestant: Contestant, epochs: int) -> list[float]:
    """Train again and again for a tenth of a second, or once if that takes longer.

    A single call of a millisecond would be timed with whatever the contestant before it
    left in the processor's caches.

    Args:
        contestant: A way to train.
        epochs: How long each time.

    Returns:
        The seconds of each call.
    """
    seconds: list[float] = []
    while sum(seconds) < 0.1:
        seconds.append(clock(contestant, epochs))
    return seconds


def run(
    contestants: dict[str, Callable[[], Contestant]],
    epochs: int,
    firsts: int = 3,
    turns: int = 7,
    slow: float = 5.0,
) -> dict[str, Result]:
    """Time each contestant, in turn and repeatedly, and check that none does less.

    Args:
        contestants: What makes them, by name, in the order in which they take turns.
        epochs: How long each trains.
        firsts: How many of each are made anew, for the time of a first call.
        turns: How many turns of later calls follow.
        slow: A contestant whose first call takes longer than this many seconds is
            called no second time.

    Returns:
        The results, in the same order.

    Raises:
        AssertionError: If the final losses differ.
    """
    made: dict[str, Contestant] = {}
    first: dict[str, list[float]] = {name: [] for name in contestants}
    later: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(firsts):
        for name, make in contestants.items():
            if max(first[name], default=0) < slow:
                made[name] = make()
                first[name].append(clock(made[name], epochs))
    for _ in range(turns):
        # Turn by turn, so that a slow moment of the machine hits all of them.
        for name, contestant in made.items():
            if max(first[name]) < slow:
                later[name] += take_turn(contestant, epochs)
    losses = {name: contestant.loss() for name, contestant in made.items()}
    reference = losses[next(iter(contestants))]
    for name, loss in losses.items():
        np.testing.assert_allclose(loss, reference, rtol=0.02, atol=1e-6, err_msg=name)
    return {
        name: Result(
            statistics.median(first[name]),
            statistics.median(later[name] or first[name]),
            len(first[name]) + len(later[name]),
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
        asked = f"at least {times:g} times as fast as {other}"
        lines.append(
            Line(job, f"{name}, {measure} call", asked, reached, reached >= times)
        )
    return lines

"""A contest: the same training run, done in several ways, timed side by side."""

import math
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, Protocol

__all__ = [
    "AtLeast",
    "AtMost",
    "Contestant",
    "Line",
    "Makers",
    "Result",
    "clock",
    "least",
    "run",
    "take_turn",
]


class Contestant(Protocol):
    """A way to train. The clock runs during `train`, and stands still otherwise."""

    def reset(self) -> None:
        """Go back to the first weights, which all share; compile nothing."""

    def train(self, epochs: int) -> float:
        """Train for so many epochs; return the last loss, when they are over."""

    def loss(self) -> float | None:
        """Return the loss on the training data, or `None` if that is not its job."""


Makers = dict[str, Callable[[], Contestant]]
"""What makes contestants, by name, in the order in which they take turns."""


class Result(NamedTuple):
    """How long a contestant took.

    Attributes:
        first: The least of the first calls' seconds, with whatever they compile.
        later: The least of the later calls' seconds.
        median: The median of those.
        calls: How many later calls there were.
        loss: The loss that it ended with, if it has one.
    """

    first: float
    later: float
    median: float
    calls: int
    loss: float | None


class Line(NamedTuple):
    """What became of a budget.

    Attributes:
        job: What was done.
        way: Who did it, and in which call.
        budget: What was asked for, in words.
        reached: The ratio that was measured.
        held: Whether it is good enough.
    """

    job: str
    way: str
    budget: str
    reached: float
    held: bool


class AtLeast(NamedTuple):
    """A budget: at least so many times as fast as a later call of another one."""

    name: str
    times: float
    other: str
    measure: Literal["first", "later"] = "later"

    def check(self, job: str, results: dict[str, Result]) -> Line:
        """Say what became of it."""
        seconds = getattr(results[self.name], self.measure)
        reached = results[self.other].later / seconds
        asked = f"at least {self.times:g} times as fast as {self.other}"
        way = f"{self.name}, {self.measure} call"
        return Line(job, way, asked, reached, reached >= self.times)


class AtMost(NamedTuple):
    """A budget: a later call takes at most so many times as long as another one's."""

    name: str
    times: float
    other: str

    def check(self, job: str, results: dict[str, Result]) -> Line:
        """Say what became of it."""
        reached = results[self.name].later / results[self.other].later
        asked = f"at most {self.times:g} times the time of {self.other}"
        return Line(
            job, f"{self.name}, later call", asked, reached, reached <= self.times
        )


def least(seconds: Iterable[float]) -> float:
    """Return the time that counts of several: nothing makes code faster than it is."""
    return min(seconds)


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


def take_turn(
    contestant: Contestant, epochs: int, seconds_per_turn: float
) -> list[float]:
    """Train again and again until the turn is over, but at least once.

    A single call of a millisecond would be timed with whatever the contestant before it
    left in the processor's caches.

    Args:
        contestant: A way to train.
        epochs: How long each time.
        seconds_per_turn: How long the turn is.

    Returns:
        The seconds of each call.
    """
    seconds = [clock(contestant, epochs)]
    while sum(seconds) < seconds_per_turn:
        seconds.append(clock(contestant, epochs))
    return seconds


def run(
    makers: Makers,
    epochs: int,
    firsts: int = 3,
    turns: int = 7,
    slow: float = 3.0,
    seconds_per_turn: float = 0.1,
    tolerance: float = 0.02,
) -> dict[str, Result]:
    """Time each contestant, in turn and repeatedly, and check that none does less.

    Args:
        makers: What makes the contestants.
        epochs: How long each trains.
        firsts: How many of each are made anew, for the time of a first call.
        turns: How many turns of later calls follow.
        slow: A contestant whose first call takes longer than this many seconds is made
            once and has one turn.
        seconds_per_turn: How long a turn is at least.
        tolerance: How far the final losses may be from the first one's, relatively.

    Returns:
        The results, in the same order.

    Raises:
        ValueError: If the final losses differ: they have not done the same.
    """
    made: dict[str, Contestant] = {}
    first: dict[str, list[float]] = {name: [] for name in makers}
    later: dict[str, list[float]] = {name: [] for name in makers}

    def is_due(name: str, turn: int) -> bool:
        return turn == 0 or max(first[name]) <= slow

    for turn in range(firsts):
        for name, make in makers.items():
            if is_due(name, turn):
                made[name] = make()
                first[name].append(clock(made[name], epochs))
    for turn in range(turns):
        for name, contestant in made.items():
            if is_due(name, turn):
                later[name] += take_turn(contestant, epochs, seconds_per_turn)
    losses = {name: contestant.loss() for name, contestant in made.items()}
    trained = {name: loss for name, loss in losses.items() if loss is not None}
    reference = next(iter(trained.values()))
    for name, loss in trained.items():
        if not math.isclose(loss, reference, rel_tol=tolerance, abs_tol=1e-6):
            raise ValueError(
                f"{name}: expected a final loss of {reference:.4g} within "
                f"{100 * tolerance:g} %, got {loss:.4g}; let all take the same steps"
            )
    return {
        name: Result(
            least(first[name]),
            least(later[name]),
            statistics.median(later[name]),
            len(later[name]),
            losses[name],
        )
        for name in makers
    }

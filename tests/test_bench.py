"""The clock, the turns and the budgets of the bench, with a clock set by hand."""

import itertools
import math

import pytest

from bench import contest

# Seconds that a contestant takes: in its first call, then in turn in the later ones.
Script = list[float]


class Scripted:
    """A contestant that takes as long as it is told."""

    def __init__(self, clock: "HandClock", script: Script, loss: float | None) -> None:
        first, *later = script
        self.seconds = itertools.chain([first], itertools.cycle(later))
        self.clock, self.final = clock, loss
        self.weights_are_fresh = False

    def reset(self) -> None:
        self.clock.now += 1000.0  # outside of the clock
        self.weights_are_fresh = True

    def train(self, epochs: int) -> float:
        assert self.weights_are_fresh
        self.weights_are_fresh = False
        self.clock.now += next(self.seconds) * epochs
        return 0.0

    def loss(self) -> float | None:
        return self.final


class HandClock:
    """Stands still unless somebody works."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def maker(self, name: str, script: Script, loss: float | None = 1.0):
        def make() -> Scripted:
            self.order.append(name)
            return Scripted(self, script, loss)

        return make


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    hand = HandClock()
    monkeypatch.setattr(contest.time, "perf_counter", lambda: hand.now)
    return hand


def result(first: float, later: float) -> contest.Result:
    return contest.Result(first, later, later, 3, 1.0)


def test_the_clock_stands_still_while_the_weights_are_put_back(clock):
    contestant = clock.maker("any", [0.25, 0.125])()
    assert contest.clock(contestant, epochs=2) == 0.5
    assert contest.clock(contestant, epochs=2) == 0.25


def test_a_later_call_is_never_the_first_one(clock):
    makers = {"slow": clock.maker("slow", [50.0, 10.0])}
    (found,) = contest.run(makers, 1, slow=3.0).values()
    assert (found.first, found.later, found.calls) == (50.0, 10.0, 1)


def test_who_is_slow_is_made_once_and_has_one_turn(clock):
    makers = {
        "slow": clock.maker("slow", [4.0, 0.5]),
        "fast": clock.maker("fast", [2.0, 0.5]),
    }
    found = contest.run(makers, 1, firsts=3, turns=7, slow=3.0)
    assert clock.order == ["slow", "fast", "fast", "fast"]
    assert found["slow"].calls == 1
    assert found["fast"].calls == 7


def test_the_least_counts_and_the_median_is_told(clock):
    makers = {"one": clock.maker("one", [2.0, 0.5, 0.25, 1.0])}
    (found,) = contest.run(makers, 1, firsts=1, turns=3).values()
    assert (found.first, found.later, found.median) == (2.0, 0.25, 0.5)


def test_contestants_take_turns(clock):
    order = []

    def watched(name):
        contestant = clock.maker(name, [0.5, 0.5])()
        train = contestant.train
        contestant.train = lambda epochs: (order.append(name), train(epochs))[1]
        return contestant

    makers = {name: lambda name=name: watched(name) for name in "ab"}
    contest.run(makers, 1, firsts=2, turns=2)
    assert order == ["a", "b"] * 4


def test_a_turn_lasts_until_its_time_is_over(clock):
    quick = clock.maker("quick", [0.0625, 0.0625])()
    assert contest.take_turn(quick, 1, seconds_per_turn=0.25) == [0.0625] * 4
    slow = clock.maker("slow", [8.0, 8.0])()
    assert contest.take_turn(slow, 1, seconds_per_turn=0.25) == [8.0]


@pytest.mark.parametrize("loss", [1.1, math.nan])
def test_who_ends_elsewhere_has_not_done_the_same(clock, loss):
    makers = {
        "one": clock.maker("one", [1.0, 1.0]),
        "other": clock.maker("other", [1.0, 1.0], loss),
    }
    with pytest.raises(ValueError, match=r"^other: expected a final loss of 1 within"):
        contest.run(makers, 1, tolerance=0.02)


def test_who_has_no_loss_is_not_compared(clock):
    makers = {
        "none": clock.maker("none", [1.0, 1.0], None),
        "one": clock.maker("one", [1.0, 1.0], 3.0),
        "other": clock.maker("other", [1.0, 1.0], 3.01),
    }
    found = contest.run(makers, 1)
    assert [each.loss for each in found.values()] == [None, 3.0, 3.01]


@pytest.mark.parametrize(("times", "held"), [(3, True), (4, True), (4.1, False)])
def test_at_least_so_many_times_as_fast(times, held):
    results = {"train": result(2.0, 0.5), "step": result(9.0, 2.0)}
    line = contest.AtLeast("train", times, "step").check("job", results)
    assert (line.reached, line.held) == (4.0, held)
    assert (line.job, line.way) == ("job", "train, later call")
    assert line.budget == f"at least {times:g} times as fast as step"


def test_a_first_call_is_compared_with_a_later_one():
    results = {"train": result(2.0, 0.5), "step": result(9.0, 1.0)}
    line = contest.AtLeast("train", 1, "step", "first").check("job", results)
    assert (line.way, line.reached, line.held) == ("train, first call", 0.5, False)


@pytest.mark.parametrize(("times", "held"), [(0.2, False), (0.25, True), (3, True)])
def test_at_most_so_many_times_the_time(times, held):
    results = {"train": result(2.0, 0.5), "step": result(9.0, 2.0)}
    line = contest.AtMost("train", times, "step").check("job", results)
    assert (line.reached, line.held) == (0.25, held)
    assert line.budget == f"at most {times:g} times the time of step"

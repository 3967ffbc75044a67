"""Answers to the exercises of the page *Where the time goes*, right and wrong."""

import math
import time

import pytest

from tfbook import exercises


def seconds(function, warm: int, readings: int, choose=min) -> float:
    """Read the clock as often as asked, after warming up."""
    for _ in range(warm):
        function()
    found = []
    for _ in range(readings):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return choose(found)


def break_even(first, later, without):
    if later >= without:
        return None
    return max(1, math.ceil((first - later) / (without - later)))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("price", 24),
        ("price", 20 + 400 / 100),
        ("steps_enough", 200),
        ("num_calls", lambda epochs, every: math.ceil(epochs / every)),
        ("num_calls", lambda epochs, every: -(-epochs // every)),
        ("warm_seconds", lambda function: seconds(function, 1, 5)),
        ("break_even", break_even),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("price", 420, "one step per call"),
        ("price", 2400, "divide it by its 100"),
        ("price", 4, "comes on top"),
        ("price", 7, "7 is not step"),
        ("steps_enough", 20, "as much as they do"),
        ("steps_enough", 100, "costs 0.2 of them"),
        ("num_calls", lambda epochs, every: epochs // every, "the rest of 2 epochs"),
        ("num_calls", lambda epochs, every: epochs, "100 calls were wanted"),
        ("warm_seconds", lambda function: seconds(function, 0, 1), "once to warm up"),
        ("warm_seconds", lambda f: seconds(f, 0, 3, max), "holds the first call"),
        ("warm_seconds", lambda f: seconds(f, 1, 1), "read it several times"),
        ("warm_seconds", lambda f: seconds(f, 1, 2, max), "smallest reading"),
        ("break_even", lambda first, later, without: 0, "2 were wanted"),
        (
            "break_even",
            lambda first, later, without: first / (without - later),
            "also a run",
        ),
        (
            "break_even",
            lambda first, later, without: math.ceil(
                (first - later) / (without - later)
            ),
            "1 were wanted",
        ),
        (
            "break_even",
            lambda first, later, without: max(
                1, math.ceil((first - later) / (without - later))
            ),
            "never pays: None",
        ),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

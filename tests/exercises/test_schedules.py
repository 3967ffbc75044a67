"""Answers to the exercises of the page *A fair comparison*, right and wrong."""

import numpy as np
import pytest

from tfbook import exercises


def triangle(t, total, warmup):
    return np.minimum(t / warmup, (total - t) / (total - warmup))


def share_of_wins(one, other):
    one, other = np.asarray(one), np.asarray(other)
    return (one < other).mean() + (one == other).mean() / 2


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("triangle", triangle),
        ("triangle", lambda t, total, w: np.interp(t, [0, w, total], [0, 1, 0])),
        (
            "triangle",
            lambda t, total, w: [min(n / w, (total - n) / (total - w)) for n in t],
        ),
        ("mean_shares", [0.5, 0.215]),
        ("mean_shares", (0.5, 0.99 / np.log(100))),
        ("steps_to_half", lambda rate, decay: np.log(0.5) / np.log(1 - rate * decay)),
        ("steps_to_half", lambda rate, decay: -np.log(2) / np.log1p(-rate * decay)),
        ("share_of_wins", share_of_wins),
        ("comparison_flaws", {"a", "c", "e", "f"}),
        ("comparison_flaws", "feca"),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("triangle", lambda t, total, w: 0.5, "one per step"),
        ("triangle", lambda t, total, w: 1 - t / total, "the warm-up starts at 0"),
        ("triangle", lambda t, total, w: t / total, "there the share is 1"),
        (
            "triangle",
            lambda t, total, w: np.minimum(t / w, 1),
            "the fall ends at 0",
        ),
        (
            "triangle",
            lambda t, total, w: triangle(t, total, w) ** 2,
            "both lines are straight",
        ),
        (
            "triangle",
            lambda t, total, w: triangle(t, t[-1], w),
            "not from `t`",
        ),
        ("mean_shares", 0.5, "expected two numbers"),
        ("mean_shares", [0.6, 0.215], "for the cosine"),
        ("mean_shares", [0.5, 0.505], "no straight line"),
        ("mean_shares", [0.5, 0.1], "in the middle of the run"),
        ("mean_shares", [0.5, 0.3], "for the exponential"),
        ("steps_to_half", lambda rate, decay: 0.5 / (rate * decay), "of what is left"),
        (
            "steps_to_half",
            lambda rate, decay: np.log(2) / np.log(1 - rate * decay),
            "turn the sign",
        ),
        (
            "steps_to_half",
            lambda rate, decay: np.log(2) / (rate * decay),
            "solve it exactly",
        ),
        ("steps_to_half", lambda rate, decay: 1 / rate, "for t"),
        (
            "share_of_wins",
            lambda one, other: float(np.mean(one) < np.mean(other)),
            "count the pairs",
        ),
        (
            "share_of_wins",
            lambda one, other: share_of_wins(other, one),
            "the lower loss wins",
        ),
        (
            "share_of_wins",
            lambda one, other: (np.array(one) < other).mean(),
            "a tie counts one half",
        ),
        (
            "share_of_wins",
            lambda one, other: share_of_wins(*finite(one, other)),
            "diverged are a tie",
        ),
        ("comparison_flaws", {"g"}, "letters from a to f"),
        ("comparison_flaws", {"a", "b"}, "what judges should be"),
        ("comparison_flaws", {"d"}, "how sure"),
        ("comparison_flaws", {"c", "e", "f"}, "several rates"),
        ("comparison_flaws", {"a", "e", "f"}, "the same budget"),
        ("comparison_flaws", {"a", "c", "f"}, "starts or rows"),
        ("comparison_flaws", {"a", "c", "e"}, "choose the same rate"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)


def finite(one, other):
    """Drop the pairs of which one diverged."""
    kept = np.isfinite(one) & np.isfinite(other)
    return np.array(one)[kept], np.array(other)[kept]

"""Answers to the exercises of the page *Optimizers on house prices*."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def clip(gradients: list, limit: float, power: float = 2) -> list:
    norm = sum((abs(gradient) ** power).sum() for gradient in gradients) ** (1 / power)
    return [gradient / max(1, norm / limit) for gradient in gradients]


def choose_rate(losses, middle=np.median, ends=True, diverging=False):
    medians = {
        rate: middle(each)
        for rate, each in losses.items()
        if diverging or np.isfinite(each).all()
    }
    chosen = min(medians, key=medians.get)
    at_end = chosen in (min(losses), max(losses))
    return "too short" if ends and at_end else chosen


def end_by_order(losses):
    rates = list(losses)
    chosen = choose_rate(losses, ends=False)
    return "too short" if chosen in (rates[0], rates[-1]) else chosen


def end_of_survivors(losses):
    finite = {rate: each for rate, each in losses.items() if np.isfinite(each).all()}
    return choose_rate(finite)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("clip", clip),
        ("clip", lambda gradients, limit: tf.clip_by_global_norm(gradients, limit)[0]),
        ("scaled_rates", lambda s: (1 / s**2, 1 / s)),
        ("scaled_rates", lambda s: [s**-2, s**-1]),
        ("scaled_rates", lambda s: np.array([1 / s / s, 1 / s])),
        ("choose_rate", choose_rate),
        ("unfair", {"b", "c", "e"}),
        ("unfair", "ecb"),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("scaled_rates", lambda s: 1 / s, "expected two factors"),
        ("scaled_rates", lambda s: (1 / s, 1 / s**2), "exchange the two"),
        ("scaled_rates", lambda s: (s**2, s), "a lower rate"),
        ("scaled_rates", lambda s: (1 / s, 1 / s), "to be divided by 4 as well"),
        ("scaled_rates", lambda s: (1.0, 1 / s), "times the old gradient"),
        ("scaled_rates", lambda s: (1 / s**2, 1.0), "its step stays"),
        ("scaled_rates", lambda s: (1 / s**2, 1 / s**2), "the s away once"),
        ("scaled_rates", lambda s: (1 / s**2, s), "the size of the gradient"),
        ("choose_rate", min, "the median of 0.1 is lower"),
        ("choose_rate", lambda x: choose_rate(x, np.mean), "the median of 0.1"),
        ("choose_rate", lambda x: choose_rate(x, np.min), "the median of 0.1"),
        (
            "choose_rate",
            lambda x: choose_rate(x, diverging=True),
            "a run diverged",
        ),
        ("choose_rate", lambda x: choose_rate(x, ends=False), "at an end"),
        ("choose_rate", end_by_order, "at no end"),
        ("choose_rate", end_of_survivors, "at no end"),
        ("choose_rate", lambda losses: 7, "none of the rates"),
        ("clip", lambda gradients, limit: gradients, "divide by the norm"),
        (
            "clip",
            lambda g, limit: [np.clip(each, -limit, limit) for each in g],
            "alone",
        ),
        (
            "clip",
            lambda g, limit: clip(g, limit, power=1),
            "root of the sum of squares",
        ),
        ("clip", lambda g, limit: clip(g, limit)[0], "keep the list"),
        ("clip", lambda g, limit: clip(g[::-1], limit)[::-1][:1], "keep the list"),
        (
            "clip",
            lambda g, limit: [np.full(each.shape, 3**-0.5) for each in g],
            "by the same number",
        ),
        (
            "clip",
            lambda g, limit: [each / clip_norm(g) * limit for each in g],
            "should stay",
        ),
        (
            "clip",
            lambda g, limit: [np.nan_to_num(each, nan=1) for each in unsafe(g, limit)],
            "a norm of 0",
        ),
        ("unfair", {"f"}, "letters from a to e"),
        ("unfair", {"a", "b"}, "equal weights at the start"),
        ("unfair", {"d"}, "new starts show"),
        ("unfair", {"c"}, "same number of tries"),
        ("unfair", {"b", "e"}, "on which rows"),
        ("unfair", {"b", "c"}, "same statistic"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)


def clip_norm(gradients: list) -> float:
    return np.sqrt(sum((gradient**2).sum() for gradient in gradients))


def unsafe(gradients: list, limit: float) -> list:
    norm = clip_norm(gradients)
    with np.errstate(invalid="ignore"):
        return [
            each * np.minimum(1, limit / norm) if norm else each / norm
            for each in gradients
        ]

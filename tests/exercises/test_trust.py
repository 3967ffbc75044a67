"""Answers to the exercises of *How far to trust it*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def distances(sure, right, bins, middle=False):
    which = np.digitize(sure, np.linspace(0, 1, bins + 1)[1:-1])
    for number in np.unique(which):
        inside = which == number
        said = (number + 0.5) / bins if middle else sure[inside].mean()
        yield inside.mean(), said - right[inside].mean()


def calibration(sure, right, bins=10):
    return sum(share * abs(gap) for share, gap in distances(sure, right, bins))


def with_empty_bins(sure, right, bins=10):
    gaps = [abs(gap) for _, gap in distances(sure, right, bins)]
    return np.mean([*gaps, np.nan])


def loss_of(labels, logits):
    return float(
        tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels[:, 0], logits)
        )
    )


def losses_at(labels, logits):
    candidates = np.geomspace(0.2, 5, 400)
    return candidates, [loss_of(labels, logits / T) for T in candidates]


def best_temperature(labels, logits):
    candidates, losses = losses_at(labels, logits)
    return candidates[np.argmin(losses)]


def no_less_than_one(labels, logits):
    return max(1.0, best_temperature(labels, logits))


def pair(first, second, n):
    values = np.repeat([1.0, -1.0, 0.0], [first, second, n - first - second])
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(n)
    return np.mean(values) - half, np.mean(values) + half


def needed(a, half):
    return 1.96**2 * a * (1 - a) / half**2


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("digits_needed", needed),
        ("digits_needed", lambda a, half: int(np.ceil(needed(a, half)))),
        ("calibration_error", calibration),
        ("temperature", best_temperature),
        ("paired_interval", pair),
        ("paired_interval", lambda *counts: np.array(pair(*counts))),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("digits_needed", lambda a, h: needed(a, h) / 1.96**2, "kappa is missing"),
        ("digits_needed", lambda a, h: needed(a, h) / 1.96, "squared, too"),
        ("digits_needed", lambda a, h: needed(a, 2 * h), "the whole width"),
        ("digits_needed", lambda a, h: needed(a, h) ** 0.5, "the root of n"),
        ("digits_needed", lambda a, h: 1000, "expected 7299, got 1000$"),
        ("calibration_error", with_empty_bins, "an empty bin"),
        (
            "calibration_error",
            lambda sure, right, bins: sum(
                share * gap for share, gap in distances(sure, right, bins)
            ),
            "made up for",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: np.mean(
                [abs(gap) for _, gap in distances(sure, right, bins)]
            ),
            "weight each bin",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: sum(
                share * abs(gap) for share, gap in distances(sure, right, bins, True)
            ),
            "not its middle",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: max(
                abs(gap) for _, gap in distances(sure, right, bins)
            ),
            "the largest distance",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: calibration(sure, right),
            "right for 10 bins, but not for 2",
        ),
        ("calibration_error", lambda *_, **__: 1.0, "expected 0.16, got 1 for"),
        ("temperature", lambda y, z: 1.0, "expected T = 3.01, got 1$"),
        ("temperature", lambda y, z: 1 / best_temperature(y, z), "that is 1 / T"),
        ("temperature", lambda y, z: min(losses_at(y, z)[1]), "the smallest loss;"),
        (
            "temperature",
            lambda y, z: losses_at(y, z)[0][np.argmax(losses_at(y, z)[1])],
            "the first one tried",
        ),
        ("temperature", no_less_than_one, "half as large .* expected T = 0.503, got 1"),
        ("paired_interval", lambda *c: pair(c[1], c[0], c[2]), "minus the second"),
        ("paired_interval", lambda *c: pair(*c)[::-1], "the lower end comes first"),
        ("paired_interval", lambda *c: c[2] * np.array(pair(*c)), "counts digits"),
        ("paired_interval", lambda a, b, n: pair(a, b, a + b), "count as 0"),
        ("paired_interval", lambda *c: pair(*c)[0], "expected two numbers"),
        ("paired_interval", lambda a, b, n: (0, (a - b) / n), "expected 0.0058 to"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

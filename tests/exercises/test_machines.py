"""Answers to the exercises of the page *Many devices, many machines*."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def weighted(gradients, sizes):
    pairs = [(g, n) for g, n in zip(gradients, sizes, strict=True) if n]
    return sum(n * g for g, n in pairs) / sum(sizes)


def weighted_in_one(gradients, sizes):
    return np.average(np.nan_to_num(gradients), axis=0, weights=sizes)


def weighted_by_tensorflow(gradients, sizes):
    pairs = [(g, n) for g, n in zip(gradients, sizes, strict=True) if n]
    return tf.add_n([tf.constant(g) * n for g, n in pairs]) / sum(sizes)


def zero_times_nan(gradients, sizes):
    return sum(n * g for g, n in zip(gradients, sizes, strict=True)) / sum(sizes)


def divided_by_all(gradients, sizes):
    pairs = [(g, n) for g, n in zip(gradients, sizes, strict=True) if n]
    return sum(n * g for g, n in pairs) / (sum(sizes) + sizes.count(0))


def predict(t1, t2, k):
    return 2 * (t1 - t2) / k + 2 * t2 - t1


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("whole_gradient", weighted),
        ("whole_gradient", weighted_in_one),
        ("whole_gradient", weighted_by_tensorflow),
        ("whole_gradient", lambda *given: weighted(*given).tolist()),
        ("megabytes_sent", [150, 98.4]),
        ("megabytes_sent", (150.0, 98.4375)),
        ("megabytes_sent", np.array([150, 98.4375])),
        ("megabytes_sent", tf.constant([150, 98.4375])),
        ("unread_share", 0.75**4),
        ("unread_share", 0.32),
        ("unread_share", np.float32(0.316)),
        ("unread_share", tf.constant(0.316)),
        ("eight_times", "c"),
        ("eight_times", "(C)"),
        ("snapshot", {"a", "b", "c", "e"}),
        ("snapshot", ["a", "b", "c", "e"]),
        ("snapshot", ("e", "c", "b", "a")),
        ("snapshot", "abce"),
        ("snapshot", "a, b, c, e"),
        ("predict_time", predict),
        ("predict_time", lambda *given: np.array(predict(*given))),
        ("predict_time", lambda *given: tf.constant(predict(*given))),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("whole_gradient", lambda g, n: np.mean(g, axis=0), "counted alike"),
        ("whole_gradient", lambda g, n: sum(g), "added up as they are"),
        ("whole_gradient", lambda g, n: g[0] + 3 * g[-1], "were not divided"),
        ("whole_gradient", lambda g, n: (g[0] + 3 * g[-1]) / 2, "number of workers"),
        ("whole_gradient", lambda g, n: (3 * g[0] + g[-1]) / 4, "each other's"),
        ("whole_gradient", lambda g, n: 0 * g[0], r"made \[0. 0.\], not \[3, 7\]"),
        ("whole_gradient", lambda g, n: 3.0, r"made 3.0, not \[3, 7\]"),
        ("whole_gradient", zero_times_nan, "0 times NaN is NaN"),
        ("whole_gradient", divided_by_all, "with a worker without rows it made"),
        ("megabytes_sent", [100, 98.4], "the first is the size of the parameters"),
        ("megabytes_sent", [150, 50], "the second is the size .* with k = 64"),
        ("megabytes_sent", [75, 98.4], "the first is one half"),
        ("megabytes_sent", [300, 98.4], "the first is what one worker would send"),
        ("megabytes_sent", [600, 98.4], "the first is what all send together"),
        ("megabytes_sent", [150, 196.9], "the second has 4 bytes per parameter"),
        ("megabytes_sent", [37.5, 98.4], "the first counts parameters"),
        ("megabytes_sent", [150e6, 98.4e6], "the first is in bytes"),
        ("megabytes_sent", [151.5, 98.4], "the first, 151.5, is not"),
        ("megabytes_sent", 150, "expected two numbers, got 1"),
        ("unread_share", 0, "some twice, so some are left"),
        ("unread_share", 0.75, "one worker does not read"),
        ("unread_share", 0.25, "one worker reads"),
        ("unread_share", 0.42, "for three workers"),
        ("unread_share", 0.004, "all four read"),
        ("unread_share", 0.684, "somebody reads"),
        ("unread_share", 0.368, "very many workers"),
        ("unread_share", 0.5, "0.5 is not it"),
        ("eight_times", "a", "the mean over all rows"),
        ("eight_times", "b", "hardly depends on their number"),
        ("eight_times", "d", "equal on purpose"),
        ("eight_times", 3, "one of the letters a to d"),
        ("snapshot", {"b", "c", "e"}, "also needed: a"),
        ("snapshot", {"a", "c", "e"}, "also needed: b"),
        ("snapshot", {"a", "b", "e"}, "also needed: c"),
        ("snapshot", {"a", "b", "c"}, "also needed: e"),
        ("snapshot", set("abcde"), "not needed: d"),
        ("snapshot", set("abcef"), "not needed: f"),
        ("snapshot", {"z"}, "letters a to f"),
        ("snapshot", 4, "letters a to f"),
        ("predict_time", lambda t1, t2, k: t1 / k, "50 for two workers"),
        ("predict_time", lambda t1, t2, k: t2, "60 for one worker"),
        ("predict_time", lambda t1, t2, k: t1 - (k - 1) * (t1 - t2), "for four; A"),
        ("predict_time", lambda t1, t2, k: max(20.08, predict(t1, t2, k)), "not 13"),
        (
            "predict_time",
            lambda t1, t2, k: predict(t1, t2, min(k, 4)),
            "40 for eight; A",
        ),
        (
            "predict_time",
            lambda t1, t2, k: predict(t1, t2, k) if k < 99 else 0,
            "B stays",
        ),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

"""Answers to the exercises of the page *Why the network died*, right and wrong."""

import keras
import numpy as np
import pytest

from tfbook import diagnostics, exercises, models, training


def train_patients(split, standard=True, rate=0.001, epochs=300):
    """Train as the page's solution does, or without one of its steps."""
    keras.utils.set_random_seed(0)
    ready = split.standardized() if standard else split
    history = training.train(
        models.MLP(4, 1),
        ready.train,
        ready.test,
        optimizer=keras.optimizers.SGD(rate),
        epochs=epochs,
    )
    return history["testing_loss"].iloc[-1] / diagnostics.constant_baseline(split)


def scale_by_training_rows(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale[np.ptp(train, axis=0) == 0] = 1
    return (train - mean) / scale, (test - mean) / scale


def scale_but_exact_zeros(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale[scale == 0] = 1
    return (train - mean) / scale, (test - mean) / scale


def scale_but_small_ones(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(scale < 1e-9, 1, scale)
    return (train - mean) / scale, (test - mean) / scale


def step(x, z, error, v, rate):
    return -rate * 2 / len(x) * v * x.T @ (error * (z > 0))


RIGHT = [
    ("learned_nothing", lambda loss, y: loss > 0.999 * np.var(y)),
    ("learned_nothing", lambda loss, y: loss >= y.var() * (1 - 1e-3)),
    ("silent", lambda h: [unit for unit in range(h.shape[1]) if not h[:, unit].any()]),
    ("silent", lambda h: np.flatnonzero((h == 0).all(axis=0))),
    ("standardize", scale_by_training_rows),
    ("standardize", scale_but_small_ones),
    ("kernel_step", step),
    ("kernel_step", lambda *a: list(step(*a))),
    ("lesson", train_patients),
]
WRONG = [
    ("learned_nothing", lambda loss, y: loss >= np.std(y) * 0.999, "a constant cannot"),
    ("learned_nothing", lambda loss, y: loss == np.var(y), "a constant does better"),
    ("learned_nothing", lambda loss, y: abs(loss / np.var(y) - 1) < 1e-9, "13"),
    ("learned_nothing", lambda loss, y: loss > 0.9 * np.var(y), "more than a thousand"),
    ("learned_nothing", lambda loss, y: loss > np.var(y), "the constant 3 has"),
    ("learned_nothing", lambda loss, y: loss >= np.var(y), "allow a thousandth"),
    ("silent", lambda h: np.flatnonzero(h[0] == 0), "look at all rows"),
    ("silent", lambda h: np.flatnonzero((h == 0).any(axis=0)), "0 in every row"),
    ("silent", lambda h: np.flatnonzero((h == 0).all(axis=1)), "a column is a unit"),
    ("silent", lambda h: (h == 0).all(axis=0), "a column is a unit"),
    ("silent", lambda h: np.flatnonzero(h.sum(axis=0) == 0), "add up to 0"),
    ("silent", lambda h: [1], "the list is empty"),
    ("standardize", lambda a, b: (a - a.mean(0), b - a.mean(0)), "not deviation 1"),
    ("standardize", lambda a, b: (a / a.std(0), b / a.std(0)), "not mean 0"),
    (
        "standardize",
        lambda a, b: ((a - a.mean(0)) / a.var(0), (b - a.mean(0)) / a.var(0)),
        "divided by the variance",
    ),
    ("standardize", lambda a, b: ((a - a.mean()) / a.std(), b), "one mean for all"),
    (
        "standardize",
        lambda a, b: ((a - a.mean(0)) / a.std(0), (b - b.mean(0)) / b.std(0)),
        "test rows need the mean",
    ),
    (
        "standardize",
        lambda a, b: ((a - a.mean(0)) / a.std(0), (b - a.mean(0)) / a.std(0)),
        "constant column became NaN",
    ),
    ("standardize", scale_but_exact_zeros, "whether the values differ"),
    ("standardize", lambda a, b: (a, b), "the training rows became"),
    ("kernel_step", lambda *a: -step(*a), "goes uphill"),
    ("kernel_step", lambda *a: len(a[0]) * step(*a), "the loss is a mean"),
    ("kernel_step", lambda *a: step(*a) / 2, "a square has slope 2"),
    ("kernel_step", lambda *a: step(*a) / a[3], "multiply by v"),
    ("kernel_step", lambda *a: step(*a) / a[4], "the rate times that"),
    ("kernel_step", lambda x, z, *a: step(x, z**2, *a), "does not fire take part"),
    ("kernel_step", lambda *a: step(*a)[::-1], "expected"),
    ("lesson", lambda split: train_patients(split, standard=False), "predicts a const"),
    ("lesson", lambda split: train_patients(split, rate=0.01), "training diverged"),
    ("lesson", lambda split: train_patients(split, epochs=20), "train for longer"),
    (
        "lesson",
        lambda split: train_patients(split) * diagnostics.constant_baseline(split),
        "looks like a loss",
    ),
    ("lesson", lambda split: np.nan, "is NaN"),
    ("lesson", lambda split: 0.1, "too good to be true"),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

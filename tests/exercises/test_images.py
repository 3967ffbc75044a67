"""Answers to the exercises of *Convolution on digits*, right and wrong."""

import keras
import numpy as np
import pytest

from tfbook import exercises


def places(size, width, stride, padding):
    if padding == "same":
        return -(-size // stride)
    return (size - width) // stride + 1


def by_keras(size, width, stride, padding):
    layer = keras.layers.Conv2D(1, width, strides=stride, padding=padding)
    return layer.compute_output_shape((1, size, size, 1))[1]


def valid_only(change):
    """Change what is right for valid padding, and leave the rest."""

    def answer(size, width, stride, padding):
        right = places(size, width, stride, padding)
        return right + change(size, width, stride) if padding == "valid" else right

    return answer


def field(layers):
    size = 1
    for width, stride in reversed(layers):
        size = (size - 1) * stride + width
    return size


def by_gradient(layers):
    """Count the pixels on which one output depends, by what changes it."""
    side = 40
    kernels = [np.ones(width) for width, _ in layers]

    def through(x):
        for kernel, (_, stride) in zip(kernels, layers, strict=True):
            x = np.correlate(x, kernel, "valid")[::stride]
        return x[2]

    return sum(through(row) > 0 for row in np.eye(side))


def images_drawn(sources, share, rng):
    names = np.unique(sources)
    drawn = rng.choice(names, round(share * len(names)), replace=False)
    return np.isin(sources, drawn)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("output_size", places),
        ("output_size", by_keras),
        ("kernel_parameters", lambda q, m, u: (q**2 * m + 1) * u),
        ("receptive_field", field),
        ("receptive_field", by_gradient),
        ("held_out", images_drawn),
        ("held_out", lambda *args: images_drawn(*args).tolist()),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("output_size", lambda s, q, d, padding: (s - q) // d + 1, "does not count"),
        ("output_size", valid_only(lambda s, q, d: -1), "is a place, too"),
        (
            "output_size",
            valid_only(lambda s, q, d: int((s - q) % d > 0)),
            "round down",
        ),
        (
            "output_size",
            lambda s, q, d, p: s // d if p == "same" else places(s, q, d, p),
            "round up",
        ),
        ("output_size", lambda s, q, d, p: s - q + 1, "without the stride"),
        ("output_size", lambda *args: 3, "expected 12, got 3"),
        ("kernel_parameters", lambda q, m, u: q**2 * m * u, "has a bias"),
        ("kernel_parameters", lambda q, m, u: q**2 * m * u + 1, "one bias"),
        ("kernel_parameters", lambda q, m, u: q**2 * u + u, "every channel"),
        ("kernel_parameters", lambda q, m, u: q * m * u + u, "is a square"),
        ("kernel_parameters", lambda *args: 0, "expected 234, got 0"),
        (
            "receptive_field",
            lambda layers: 1 + sum(width - 1 for width, _ in layers),
            "further apart",
        ),
        ("receptive_field", lambda layers: field(layers[::-1]), "the last layer"),
        ("receptive_field", lambda layers: layers[0][0], "expected 5, got 3"),
        (
            "held_out",
            lambda sources, share, rng: rng.random(len(sources)) < share,
            "draw images and not rows",
        ),
        ("held_out", lambda *args: ~images_drawn(*args), "should be True"),
        (
            "held_out",
            lambda s, share, rng: images_drawn(s, share / 2.5, rng),
            "got 2; hold",
        ),
        (
            "held_out",
            lambda s, share, rng: images_drawn(s, share, np.random.default_rng(0)),
            "draw them with rng",
        ),
        ("held_out", lambda s, share, rng: np.unique(s), "expected one True"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

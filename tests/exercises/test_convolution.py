"""Answers to the exercises of the page *Convolution*."""

import keras
import numpy as np
import pytest

from tfbook import exercises


def same_convolution(x, kernel):
    padded = np.pad(x, len(kernel) // 2)
    return sum(padded[j : j + len(x)] * kernel[j] for j in range(len(kernel)))


def keras_same(x, kernel):
    layer = keras.layers.Conv1D(1, len(kernel), padding="same", use_bias=False)
    layer.build((1, len(x), 1))
    layer.set_weights([kernel[:, None, None]])
    return layer(x[None, :, None])[0, :, 0]


def padded_by(before, after, mode="constant"):
    def convolve(x, kernel):
        return np.correlate(np.pad(x, (before, after), mode=mode), kernel, "valid")

    return convolve


def mean_pool(x, size, reduce=np.mean):
    rows, times, channels = x.shape
    x = x[:, : times // size * size].reshape(rows, times // size, size, channels)
    return reduce(x, axis=2)


def mixed_up(x, size):
    x = x[:, :6].reshape(2, size, 2, 2)
    return x.mean(axis=1)


def only_threes(x, size):
    """Divide by three, whatever the size of a window."""
    return mean_pool(x, size, np.sum) / 3


def two_dimensions(image, kernel):
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    return sum(
        image[i : i + rows, j : j + columns] * kernel[i, j]
        for i in range(height)
        for j in range(width)
    )


def keras_two(image, kernel):
    layer = keras.layers.Conv2D(1, kernel.shape, use_bias=False)
    layer.build((1, *image.shape, 1))
    layer.set_weights([kernel[..., None, None]])
    return layer(image[None, ..., None].astype(np.float32))[0, ..., 0]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("convolution_shape", (32, 36, 8)),
        ("convolution_shape", [32, 36, 8]),
        ("convolution_shape", np.array([32, 36, 8])),
        ("which_part", {"a", "b", "d"}),
        ("which_part", ["A", "B", "D"]),
        (
            "convolution_shape",
            tuple(keras.layers.Conv1D(8, 5)(np.ones((32, 40, 3))).shape),
        ),
        ("same_convolution", same_convolution),
        ("same_convolution", keras_same),
        ("mean_pool", mean_pool),
        ("mean_pool", lambda x, size: keras.layers.AveragePooling1D(size)(x)),
        ("two_dimensions", two_dimensions),
        ("two_dimensions", keras_two),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("convolution_shape", (32, 40, 8), "fewer than 40 places"),
        ("convolution_shape", (32, 35, 8), "one place more"),
        ("convolution_shape", (32, 36, 3), "adds up the channels"),
        ("convolution_shape", (32, 36, 24), "adds up the channels"),
        ("convolution_shape", (32, 33, 5), "the first argument"),
        ("convolution_shape", (8, 36, 32), "rows stay"),
        ("convolution_shape", 36, "three sizes"),
        ("convolution_shape", "rows", "three sizes"),
        ("same_convolution", padded_by(0, 0), "it made 4; put zeros"),
        ("same_convolution", padded_by(0, 2), "at the end; put half"),
        ("same_convolution", padded_by(2, 0), "at the beginning; put half"),
        ("same_convolution", padded_by(1, 1, "edge"), "right in the middle"),
        ("same_convolution", padded_by(1, 1), "not for one of 5"),
        ("same_convolution", lambda x, k: np.convolve(x, k, "same"), "is reversed"),
        ("same_convolution", lambda x, kernel: x, "expected 210"),
        ("mean_pool", lambda x, size: x[:, ::size], "leave out the rest"),
        ("mean_pool", lambda x, s: mean_pool(x, s, np.max), "the largest"),
        ("mean_pool", lambda x, s: mean_pool(x, s, np.sum), "the sum"),
        ("mean_pool", mixed_up, "hold neighbours"),
        ("mean_pool", lambda x, size: x[:, :2], "not the mean"),
        ("mean_pool", lambda x, size: mean_pool(x, 3), "from 8 times and size 4"),
        ("mean_pool", only_threes, "from 8 times .* not the mean of its"),
        ("two_dimensions", lambda image, k: image, r"made \(4, 5\)"),
        (
            "two_dimensions",
            lambda i, k: two_dimensions(i, k[::-1, ::-1]),
            "half a turn",
        ),
        ("two_dimensions", lambda i, k: two_dimensions(i, k).T, "exchanged"),
        ("two_dimensions", lambda i, k: two_dimensions(i, k) / 6, "the mean"),
        ("two_dimensions", lambda image, k: image[:3, :3], "in pairs"),
        ("which_part", {"a", "b"}, "also: d"),
        ("which_part", {"b", "d"}, "also: a; it has few weights"),
        ("which_part", set("abcd"), "not c: both differ"),
        ("which_part", set("abde"), "not e: it asks"),
        ("which_part", {"f"}, "expected a set of the letters"),
        ("which_part", 3, "expected a set of the letters"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

"""Answers to the exercises of the page *A tour of layers*, right and wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def channel_norm(x, epsilon=0.001):
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    return (x - mean) / np.sqrt(variance + epsilon)


def norm_over(axis):
    def norm(x, epsilon=0.001):
        mean = x.mean(axis=axis, keepdims=True)
        return (x - mean) / np.sqrt(x.var(axis=axis, keepdims=True) + epsilon)

    return norm


def by_the_variance(x, epsilon=0.001):
    return (x - x.mean(axis=(0, 1))) / (x.var(axis=(0, 1)) + epsilon)


def random_dropout(x, rate, rng):
    return np.where(rng.random(x.shape) < rate, 0, x / (1 - rate))


def in_place(x, rate, rng):
    x[rng.random(x.shape) < rate] = 0
    return x


def seeded_anew(x, rate, rng):
    return random_dropout(x, rate, np.random.default_rng(3))


def embedding_gradient(codes, gradients, num_codes):
    return np.eye(num_codes)[codes].T @ gradients


def added_at(codes, gradients, num_codes):
    table = np.zeros((num_codes, gradients.shape[1]))
    np.add.at(table, codes, gradients)
    return table


def overwritten(codes, gradients, num_codes):
    table = np.zeros((num_codes, gradients.shape[1]))
    table[codes] += gradients
    return table


def averaged(codes, gradients, num_codes):
    counts = np.bincount(codes, minlength=num_codes)[:, None]
    return embedding_gradient(codes, gradients, num_codes) / np.maximum(counts, 1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("batch_norm_weights", (256, 128)),
        ("dropout_flaws", {"a", "b", "d", "e"}),
        ("dropout_flaws", "ABDE"),
        ("channel_norm", channel_norm),
        ("random_dropout", random_dropout),
        ("embedding_gradient", embedding_gradient),
        ("embedding_gradient", added_at),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_keras_gives_the_right_answers():
    layer = keras.layers.BatchNormalization()
    layer.build((None, 64))
    trained = sum(int(np.prod(w.shape)) for w in layer.trainable_weights)
    assert (layer.count_params(), trained) == (256, 128)

    def keras_norm(x, epsilon):
        return keras.layers.BatchNormalization(epsilon=epsilon, dtype="float64")(
            x, training=True
        )

    assert exercises.hint("channel_norm", keras_norm) is None

    def keras_dropout(x, rate, rng):
        layer = keras.layers.Dropout(rate, seed=int(rng.integers(1000)))
        return layer(x, training=True)

    assert exercises.hint("random_dropout", keras_dropout) is None

    def keras_gradient(codes, gradients, num_codes):
        layer = keras.layers.Embedding(num_codes, gradients.shape[1])
        layer.build(())
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(codes) * gradients)
        return tf.convert_to_tensor(tape.gradient(loss, layer.embeddings.value))

    assert exercises.hint("embedding_gradient", keras_gradient) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("batch_norm_weights", (4, 2), "for one feature"),
        ("batch_norm_weights", (128, 128), "running averages are weights too"),
        ("batch_norm_weights", (256, 256), "no gradient moves them"),
        ("batch_norm_weights", (128, 256), "exchange the two"),
        ("batch_norm_weights", (64, 64), "count for one feature"),
        ("batch_norm_weights", 256, "expected a pair"),
        ("dropout_flaws", 4, "expected a set of the letters"),
        ("dropout_flaws", {"g"}, "expected a set of the letters"),
        ("dropout_flaws", {"a", "b", "d"}, "also a flaw: e"),
        ("dropout_flaws", set("abcde"), "no flaw: c; dropout has no weights"),
        ("dropout_flaws", set("abdef"), "no flaw: f"),
        ("channel_norm", lambda x, epsilon: x, "returned its input"),
        ("channel_norm", norm_over(0), "over axis 1 too"),
        ("channel_norm", norm_over(-1), "that is layer normalization"),
        ("channel_norm", norm_over(None), "one mean for all features"),
        ("channel_norm", norm_over((0, 1)), "not for two"),
        (
            "channel_norm",
            lambda x, epsilon: channel_norm(x, epsilon=0),
            "right except for epsilon",
        ),
        ("channel_norm", by_the_variance, "divide by its square root"),
        ("channel_norm", lambda x, epsilon: x / 2, "check the axes"),
        ("channel_norm", lambda x, epsilon: x[0], r"made \(3, 2\)"),
        ("random_dropout", in_place, "changed its argument"),
        ("random_dropout", lambda x, rate, rng: x / (1 - rate), "nothing was dropped"),
        (
            "random_dropout",
            lambda x, rate, rng: random_dropout(x, 1 - rate, rng),
            "it should drop a fifth",
        ),
        (
            "random_dropout",
            lambda x, rate, rng: random_dropout(x, rate / 4, rng),
            "not about 0.8",
        ),
        (
            "random_dropout",
            lambda x, rate, rng: x * (rng.random((len(x), 1)) > rate),
            "whole rows",
        ),
        (
            "random_dropout",
            lambda x, rate, rng: x * (rng.random(x.shape) > rate),
            "3 stayed 3",
        ),
        (
            "random_dropout",
            lambda x, rate, rng: x * (rng.random(x.shape) > rate) * (1 - rate),
            "3 became 2.4",
        ),
        ("random_dropout", seeded_anew, "same places"),
        ("random_dropout", lambda x, rate, rng: x[0], r"made \(5,\)"),
        ("embedding_gradient", overwritten, "twice"),
        ("embedding_gradient", averaged, "mean of its two"),
        ("embedding_gradient", lambda c, g, n: g, r"got \(3, 2\)"),
        (
            "embedding_gradient",
            lambda c, g, n: np.ones((n, 2)),
            "does not change the loss",
        ),
        (
            "embedding_gradient",
            lambda c, g, n: 2 * embedding_gradient(c, g, n),
            r"got \[22.0, 44.0\]",
        ),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

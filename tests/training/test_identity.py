"""What makes a run the one that it is: alike when made again, and told from others."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook.training import identity


def power(y_true, y_pred, exponent=2):
    return tf.reduce_mean(tf.abs(y_true - y_pred) ** exponent)


class Power:
    """A loss that is an object with a method."""

    def __init__(self, exponent: float) -> None:
        self.exponent = exponent

    def compare(self, y_true, y_pred):
        return power(y_true, y_pred, self.exponent)


class Scale(keras.layers.Layer):
    """A layer whose configuration does not say what it does."""

    def __init__(self, inner: keras.layers.Layer) -> None:
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        raise NotImplementedError


class Twice(Scale):
    def call(self, x):
        return 2 * self.inner(x)


def enclosing(value):
    return lambda y_true, y_pred: value * power(y_true, y_pred)


def bound_later(offset: float):
    def loss(y_true, y_pred):
        return later(y_true, y_pred) + offset  # noqa: F821 - deleted below

    later = power
    del later
    return loss


PAIRS = {
    "number in an array": (
        lambda: np.array([0.5, 1.0]),
        lambda: np.array([0.5, 2.0]),
    ),
    "large array": (lambda: np.arange(200.0), lambda: np.arange(200.0)[::-1]),
    "array in a closure": (
        lambda: enclosing(np.array([1.0])),
        lambda: enclosing(np.array([2.0])),
    ),
    "variable's shape": (
        lambda: tf.Variable(np.zeros(2)),
        lambda: tf.Variable(np.zeros(3)),
    ),
    "partial": (
        lambda: functools.partial(power, exponent=3),
        lambda: functools.partial(power, exponent=4),
    ),
    "default": (
        lambda: lambda y, p, by=2: power(y, p, by),
        lambda: lambda y, p, by=3: power(y, p, by),
    ),
    "method": (lambda: Power(1).compare, lambda: Power(3).compare),
    "class": (lambda: keras.losses.Huber, lambda: keras.losses.LogCosh),
    "name that is bound later": (lambda: bound_later(1.0), lambda: bound_later(2.0)),
    "method of a layer": (
        lambda: Scale(keras.layers.Dense(1)),
        lambda: Twice(keras.layers.Dense(1)),
    ),
    "layer in a layer": (
        lambda: Scale(keras.layers.Dense(1)),
        lambda: Scale(keras.layers.Dense(1, "relu")),
    ),
    "list in a dictionary": (lambda: {"a": [1, (2,)]}, lambda: {"a": [1, (3,)]}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_acts_differently_is_described_differently(name):
    def told(make) -> dict:
        keras.backend.clear_session()  # names count from one again
        return identity.flatten({"thing": identity.describe(make())})

    first, second = PAIRS[name]
    assert told(first) == told(first)
    assert told(second) == told(second)
    assert told(first) != told(second)


def test_a_description_ends_where_objects_hold_each_other():
    one: dict = {}
    one["itself"] = one
    assert identity.flatten({"thing": identity.describe(one)})

"""Answers to the exercises of the page *Models*, right and wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


class Biased(keras.Model):
    initializer = "zeros"
    shape = (1,)

    def __init__(self, num_features):
        super().__init__()
        self.kernel = self.add_weight(shape=(num_features, 1))
        self.bias = self.add_weight(shape=self.shape, initializer=self.initializer)

    def call(self, x):
        return x @ self.kernel + self.bias


class Lazy(keras.Model):
    def __init__(self, num_features):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, x):
        return self.dense(x)


class FromOne(Biased):
    initializer = "ones"


class ColumnBias(Biased):
    shape = (1, 1)


class Ignoring(Biased):
    def call(self, x):
        return x @ self.kernel


class Subtracting(Biased):
    def call(self, x):
        return x @ self.kernel - self.bias


class Flat(Biased):
    def call(self, x):
        return (x @ self.kernel + self.bias)[:, 0]


class Empty(Biased):
    def call(self, x): ...


class Silent(keras.Model):
    def __init__(self, num_features):
        super().__init__()
        self.kernel = tf.Variable(tf.zeros((num_features, 1)))
        self.bias = tf.Variable([0.0])

    def call(self, x):
        return x @ self.kernel + self.bias


class HalfSilent(Silent):
    def __init__(self, num_features):
        super().__init__(num_features)
        self.kernel = self.add_weight(shape=(num_features, 1))


def step(
    model,
    x,
    y,
    learning_rate,
    loss_function=tf.reduce_mean,
    num_weights=None,
    after=False,
):
    with tf.GradientTape() as tape:
        loss = loss_function((model(x) - y) ** 2)
    variables = model.trainable_variables[:num_weights]
    for variable, gradient in zip(
        variables, tape.gradient(loss, variables), strict=True
    ):
        variable.assign_sub(learning_rate * gradient)
    return tf.reduce_mean((model(x) - y) ** 2) if after else loss


first_seen = []


def step_of_the_first(model, x, y, learning_rate):
    first_seen.append(model)
    return step(first_seen[0], x, y, learning_rate)


def step_that_doubles_for_the_second(model, x, y, learning_rate):
    first_seen.append(model)
    return step(model, x, y, learning_rate if model is first_seen[0] else 0.02)


@pytest.fixture(autouse=True)
def _nothing_seen():
    first_seen.clear()


def steps(x, y, learning_rate, tolerance, max_steps, wait=0):
    w = np.zeros((x.shape[1], 1))
    for number in range(max_steps):
        if np.mean((x @ w - y) ** 2) < tolerance:
            return number + wait
        w = w - learning_rate * 2 / len(x) * x.T @ (x @ w - y)
    return number + 1 + wait


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("counted_parameters", 5),
        ("column", lambda y: y[:, None]),
        ("column", lambda y: y.reshape(-1, 1)),
        ("column", lambda y: np.c_[y]),
        ("biased_regression", Biased),
        ("biased_regression", Lazy),
        ("any_model_step", tf.function(step)),
        ("steps_to", steps),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("counted_parameters", 6, "does not see it"),
        ("counted_parameters", 1, "one a feature"),
        ("counted_parameters", 2, "the two weights"),
        ("counted_parameters", 0, "what add_weight made does"),
        ("counted_parameters", 7, "made with add_weight"),
        ("counted_parameters", 5.0, "a whole number"),
        ("column", lambda y: y[None], "a row; a column is"),
        ("column", lambda y: y, r"shape \(3,\); a column is"),
        ("column", lambda y: np.sort(y)[::-1, None], "5, 7, 9 became"),
        ("column", lambda y: y.column, "stopped with AttributeError"),
        ("biased_regression", keras.layers.Dense, "a subclass of keras.Model"),
        ("biased_regression", keras.Model, "a method call; it has none"),
        ("biased_regression", Biased(3), "a subclass of keras.Model"),
        ("biased_regression", Empty, "nothing to check yet"),
        ("biased_regression", Silent, "Keras sees no weight"),
        ("biased_regression", HalfSilent, r"sees one weight, of shape \(3, 1\)"),
        ("biased_regression", ColumnBias, r"got \[\(1, 1\), \(3, 1\)\]"),
        ("biased_regression", FromOne, "the bias starts at 1;"),
        ("biased_regression", Flat, r"the shape \(2,\)"),
        ("biased_regression", Ignoring, "still those without"),
        ("biased_regression", Subtracting, "321.5 and 10.5, got"),
        ("any_model_step", step, "compile it with tf.function"),
        ("any_model_step", lambda *_: 4.0, "expected the loss before the step"),
        ("any_model_step", lambda *_: 5.0, "no weight moved"),
        (
            "any_model_step",
            lambda model, x, y, rate: step(model, x, y, -rate),
            "uphill",
        ),
        (
            "any_model_step",
            lambda model, x, y, rate: step(model, x, y, 1.0),
            "does not depend on the learning rate",
        ),
        (
            "any_model_step",
            lambda model, x, y, rate: step(model, x, y, rate / 2),
            "by 0.07 and 0.04, got",
        ),
        (
            "any_model_step",
            lambda *arguments: step(*arguments, loss_function=tf.reduce_sum),
            "the sum of the squares",
        ),
        (
            "any_model_step",
            lambda *arguments: step(*arguments, num_weights=1),
            "one of two weights moved",
        ),
        (
            "any_model_step",
            lambda *arguments: step(*arguments, after=True),
            "the loss after the step",
        ),
        ("any_model_step", step_of_the_first, "another one did not move"),
        ("any_model_step", step_that_doubles_for_the_second, "not for another one"),
        ("steps_to", lambda *_, **__: 0.25, "got 0.25; count them"),
        ("steps_to", lambda *_, **__: [64, 16, 4], "count them"),
        ("steps_to", lambda *a, **k: steps(*a, **k, wait=-1), "got 3, where"),
        ("steps_to", lambda *a, **k: steps(*a, **k, wait=1), "got 5, one too many"),
        ("steps_to", lambda *a, **k: 50, "after 4 steps, got 50"),
        (
            "steps_to",
            lambda *a, **k: max(1, steps(*a, **k)),
            "met at the start, 0 steps",
        ),
        (
            "steps_to",
            lambda *a, **k: steps(*a, **k | {"max_steps": 50}),
            "end after max_steps",
        ),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

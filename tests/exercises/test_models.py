"""Answers to the exercises of the page *Models*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


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
    return step(model, x, y, learning_rate if model is first_seen[0] else 0.05)


@pytest.fixture(autouse=True)
def _nothing_seen():
    first_seen.clear()


def error(x, y, w, b):
    return x @ w + b - y


DEEP = "go through all of model.trainable_variables, and no others"


def step_of(choose):
    """Make a compiled step that moves some variables of the model only."""

    @tf.function
    def chosen_step(model, x, y, learning_rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        variables = choose(model)
        for variable, gradient in zip(
            variables, tape.gradient(loss, variables), strict=True
        ):
            variable.assign_sub(learning_rate * gradient)
        return loss

    return chosen_step


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("counted_parameters", 5),
        ("column", lambda y: y[:, None]),
        ("column", lambda y: y.reshape(-1, 1)),
        ("column", lambda y: np.c_[y]),
        ("bias_gradient", lambda *given: 2 * np.mean(error(*given))),
        ("bias_gradient", lambda *given: 2 * np.mean(error(*given), axis=0)),
        ("limit_of_rate", 0.78),
        ("limit_of_rate", np.float32(0.78)),
        ("limit_of_rate", tf.constant(0.78)),
        ("unfair_race", ["A", "C", "E"]),
        ("unfair_race", "ACE"),
        ("unfair_race", "e, c, a"),
        ("any_model_step", tf.function(step)),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("column", lambda y: y.reshape(3, 1), "not for 5"),
        ("column", lambda y: np.sort(y)[:, None], "right for 5, 7, 9"),
        (
            "bias_gradient",
            lambda *given: 2 / 3 * np.sum(error(*given)),
            "right for 3 rows",
        ),
        ("any_model_step", step_of(lambda m: m.layers[0].trainable_variables), DEEP),
        ("any_model_step", step_of(lambda m: m.trainable_variables[:2]), DEEP),
        (
            "any_model_step",
            tf.function(lambda *given: step(*given, lambda s: tf.reduce_sum(s) / 2)),
            "right for 2 rows",
        ),
        ("counted_parameters", 6, "does not see it"),
        ("counted_parameters", 1, "one per feature"),
        ("counted_parameters", 2, "the two weights"),
        ("counted_parameters", 0, "what add_weight made does"),
        ("counted_parameters", 7, "made with add_weight"),
        ("counted_parameters", 5.5, "a whole number"),
        ("column", lambda y: y[None], "a row; a column is"),
        ("column", lambda y: y, r"shape \(3,\); a column is"),
        ("column", lambda y: np.sort(y)[::-1, None], "5, 7, 9 became"),
        ("column", lambda y: y.column, "stopped with AttributeError"),
        ("bias_gradient", lambda *given: 2 * error(*given), r"shape \(3, 1\)"),
        ("bias_gradient", lambda *given: np.mean(error(*given)), "half of it"),
        ("bias_gradient", lambda *given: -2 * np.mean(error(*given)), "not the sign"),
        ("bias_gradient", lambda *given: 2 * np.sum(error(*given)), "is a mean over"),
        ("bias_gradient", lambda *given: np.sum(error(*given)), "that is their sum"),
        ("bias_gradient", lambda x, y, w, b: 2 * np.mean(x @ w - y), "lacks the bias"),
        ("bias_gradient", lambda *given: np.mean(error(*given) ** 2), "loss itself"),
        (
            "bias_gradient",
            lambda x, y, w, b: 2 * np.mean(x * error(x, y, w, b)),
            "per unit of b it is 1",
        ),
        ("bias_gradient", lambda *given: 77.0, "got 77"),
        ("limit_of_rate", "0.6", "is a number"),
        ("limit_of_rate", -0.1, "try positive ones"),
        ("limit_of_rate", 0.05, "with a larger rate, too"),
        ("limit_of_rate", 0.9, "try a smaller rate"),
        ("unfair_race", ["A"], "2 more"),
        ("unfair_race", 3, "letters from A to E"),
        ("unfair_race", "F", "letters from A to E"),
        ("unfair_race", "ABCE", "both have to end alike"),
        ("unfair_race", "ACDE", "as many rows"),
        ("unfair_race", "CE", "a metric"),
        ("unfair_race", "AE", "its trace"),
        ("unfair_race", "AC", "which runs count"),
        ("unfair_race", "A", "2 more"),
        ("any_model_step", step, "compile it with tf.function"),
        ("any_model_step", lambda *_: np.ones(2), r"got the shape \(2,\)"),
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
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

"""Checks for the exercises of the page *Models*."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.exercises._answers import letters

__all__ = [
    "any_model_step",
    "bias_gradient",
    "column",
    "counted_parameters",
    "limit_of_rate",
    "unfair_race",
]


def counted_parameters(answer: Any) -> str | None:
    """Check the number of parameters of a model with one weight that Keras misses.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> counted_parameters(6)
        'that counts the bias; it is a bare tf.Variable, and Keras does not see it'
    """
    number = np.asarray(answer)
    if number.shape != () or number.dtype.kind not in "iuf" or number % 1:
        return "a count is a whole number, such as 3"
    hints = {
        6: "that counts the bias; it is a bare tf.Variable, and Keras does not see it",
        1: "a weight counts with all its numbers, and the kernel has one per feature",
        2: "those are the two weights; count the numbers in those that Keras sees",
        0: "the bare variable does not count, but what add_weight made does",
    }
    if number != 5:
        return hints.get(
            int(number), "count the numbers in what was made with add_weight"
        )
    return None


def column(answer: Any) -> str | None:
    """Check a function that makes a column of flat targets.

    Args:
        answer: A function of an array of shape `(n,)`.

    Returns:
        `None` if what it returns has the shape `(n, 1)`, else a hint.

    Example:
        >>> column(lambda y: y[None])
        'of 3 targets it made the shape (1, 3), a row; a column is (3, 1)'
    """
    targets, others = np.array([5.0, 7.0, 9.0]), np.array([4.0, -1.0, 3.0, 3.0, 0.0])
    made = np.asarray(answer(targets))
    if made.shape == (1, 3):
        return "of 3 targets it made the shape (1, 3), a row; a column is (3, 1)"
    if made.shape != (3, 1):
        return f"of 3 targets it made the shape {made.shape}; a column is (3, 1)"
    if not np.array_equal(made[:, 0], targets):
        return f"the shape is right, but 5, 7, 9 became {made[:, 0]}; keep the numbers"
    try:
        made = np.asarray(answer(others))
    except ValueError:
        return "right for 3 targets, but not for 5; let their number be any"
    if not np.array_equal(made, others[:, None]):
        return f"right for 5, 7, 9, but 4, -1, 3, 3, 0 became {made.tolist()}"
    return None


def bias_gradient(answer: Any) -> str | None:
    """Check the derivative of the mean squared error with respect to the bias.

    Args:
        answer: A function of `x`, `y`, `w` and `b`.

    Returns:
        `None` if it is twice the mean error, else a hint.

    Example:
        >>> bias_gradient(lambda x, y, w, b: np.mean(x @ w + b - y))
        'that is half of it; the derivative of the square brings a factor of 2'
    """
    x = np.array([[1.0, 2.0], [3.0, 1.0], [0.0, 1.0]])
    y, w, b = np.array([[1.0], [2.0], [-4.0]]), np.array([[1.0], [-1.0]]), 0.5
    error = x @ w + b - y
    given = np.asarray(answer(x, y, w, b))
    if given.size != 1:
        return f"one bias has one derivative, got the shape {given.shape}; take a mean"
    value, mean = float(given.reshape(())), float(error.mean())
    hints = [
        (mean, "that is half of it; the derivative of the square brings a factor of 2"),
        (-2 * mean, "the size is right, but not the sign; the error is x @ w + b - y"),
        (2 * error.sum(), "the loss is a mean over the rows, and so is its derivative"),
        (error.sum(), "twice the mean of the errors is wanted, that is their sum"),
        (2 * (mean - b), "the error lacks the bias; it is x @ w + b - y"),
        (np.mean(error**2), "that is the loss itself; it is the derivative you want"),
        (
            2 * np.mean(x * error),
            "x is there because r changes by x per unit of w; per unit of b it is 1",
        ),
    ]
    if not np.isclose(value, 2 * mean):
        for wrong, hint in hints:
            if np.isclose(value, wrong):
                return hint
        return f"for one set of numbers expected {2 * mean:.4g}, got {value:.4g}"
    x, y = np.vstack([x, x[:2]]), np.vstack([y, y[1:]])
    right, given = 2 * np.mean(x @ w + b - y), np.asarray(answer(x, y, w, b))
    if given.size != 1 or not np.allclose(given, right):
        return f"right for 3 rows; for 5 expected {right:.4g}, got {given.tolist()}"
    return None


def limit_of_rate(answer: Any) -> str | None:
    """Check the largest learning rate with which the loss of the page falls.

    Args:
        answer: A number.

    Returns:
        `None` if it is right to two decimals, else a hint.

    Example:
        >>> limit_of_rate(0.05)
        'with 0.05 the loss falls; it does with a larger rate, too'
    """
    number = np.asarray(answer)
    if number.shape != () or number.dtype.kind not in "iuf":
        return "a learning rate is a number, such as 0.3"
    answer = float(number)
    x = np.random.default_rng(42).random((32, 5)).astype(np.float32)
    limit = 2 / np.linalg.eigvalsh(2 / 32 * x.T @ x).max()
    if answer <= 0:
        return "a rate of 0 does not move, and a negative one climbs; try positive ones"
    if answer > limit:
        return f"with {answer:.3g} the loss grows; try a smaller rate"
    if answer <= limit - 0.01:
        return f"with {answer:.3g} the loss falls; it does with a larger rate, too"
    return None


def unfair_race(answer: Any) -> str | None:
    """Check which of five conditions make a race between `fit` and a loop unfair.

    Args:
        answer: A string of letters from A to E.

    Returns:
        `None` if they are the right ones, else a hint.

    Example:
        >>> unfair_race("AC")
        'one more: look at which runs count for either side'
    """
    given = letters(answer, "ABCDE")
    if given is None:
        return 'answer with letters from A to E, such as "BD"'
    wrong = {
        "B": "B makes it fair: from one start, both have to end alike",
        "D": "D makes it fair: as many steps on as many rows",
    }
    for letter, hint in wrong.items():
        if letter in given:
            return hint
    missing = {
        "A": "one more: a metric is computed in every step, and takes time",
        "C": "one more: the first call of either contains its trace",
        "E": "one more: look at which runs count for either side",
    }
    left = [hint for letter, hint in missing.items() if letter not in given]
    if len(left) > 1:
        return f"{len(left)} more: what does one side do that the other does not?"
    return left[0] if left else None


def any_model_step(answer: Any) -> str | None:
    """Check a compiled training step that trains the model it is given.

    Args:
        answer: A `tf.function` of a model, `x`, `y` and the learning rate.

    Returns:
        `None` if it takes the step and returns the loss before it, else a hint.

    Example:
        >>> any_model_step(lambda model, x, y, learning_rate: 0.0)
        'expected the loss before the step, 5, got 0'
    """
    x, y = tf.constant([[1.0], [2.0]]), tf.constant([[2.0], [5.0]])

    def fresh(bias: float) -> keras.Model:
        layer = keras.layers.Dense(1, kernel_initializer="ones")
        model = keras.Sequential([keras.Input((1,)), layer])
        layer.bias.assign([bias])
        return model

    def moved(model: keras.Model) -> list[float]:
        return [float(np.ravel(weight)[0]) for weight in model.trainable_variables]

    # Predictions of 1 and 2 are 1 and 3 below the targets: the loss is 5, the gradient
    # -7 for the kernel and -4 for the bias. With a bias of -1 they are 2 and 4 below.
    first, second = fresh(0.0), fresh(-1.0)
    loss = answer(first, x, y, tf.constant(0.01))
    if np.size(loss) > 1:
        return f"expected one number, got the shape {np.shape(loss)}; take the mean"
    given = float(loss)
    steps = np.subtract(moved(first), [1, 0])
    if np.isclose(given, np.mean((first(x) - y) ** 2)) and np.any(steps):
        return f"got {given:.4g}, the loss after the step; compute it before, 5"
    if np.isclose(given, 10):
        return "got 10, the sum of the squares; the loss is their mean, 5"
    if not np.isclose(given, 5):
        return f"expected the loss before the step, 5, got {given:.4g}"
    if not np.any(steps):
        return "the loss is right, but no weight moved; subtract the gradients"
    if np.allclose(steps, [-0.07, -0.04]):
        return "the step goes uphill; subtract the gradient"
    if np.allclose(steps, [7, 4]):
        return "the step does not depend on the learning rate; multiply by it"
    if np.count_nonzero(steps) == 1:
        return "one of two weights moved; go through all of model.trainable_variables"
    if not np.allclose(steps, [0.07, 0.04]):
        return f"expected weights to move by 0.07 and 0.04, got {steps.round(4)}"
    given = float(answer(second, x, y, tf.constant(0.02)))
    steps = np.subtract(moved(second), [1, -1]) / 2
    if not np.any(steps):
        return "right for one model, but another one did not move; use the argument"
    if np.allclose(2 * steps, [0.1, 0.06]):
        return "it takes the step of another learning rate; use the argument"
    if not np.isclose(given, 10) or not np.allclose(steps, [0.1, 0.06]):
        return "right for one model, but not for another one"
    if not isinstance(answer, tf.types.experimental.PolymorphicFunction):
        return "right, but Python runs at every call; compile it with tf.function"
    return _step_of_a_deeper_model(answer)


def _step_of_a_deeper_model(answer: Any) -> str | None:
    """Check a training step on a model of three layers, one of which is frozen."""
    widths = {"first": 3, "frozen": 2, "last": 1}
    layers = [keras.layers.Dense(width, name=name) for name, width in widths.items()]
    model = keras.Sequential([keras.Input((2,)), *layers])
    rng = np.random.default_rng(0)
    for weight in model.variables:
        weight.assign(rng.uniform(0.5, 1.0, weight.shape))
    layers[1].trainable = False
    x = tf.constant(rng.uniform(0, 1, (5, 2)), tf.float32)
    y = tf.zeros((5, 1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    trained = model.trainable_variables
    expected = {variable.path: variable.numpy() for variable in model.variables}
    for variable, gradient in zip(trained, tape.gradient(loss, trained), strict=True):
        expected[variable.path] = variable.numpy() - 0.01 * gradient.numpy()
    given = float(answer(model, x, y, tf.constant(0.01)))
    if not np.isclose(given, loss, rtol=1e-4):
        return f"right for 2 rows; for 5 expected {float(loss):.4g}, got {given:.4g}"
    for variable in model.variables:
        if not np.allclose(variable, expected[variable.path], rtol=1e-4, atol=1e-6):
            return (
                f"right for one layer; of three, {variable.path} did not move as it "
                "should; go through all of model.trainable_variables, and no others"
            )
    return None

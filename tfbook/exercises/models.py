"""Checks for the exercises of the page *Models*."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "any_model_step",
    "biased_regression",
    "column",
    "counted_parameters",
    "steps_to",
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
    if not isinstance(answer, int):
        return "a count is a whole number, such as 3"
    hints = {
        6: "that counts the bias; it is a bare tf.Variable, and Keras does not see it",
        1: "a weight counts with all its numbers, and the kernel has one a feature",
        2: "those are the two weights; count the numbers in those that Keras sees",
        0: "the bare variable does not count, but what add_weight made does",
    }
    if answer != 5:
        return hints.get(answer, "count the numbers in what was made with add_weight")
    return None


def column(answer: Any) -> str | None:
    """Check a function that makes a column of flat targets.

    Args:
        answer: A function of an array of shape `(n,)`.

    Returns:
        `None` if what it gives has the shape `(n, 1)`, else a hint.

    Example:
        >>> column(lambda y: y[None])
        'of 3 targets it made the shape (1, 3), a row; a column is (3, 1)'
    """
    targets = np.array([5.0, 7.0, 9.0])
    made = np.asarray(answer(targets))
    if made.shape == (1, 3):
        return "of 3 targets it made the shape (1, 3), a row; a column is (3, 1)"
    if made.shape != (3, 1):
        return f"of 3 targets it made the shape {made.shape}; a column is (3, 1)"
    if not np.array_equal(made[:, 0], targets):
        return f"the shape is right, but 5, 7, 9 became {made[:, 0]}; keep the numbers"
    return None


def biased_regression(answer: Any) -> str | None:
    """Check a model class with a kernel and a bias that Keras tracks.

    Args:
        answer: A class, made with the number of features.

    Returns:
        `None` if both are weights and the predictions use them, else a hint.

    Example:
        >>> biased_regression(keras.Model)
        'expected a subclass of keras.Model with a method call; it has none yet'
    """
    if (
        not isinstance(answer, type)
        or not issubclass(answer, keras.Model)
        or getattr(answer, "call", None) is keras.Model.call
    ):
        return "expected a subclass of keras.Model with a method call; it has none yet"
    x = tf.constant([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    model = answer(3)
    # `call` itself: called as a model, Keras would wrap an error from in there.
    model.build(x.shape)
    given = model.call(x)
    if given is None:
        return "nothing to check yet; call gives nothing back"
    shapes = sorted(tuple(weight.shape) for weight in model.trainable_variables)
    if not shapes:
        return "Keras sees no weight, so nothing would be trained; use add_weight"
    if len(shapes) == 1:
        return f"Keras sees one weight, of shape {shapes[0]}; make both with add_weight"
    if shapes != [(1,), (3, 1)]:
        return f"expected weights of the shapes (1,) and (3, 1), got {shapes}"
    bias, kernel = sorted(model.trainable_variables, key=lambda w: len(w.shape))
    if np.any(bias):
        return f'the bias starts at {bias.numpy()[0]:.3g}; pass initializer="zeros"'
    if np.shape(given) != (2, 1):
        return f"of 2 examples it made the shape {np.shape(given)}; expected (2, 1)"
    kernel.assign([[1.0], [10.0], [100.0]])
    bias.assign([0.5])
    given = np.ravel(model.call(x))
    if np.allclose(given, [321, 10]):
        return "with a bias of 0.5 the predictions are still those without; add it"
    if not np.allclose(given, [321.5, 10.5]):
        return f"expected x @ kernel + bias, here 321.5 and 10.5, got {given}"
    return None


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
    given = float(answer(first, x, y, tf.constant(0.01)))
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
    given = float(answer(second, x, y, tf.constant(0.01)))
    steps = np.subtract(moved(second), [1, -1])
    if not np.any(steps):
        return "right for one model, but another one did not move; use the argument"
    if not np.isclose(given, 10) or not np.allclose(steps, [0.1, 0.06]):
        return "right for one model, but not for another one"
    if not isinstance(answer, tf.types.experimental.PolymorphicFunction):
        return "right, but Python runs at every call; compile it with tf.function"
    return None


def steps_to(answer: Any) -> str | None:
    """Check a loop that stops once the loss is small.

    Args:
        answer: A function of `x`, `y`, `learning_rate`, `tolerance` and `max_steps`.

    Returns:
        `None` if it gives the number of steps from weights of zero, else a hint.

    Example:
        >>> steps_to(lambda x, y, learning_rate, tolerance, max_steps: max_steps)
        'the loss is below 0.9 after 4 steps, got 50'
    """
    x, y = np.array([[1.0], [1.0]], np.float32), np.array([[8.0], [8.0]], np.float32)
    # The error is 8 at first and halves at every step: 64, 16, 4, 1, 1/4 is the loss.
    given = answer(x, y, learning_rate=0.25, tolerance=0.9, max_steps=50)
    if np.ndim(given) or not float(given).is_integer():
        return f"expected a number of steps, got {np.asarray(given)}; count them"
    if given == 3:
        return "got 3, where the loss is still 1; test it after the step, not before"
    if given == 5:
        return "got 5, one too many; the loss before the first step counts as well"
    if given != 4:
        return f"the loss is below 0.9 after 4 steps, got {given}"
    if answer(x, y, learning_rate=0.25, tolerance=100.0, max_steps=50) != 0:
        return "with a tolerance that is met at the start, 0 steps were expected"
    if answer(x, y, learning_rate=0.25, tolerance=0.0, max_steps=7) != 7:
        return "a loss that never gets there should end after max_steps"
    return None

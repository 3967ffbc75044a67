"""Checks for the exercises of the page *Backpropagation*."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfbook.exercises._answers import letters

__all__ = ["four_gradients", "one_step", "wrong_line"]


def one_step(answer: Any) -> str | None:
    """Check one step of gradient descent for a network of one unit, done on paper.

    Args:
        answer: The two derivatives and the two new weights.

    Returns:
        `None` if they are right, else a hint.

    Example:
        >>> one_step([24, -24, 2.2, -2.2])
        'the derivatives are right; a step goes against them, so subtract'
    """
    if np.shape(answer) != (4,):
        return "four numbers in a list are wanted: two derivatives, two new weights"
    slopes, weights = np.array(answer[:2], float), np.array(answer[2:], float)
    if np.allclose([*slopes, *weights], [-24, 24, -0.2, 0.2]):
        return "the weights are right; give the derivative for w first, then v"
    if np.allclose(slopes, [24, -24]):
        if np.allclose(weights, [-0.2, 0.2]):
            return None
        if np.allclose(weights, [2.2, -2.2]):
            return "the derivatives are right; a step goes against them, so subtract"
        if np.allclose(weights, [-23, 23]):
            return "the derivatives are right; multiply them by the learning rate, 0.05"
        if np.allclose(weights, [-0.2, -0.52]):
            return "compute both derivatives first; the old w belongs to both"
        return "the derivatives are right; new is old minus 0.05 times the derivative"
    hints = {
        (
            12,
            -12,
        ): "half of it; the slope of the squared error is 2 times the error",
        (-24, 24): "both have the wrong sign; the error is prediction minus target",
        (24, 24): "for v, the factors are the error's slope, -12, and h = 2",
        (-24, -24): "for w, the output weight v = -1 is a factor too",
        (12, -24): "for w, the input x = 2 is a factor too",
        (24, -12): "for v, the factor is the output of the unit, h = 2",
        (0, -24): "the unit fires, since w x = 2, so the slope of its ReLU is 1",
        (8, -8): "the prediction is v relu(w x) = -2, so the error is -2 - 4 = -6",
    }
    for wrong, hint in hints.items():
        if np.allclose(slopes, wrong):
            return hint
    return "begin with the error, -2 - 4 = -6; its square has the slope -12"


def wrong_line(answer: Any) -> str | None:
    """Check which line of a backward pass is wrong.

    Args:
        answer: A letter from a to e.

    Returns:
        `None` if it is the right one, else a hint.

    Example:
        >>> wrong_line("c")
        'the gradient that c returns is the right one; look at the other'
    """
    given = letters(answer, "abcde")
    if not given or len(given) > 1:
        return 'expected one letter from a to e, such as "b"'
    hints = {
        "a": "a is the forward pass, and a ReLU",
        "b": "the slope of the mean of squares is 2 / n times the error, as in b",
        "c": "the gradient that c returns is the right one; look at the other",
        "e": "e adds up over the rows what arrives, and that is right; what arrives?",
    }
    return hints.get(given.pop())


def four_gradients(answer: Any) -> str | None:
    """Check a backward pass through two layers with biases.

    Args:
        answer: A function of `x`, `y`, a kernel and a bias, and again both.

    Returns:
        `None` if it returns the gradients of a tape, else a hint for the first that is
        not.

    Example:
        >>> four_gradients(lambda x, y, W1, b1, W2, b2: (W1, b1))
        'expected four gradients, of W1, b1, W2 and b2, got 2'
    """
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 3)), rng.standard_normal((6, 1))
    weights = [rng.standard_normal(size) for size in [(3, 4), (4,), (4, 1), (1,)]]
    first, first_bias, second, second_bias = weights

    def backward(fires: np.ndarray) -> list[np.ndarray]:
        """Return the gradients if these units passed them on."""
        hidden = np.maximum(x @ first + first_bias, 0)
        delta = 2 / len(x) * (hidden @ second + second_bias - y)
        arriving = delta @ second.T * fires
        return [x.T @ arriving, arriving.sum(0), hidden.T @ delta, delta.sum(0)]

    variables = [tf.Variable(each) for each in weights]
    with tf.GradientTape() as tape:
        hidden = tf.nn.relu(x @ variables[0] + variables[1])
        loss = tf.reduce_mean((hidden @ variables[2] + variables[3] - y) ** 2)
    right = [gradient.numpy() for gradient in tape.gradient(loss, variables)]
    given = answer(x, y, *weights)
    if not isinstance(given, list | tuple):
        kind = type(given).__name__
        return f"expected four gradients, of W1, b1, W2 and b2, got one {kind}"
    if len(given) != 4:
        return f"expected four gradients, of W1, b1, W2 and b2, got {len(given)}"
    slips = {
        6: "what arrives is divided by n already; sum over the rows",
        1 / 6: "the loss is a mean over the rows, so divide by n",
        2: "the slope of a square is 2 times what is squared",
        -1: "the sign is wrong; the error is prediction minus target",
    }
    masks = {
        "multiply what arrives by the slope of the ReLU, 0 or 1": np.ones((6, 4)),
        "a unit is on where x W1 + b1 is positive; b1 is left out": x @ first > 0,
    }
    wrong = {hint: backward(mask) for hint, mask in masks.items()}
    names = ["W1", "b1", "W2", "b2"]
    for number, (name, each) in enumerate(zip(names, given, strict=True)):
        gradient, wanted = np.asarray(each), right[number]
        if gradient.shape != wanted.shape:
            return (
                f"{name}: a gradient has the shape of what it belongs to, "
                f"{wanted.shape}, got {gradient.shape}"
            )
        if np.allclose(gradient, wanted):
            continue
        for factor, hint in slips.items():
            if np.allclose(factor * gradient, wanted):
                return f"{name}: {hint}"
        for hint, gradients in wrong.items():
            if np.allclose(gradient, gradients[number]):
                return f"{name}: {hint}"
        start = f"{wanted.flat[0]:.4g}, got {gradient.flat[0]:.4g}"
        return f"{name}: the shape is right; its first number should be {start}"
    return None

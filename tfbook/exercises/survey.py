"""Checks for the exercises of the page *A survey of activations*."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfbook.exercises._answers import letters

__all__ = [
    "flat_both_sides",
    "kernel_variance",
    "logsumexp",
    "mish",
    "report_flaws",
    "sigmoid_twin",
]


def flat_both_sides(answer: Any) -> str | None:
    """Check the names of the functions of one number that are flat on both sides.

    Args:
        answer: A set of names.

    Returns:
        `None` if they are the three, else a hint.

    Example:
        >>> flat_both_sides({"sigmoid", "tanh", "softsign", "relu"})
        'relu is not: for large positive numbers its slope is 1'
    """
    wanted = {"sigmoid", "tanh", "softsign"}
    if not isinstance(answer, set | list | tuple) or not answer:
        return "a set of names is wanted, such as {'linear', 'relu'}"
    found = set(answer)
    for name in sorted(found - wanted, key=str):
        if name in {"relu", "elu", "selu", "gelu", "silu", "softplus"}:
            slope = 1.05 if name == "selu" else 1
            return f"{name} is not: for large positive numbers its slope is {slope}"
        if name in {"linear", "leaky_relu"}:
            return f"{name} is not: it has a slope on either side"
        if name == "softmax":
            return "softmax is not a function of one number; leave it out"
        return f"{name!r} is none of the twelve names"
    if "softsign" not in found:
        return "one with slow tails is missing: x / (1 + |x|) flattens too"
    if found != wanted:
        return f"{len(wanted - found)} of them is still missing: where is the S?"
    return None


def _value_and_gradient(
    answer: Callable, z: list[float]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the value of a function of a tensor, and the gradient of its sum."""
    inputs = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = answer(inputs)
        total = tf.reduce_sum(outputs)
    gradient = tape.gradient(total, inputs)
    return np.asarray(outputs), None if gradient is None else gradient.numpy()


def logsumexp(answer: Any) -> str | None:
    """Check the logarithm of a sum of exponentials, over the last axis.

    Args:
        answer: A function of a tensor of shape `(n, k)`.

    Returns:
        `None` if it is right, and finite for large numbers, else a hint.

    Example:
        >>> logsumexp(lambda z: tf.math.log(tf.reduce_sum(tf.exp(z), axis=-1)))
        'right for small numbers, but of 1000, 1000 it made inf; subtract the largest'
    """
    small = np.array([[0.0, 1.0, 2.0], [-1.0, 3.0, 0.5]], np.float32)
    expected = np.log(np.exp(small.astype(np.float64)).sum(axis=-1))
    value = np.asarray(answer(tf.constant(small)))
    if value.shape != (2,):
        return (
            f"of shape (2, 3) it made {value.shape}; the last axis goes away, and (2,) "
            "stays"
        )
    if np.allclose(value, expected - small.max(axis=-1), atol=1e-5):
        return "the largest was taken off in front and not put back at the end"
    if not np.allclose(value, expected, atol=1e-5):
        return f"of 0, 1, 2 it made {value[0]:.4f}; {expected[0]:.4f} is wanted"
    for number in (1000.0, -1000.0):
        value = np.asarray(answer(tf.constant([[number, number]])))[0]
        if not np.isclose(value, number + np.log(2), atol=0.01):
            return (
                f"right for small numbers, but of {number:g}, {number:g} it made "
                f"{value:.4g}; subtract the largest"
            )
    apart = np.asarray(answer(tf.constant([[1000.0, 0.0], [0.0, -1000.0]])))
    if not np.allclose(apart, [1000, 0], atol=0.01):
        return "right for one row; of several, each row has a largest number of its own"
    return None


def mish(answer: Any) -> str | None:
    """Check the function mish, and its gradient far from zero.

    Args:
        answer: A function of a tensor.

    Returns:
        `None` if it is right and its gradient finite, else a hint.

    Example:
        >>> mish(lambda z: z * tf.tanh(tf.math.log(1 + tf.exp(z))))
        'right for small numbers, but at 100.0 its gradient is nan; e^z overflows there'
    """
    points = np.array([-2.0, -0.5, 0.0, 1.0, 3.0])
    expected = points * np.tanh(np.log1p(np.exp(points)))
    value, slope = _value_and_gradient(answer, points.astype(np.float32).tolist())
    if value.shape != (5,):
        return f"of 5 numbers it made the shape {value.shape}; the shape should stay"
    if np.allclose(value, np.tanh(np.log1p(np.exp(points))), atol=1e-5):
        return "that is tanh(softplus(z)); it still has to be multiplied with z"
    if not np.allclose(value, expected, atol=1e-5):
        return f"at 1.0 it is {value[3]:.4f}; {expected[3]:.4f} is wanted"
    if slope is None:
        return "no gradient came back; compute with TensorFlow, not with NumPy"
    far = [-100.0, 100.0]
    value, slope = _value_and_gradient(answer, far)
    for name, numbers in (("value", value), ("gradient", slope)):
        for z, number in zip(far, np.asarray(numbers), strict=True):
            if not np.isfinite(number):
                return (
                    f"right for small numbers, but at {z} its {name} is {number}; e^z "
                    "overflows there"
                )
    if not np.allclose(value, [0, 100], atol=1e-4):
        return f"at 100.0 it is {value[1]:.4g}; it should be 100"
    return None


def kernel_variance(answer: Any) -> str | None:
    """Check the variance that keeps hidden values at a mean square of 1.

    Args:
        answer: A function of an activation and the number of inputs `m`.

    Returns:
        `None` if it is near `1 / (m E[f(z)²])` for several activations, else a hint.

    Example:
        >>> kernel_variance(lambda f, m: 2 / m)
        'right for relu, but for linear and m = 50 it returned 0.04, and 0.02 is wanted'
    """
    cases = {"relu": (tf.nn.relu, 0.5), "linear": (lambda z: z, 1.0)}
    cases["tanh"] = (tf.math.tanh, 0.3943)
    right: list[str] = []
    for name, (function, mean_square) in cases.items():
        given = np.asarray(answer(function, 50))
        if given.shape != ():
            return f"one number is wanted, got the shape {given.shape}"
        expected = 1 / (50 * mean_square)
        if np.isclose(given, mean_square / 50, rtol=0.03) and mean_square != 1:
            return (
                f"for {name} it returned the mean square over m; its inverse is wanted"
            )
        if np.isclose(given, expected**0.5, rtol=0.03):
            return "that is the standard deviation; the variance is its square"
        if np.isclose(given, expected * 50, rtol=0.03):
            return (
                "it does not shrink with m; a sum of m terms has m times the variance"
            )
        if not np.isclose(given, expected, rtol=0.03):
            known = f"right for {', '.join(right)}, but " if right else ""
            return (
                f"{known}for {name} and m = 50 it returned {float(given):.4g}, and "
                f"{expected:.3g} is wanted"
            )
        right.append(name)
    if not np.isclose(answer(tf.nn.relu, 200), 2 / 200, rtol=0.03):
        return "right for m = 50, but not for m = 200; divide by m"
    return None


def report_flaws(answer: Any) -> str | None:
    """Check which of six remarks are reasons to doubt a report on the sigmoid.

    Args:
        answer: A string of letters from A to F.

    Returns:
        `None` if they are the right ones, else a hint.

    Example:
        >>> report_flaws("BCD")
        'one more: what would have to change for the slope alone to be the cause?'
    """
    given = letters(answer, "ABCDEF")
    if given is None:
        return 'answer with letters from A to F, such as "AB"'
    wrong = {
        "A": "A makes it fair: with other sizes it would compare two things at once",
        "E": "E makes it fair: other rows would be another difference",
    }
    for letter, hint in wrong.items():
        if letter in given:
            return hint
    missing = {
        "B": "one more: which weights did the sigmoid learn with on this page?",
        "C": "one more: did each network have the rate that is best for it?",
        "D": "one more: what would another seed have done?",
        "F": "one more: what would have to change for the slope alone to be the cause?",
    }
    left = [hint for letter, hint in missing.items() if letter not in given]
    if len(left) > 1:
        return f"{len(left)} more: a fair opponent has its own best rate and weights"
    return left[0] if left else None


def sigmoid_twin(answer: Any) -> str | None:
    """Check the weights with which sigmoids compute what a network with tanh does.

    Args:
        answer: A function of a list of arrays, a kernel and a bias for each layer in
            turn, that returns such a list.

    Returns:
        `None` if the outputs are the same for one, two and three hidden layers, else a
        hint.

    Example:
        >>> sigmoid_twin(lambda weights: [2 * each for each in weights])
        'with 1 hidden layer: the bias of layer 2 is wrong; 2 s - 1 brings a -1'
    """
    random = np.random.default_rng(0)
    for hidden in (1, 2, 3):
        widths = [3, *[4] * hidden, 2]
        pairs = itertools.pairwise(widths)
        weights = [
            random.normal(size=size)
            for inputs, units in pairs
            for size in ((inputs, units), (units,))
        ]
        given = answer([each.copy() for each in weights])
        if not isinstance(given, list | tuple) or len(given) != len(weights):
            return f"a list of {len(weights)} arrays is wanted, as many as it was given"
        twin = [np.asarray(each, np.float64) for each in given]
        if [each.shape for each in twin] != [each.shape for each in weights]:
            return "the shapes have to stay; only the values change"
        layers = f"with {hidden} hidden layer{'s' * (hidden > 1)}"
        for layer in range(hidden + 1):
            factor = 4 if 0 < layer < hidden else 2
            wanted = factor * weights[2 * layer]
            if not np.allclose(twin[2 * layer], wanted):
                return (
                    f"{layers}: the kernel of layer {layer + 1} is wrong; count the "
                    "factors of 2, in front of it and behind it"
                )
            kernel, bias = weights[2 * layer], weights[2 * layer + 1]
            shift = kernel.sum(axis=0) if layer else 0
            if not np.allclose(
                twin[2 * layer + 1], (bias - shift) * (1 + (layer < hidden))
            ):
                reason = (
                    "2 s - 1 brings a -1" if layer else "the input of tanh is doubled"
                )
                return f"{layers}: the bias of layer {layer + 1} is wrong; {reason}"
    return None

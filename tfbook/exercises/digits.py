"""Checks for the exercises of the page *Reading digits*."""

from typing import Any

import numpy as np

__all__ = [
    "calibration_error",
    "kernel_parameters",
    "logit_gradient",
    "share_right",
    "temperature",
    "untrained_loss",
]


def untrained_loss(answer: Any) -> str | None:
    """Check the cross-entropy of equal probabilities.

    Args:
        answer: A function of the number of classes.

    Returns:
        `None` if it is the natural logarithm, else a hint.

    Example:
        >>> untrained_loss(lambda k: 1 / k)
        'for 2 classes expected ln 2, got 0.5: the probability itself; take -ln of it'
    """
    for k in (2, 10, 1000):
        given, expected = float(answer(k)), float(np.log(k))
        if np.isclose(given, expected):
            continue
        got = f"for {k} classes expected ln {k}, got {given:.4g}"
        if np.isclose(given, 1 / k):
            return f"{got}: the probability itself; take -ln of it"
        if np.isclose(given, -expected):
            return f"{got}: the sign is wrong; a loss is minus the logarithm"
        if np.isclose(given, np.log2(k)) or np.isclose(given, np.log10(k)):
            return f"{got}: another base; np.log has base e"
        return got
    return None


def kernel_parameters(answer: Any) -> str | None:
    """Check the number of parameters of a convolution layer.

    Args:
        answer: A function of the kernel's size and the numbers of maps in and out.

    Returns:
        `None` if it counts weights and biases, else a hint.

    Example:
        >>> kernel_parameters(lambda size, inputs, outputs: size * inputs * outputs)
        'for size 5, 1 input and 16 outputs expected 416, got 80'
    """
    for size, inputs, outputs in ((5, 1, 16), (3, 4, 7)):
        given = answer(size, inputs, outputs)
        weights = size * size * inputs * outputs
        if given == weights + outputs:
            continue
        maps = f"{inputs} input{'s' if inputs > 1 else ''} and {outputs} outputs"
        got = f"for size {size}, {maps} expected {weights + outputs}, got {given}"
        if given == weights:
            return f"{got}: the weights alone; each output has a bias too"
        if given == weights + 1:
            return f"{got}: one bias; there is one for each output"
        if given == size * size * outputs + outputs:
            return f"{got}: every input has weights of its own"
        return got
    return None


def share_right(answer: Any) -> str | None:
    """Check an accuracy of logits, for labels that are flat or a column.

    Args:
        answer: A function of logits and labels.

    Returns:
        `None` if it returns the share of right readings for both, else a hint.

    Example:
        >>> share_right(lambda z, labels: np.mean(z.argmax(axis=-1) == labels))
        'a column of labels: expected 0.75, got 0.4375; each reading met every label'
    """
    logits = np.array([[3, 1, 0], [0, 1, 5], [9, 8, 7], [-1, -3, -2]], np.float32)
    flat = np.array([0, 2, 1, 0])
    for name, labels in {"flat": flat, "a column of": flat[:, None]}.items():
        given = np.asarray(answer(logits, labels), dtype=np.float64)
        if given.shape != ():
            return f"{name} labels: expected one number, got shape {given.shape}"
        got = f"{name} labels: expected 0.75, got {given:.4g}"
        if np.isclose(given, np.mean(logits.argmax(axis=-1) == flat[:, None])):
            return f"{got}; each reading met every label"
        if np.isclose(given, 0.25):
            return f"{got}, the share of wrong ones"
        if np.isclose(given, 3):
            return f"{got}, the number of right ones; divide by the rows"
        if not np.isclose(given, 0.75):
            return f"{got}; take the place of the largest logit of each row"
    return None


def logit_gradient(answer: Any) -> str | None:
    """Check the gradient of the mean cross-entropy with respect to the logits.

    Args:
        answer: A function of a column of labels and of logits.

    Returns:
        `None` if it is the difference of probabilities and labels over the number of
        rows, also for large logits, else a hint.

    Example:
        >>> logit_gradient(lambda labels, logits: np.zeros(logits.shape))
        'expected -0.2500 for the true logit of two equal ones, got 0.0000'
    """
    labels = np.array([[0], [1]], np.int32)
    logits = np.zeros((2, 2), np.float32)
    expected = np.array([[-0.25, 0.25], [0.25, -0.25]])
    given = np.asarray(answer(labels, logits))
    if given.shape != (2, 2):
        return f"expected the shape of the logits, (2, 2), got {given.shape}"
    if np.allclose(given, 2 * expected, atol=1e-6):
        return "that is the gradient of the sum; for the mean, divide by the rows"
    if np.allclose(given, -expected, atol=1e-6):
        return "the sign is wrong: a step against it would lower the true logit"
    if np.allclose(given, 0.25, atol=1e-6):
        return "that is p over the rows; subtract 1 at each label"
    if not np.allclose(given, expected, atol=1e-6):
        return (
            "expected -0.2500 for the true logit of two equal ones, got "
            f"{given[0, 0]:.4f}"
        )
    large = np.asarray(answer(labels, np.array([[500, 0], [500, 0]], np.float32)))
    if not np.isfinite(large).all():
        return "right, but a logit of 500 returns nan; use activations.softmax"
    if not np.allclose(large, [[0.0, 0.0], [0.5, -0.5]], atol=1e-6):
        return "right for equal logits, but not for those of 500 and 0"
    return None


def calibration_error(answer: Any) -> str | None:
    """Check the expected calibration error.

    Args:
        answer: A function of confidences, of whether they were right, and of `bins`.

    Returns:
        `None` if it averages the distances of the bins by their weights, else a hint.

    Example:
        >>> calibration_error(lambda sure, right, bins=10: abs(np.mean(sure - right)))
        'expected 0.16, got 0.05: one bin too sure made up for one too modest'
    """
    # 5 of 10 right at 0.72, and 21 of 30 at 0.56: distances 0.22 and 0.14.
    sure = np.repeat([0.72, 0.56], [10, 30])
    right = np.repeat([True, False, True, False], [5, 5, 21, 9])
    given = float(answer(sure, right, bins=10))
    got = f"expected 0.16, got {given:.3g}"
    if np.isnan(given):
        return f"{got}: an empty bin has no mean; leave it out"
    if np.isclose(abs(given), 0.05):
        return f"{got}: one bin too sure made up for one too modest"
    if np.isclose(given, 0.18):
        return f"{got}: weight each bin by its share of the readings"
    if np.isclose(given, 0.175):
        return f"{got}: take the mean confidence of a bin, not its middle"
    if np.isclose(given, 0.22):
        return f"{got}: the largest distance; the mean is wanted"
    if not np.isclose(given, 0.16):
        return f"{got} for distances of 0.22 (10 readings) and 0.14 (30)"
    if not np.isclose(answer(sure, right, bins=2), 0.05):
        return "right for 10 bins, but not for 2; make the edges from `bins`"
    return None


def temperature(answer: Any) -> str | None:
    """Check the temperature with the smallest cross-entropy.

    Args:
        answer: A function of a column of labels and of logits.

    Returns:
        `None` if it is right for a network that is too sure and for one that is too
        modest, else a hint.

    Example:
        >>> temperature(lambda labels, logits: 1.0)
        'logits three times too large: expected T = 3.01, got 1'
    """
    # One kind of row each, so that the best T has a closed form: with a share r of
    # labels 0, the logits 0 and z fit best where z / T = ln(r / (1 - r)).
    for name, num_right, logit in (
        ("three times too large", 88, 6.0),
        ("half as large as they should be", 73, 0.5),
    ):
        labels = np.repeat([[0], [1]], [num_right, 100 - num_right], axis=0)
        logits = np.tile(np.array([[logit, 0]], np.float32), (100, 1))
        best = logit / np.log(num_right / (100 - num_right))
        given = float(answer(labels.astype(np.int32), logits))
        got = f"logits {name}: expected T = {best:.3g}, got {given:.3g}"
        share = num_right / 100
        smallest = -share * np.log(share) - (1 - share) * np.log(1 - share)
        if np.isclose(given, best, rtol=0.02):
            continue
        if np.isclose(given, 1 / best, rtol=0.02):
            return f"{got}: that is 1 / T; the logits are divided by it"
        if np.isclose(given, smallest, rtol=0.02):
            return f"{got}: that is the smallest loss; return the T that it belongs to"
        if given < 0.21:
            return f"{got}: the first one tried; is it the smallest loss you look for?"
        return got
    return None

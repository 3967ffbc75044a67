"""Checks for the exercises of the page *Why the network died*."""

from typing import Any

import numpy as np

from tfbook import data

__all__ = ["kernel_step", "learned_nothing", "lesson", "silent", "standardize"]


def learned_nothing(answer: Any) -> str | None:
    """Check a function that tells a loss from the variance of the targets.

    Args:
        answer: A function of a training loss and targets, that returns a bool.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> learned_nothing(lambda loss, y: loss >= np.var(y))
        'a loss of 3.998 on targets of variance 4: expected True, got False; allow ...'
    """
    targets = np.array([[1.0], [5.0], [1.0], [5.0]])
    for loss, expected, why in [
        (4.0, True, "the constant 3 has this loss: its squared errors are 4"),
        (3.0, False, "a constant cannot be as good"),
        (2.0, False, "compare with the variance, not the standard deviation"),
        (13.0, True, "a constant does better, so nothing was learned either"),
        (3.998, True, "allow a thousandth, since training stops short of the end"),
        (3.9, False, "a fortieth below is more than a thousandth"),
    ]:
        got = answer(loss, targets)
        if bool(got) != expected:
            return (
                f"a loss of {loss:g} on targets of variance 4: expected {expected}, "
                f"got {got}; {why}"
            )
    return None


def silent(answer: Any) -> str | None:
    """Check a function that finds the dead units among hidden values.

    Args:
        answer: A function of hidden values of shape `(n, u)`, that returns the numbers
            of the dead units in a list.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> silent(lambda h: [unit for unit in range(3) if h[0, unit] == 0])
        'of three units the first row alone ... [1, 2], expected [1]; look at all rows'
    """
    hidden = np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 3.0], [0.0, 0.0, 1.0]])
    found = np.ravel(answer(hidden)).tolist()
    if found == [2]:
        return "got [2], which looks like a count; return the numbers of the units"
    if found == [1, 2]:
        return (
            "of three units the first row alone lets 1 and 2 seem dead: got [1, 2], "
            "expected [1]; look at all rows"
        )
    if found == [0, 1, 2]:
        return "got all units, expected [1]; a unit is dead if it is 0 in every row"
    if found != [1]:
        return f"got {found}, expected [1]; a column is a unit, a row is an example"
    signed = np.array([[1.0, 0.0], [-1.0, 0.0]])
    if np.ravel(answer(signed)).tolist() != [1]:
        return "1 and -1 add up to 0, but that unit fires; compare each value with 0"
    if np.size(answer(np.ones((2, 2)))):
        return "where all units fire the list is empty"
    return None


def standardize(answer: Any) -> str | None:
    """Check a function that standardises training and test features.

    Args:
        answer: A function of training and test features, that returns both scaled.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> standardize(lambda a, b: ((a - a.mean(0)) / a.std(0), (b - b.mean(0)) / 2))
        'the training rows are right; the test rows need the mean and ... training rows'
    """
    train = np.array([[1.0, 100.0], [3.0, 500.0], [5.0, 900.0]])
    test = np.array([[3.0, 100.0], [7.0, 100.0]])
    mean, scale = train.mean(axis=0), train.std(axis=0)
    with np.errstate(all="ignore"):
        made, tested = map(np.asarray, answer(train.copy(), test.copy()))
        flat, _ = answer(np.ones((3, 1)), np.ones((1, 1)))
        tenths, eleventh = answer(np.full((404, 1), 0.1), np.full((1, 1), 0.11))
    if np.allclose(made, train - mean):
        return "the columns have mean 0, but not deviation 1; divide by the deviation"
    if np.allclose(made, train / scale):
        return "the columns have deviation 1, but not mean 0; subtract the mean first"
    if np.allclose(made, (train - mean) / scale**2):
        return "divided by the variance; its square root is the standard deviation"
    if np.allclose(made, (train - train.mean()) / train.std()):
        return "one mean for all features; axis=0 makes one per column"
    if made.shape != train.shape or not np.allclose(made, (train - mean) / scale):
        return f"the training rows became {made.round(2).tolist()}; subtract, divide"
    if not np.allclose(tested, (test - mean) / scale):
        return (
            "the training rows are right; the test rows need the mean and deviation "
            "of the training rows"
        )
    if not np.allclose(flat, 0):
        return "a constant column became NaN, 0 / 0; where the deviation is 0 take 1"
    if np.abs([*np.ravel(tenths), *np.ravel(eleventh)]).max() > 0.1:
        return (
            "rounding gives a column of 0.1 a tiny deviation, and divided by it a test "
            "row of 0.11 explodes; ask whether the values differ"
        )
    return None


def kernel_step(answer: Any) -> str | None:
    """Check a function that computes one hidden unit's step by hand.

    Args:
        answer: A function `(x, z, error, v, rate)` that returns the change of the
            unit's weights.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> kernel_step(lambda x, z, e, v, rate: -rate * 2 * v * x.T @ (e * (z > 0)))
        'too long by the number of rows, 3; the loss is a mean'
    """
    x = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]])
    z, error = np.array([1.0, -1.0, 2.0]), np.array([2.0, 3.0, -4.0])
    v, rate = 0.5, 0.1
    right = -rate * 2 * v / 3 * x.T @ (error * (z > 0))
    made = np.ravel(answer(x, z, error, v, rate))
    for wrong, why in [
        (-right, "the step goes uphill; it is minus the rate times the gradient"),
        (3 * right, "too long by the number of rows, 3; the loss is a mean"),
        (right / 2, "the step is half as long as it should be; a square has slope 2"),
        (right / v, "the way to the loss leads through the last layer; multiply by v"),
        (right / rate, "that is minus the gradient; a step is the rate times that"),
        (
            -rate * 2 * v / 3 * x.T @ error,
            "rows on which the unit does not fire take part; leave out z of 0 or less",
        ),
    ]:
        if made.shape == wrong.shape and np.allclose(made, wrong):
            return why
    if made.shape != right.shape or not np.allclose(made, right):
        return f"for two features it returned {made}, expected {right.round(3)}"
    return None


def lesson(answer: Any) -> str | None:
    """Check a function that trains a network on patients with diabetes.

    Args:
        answer: A function of a `tfbook.data.Split`, that returns the test loss divided
            by that of the constant.

    Returns:
        `None` if the network has learned, else a hint.

    Example:
        >>> lesson(lambda split: 1.0)
        'the ratio is 1.00: your network predicts a constant; did you standardise?'
    """
    from sklearn.datasets import load_diabetes

    patients = load_diabetes(scaled=False)
    split = data.Split.shuffled(patients.data, patients.target[:, None], 0.2, seed=3)
    try:
        ratio = float(answer(split))
    except ArithmeticError:
        return (
            "training diverged; the targets average 152, so errors and gradients are "
            "large too: lower the learning rate"
        )
    if np.isnan(ratio):
        return "the ratio is NaN; look at the history for the epoch where it began"
    if ratio > 10:
        return f"got {ratio:.0f}, which looks like a loss; divide it by the constant's"
    if ratio > 0.95:
        return (
            f"the ratio is {ratio:.2f}: your network predicts a constant; did you "
            "standardise?"
        )
    if ratio > 0.7:
        return f"the ratio is {ratio:.2f}, and below 0.7 is possible; train for longer"
    if ratio < 0.2:
        return f"the ratio is {ratio:.2f}, too good to be true; use the test loss"
    return None

"""Checks for the exercises of the page *Convolution*."""

from typing import Any

import numpy as np

from tfbook.exercises._answers import letters

__all__ = [
    "convolution_shape",
    "mean_pool",
    "same_convolution",
    "two_dimensions",
    "which_part",
]


def convolution_shape(answer: Any) -> str | None:
    """Check the shape that `Conv1D(8, 5)` returns for inputs of shape (32, 40, 3).

    Args:
        answer: A shape, in any form that has three whole numbers.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> convolution_shape((32, 40, 8))
        'think of the ends: a window of 5 fits at fewer than 40 places'
    """
    try:
        answer = tuple(int(size) for size in answer)
    except (TypeError, ValueError):
        answer = ()
    if len(answer) != 3:
        return "expected three sizes, such as (2, 3, 4)"
    channels = "each filter adds up the channels of the input, and returns one number"
    hints = {
        (32, 40, 8): "think of the ends: a window of 5 fits at fewer than 40 places",
        (32, 35, 8): "one place more: the first window starts at 0, the last at 35",
        (32, 36, 3): channels,
        (32, 36, 24): channels,
        (32, 33, 5): "the first argument is the number of filters, not the width",
    }
    if answer != (32, 36, 8):
        return hints.get(answer, "rows stay, times shrink, channels become filters")
    return None


def same_convolution(answer: Any) -> str | None:
    """Check a convolution whose output is as long as its input.

    Args:
        answer: A function of a vector and a kernel of odd length.

    Returns:
        `None` if it pads with zeros on both sides, else a hint.

    Example:
        >>> same_convolution(lambda x, kernel: np.correlate(x, kernel, "valid"))
        'from 6 numbers and a kernel of 3 it made 4; put zeros at both ends first'
    """
    x, kernel = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]), np.array([1.0, 10.0, 100.0])
    given = np.asarray(answer(x.copy(), kernel.copy()))
    wanted = np.correlate(x, kernel, "same")
    if given.shape != (6,):
        return (
            f"from 6 numbers and a kernel of 3 it made {given.size}; put zeros at both "
            f"ends first"
        )
    if np.allclose(given, np.convolve(x, kernel, "same")):
        return "the kernel is reversed; np.convolve does that, and the layer does not"
    padded = np.pad(x, 2)
    if np.allclose(given, np.correlate(padded[2:], kernel, "valid")):
        return "all zeros are at the end; put half of them at the beginning"
    if np.allclose(given, np.correlate(padded[:-2], kernel, "valid")):
        return "all zeros are at the beginning; put half of them at the end"
    if not np.allclose(given[1:-1], wanted[1:-1]):
        return "expected 210, 421, 842, 1684, 3368, 336 for x = 1, 2, 4, ..., 32"
    if not np.allclose(given, wanted):
        return "right in the middle, but not at the ends; beyond them there are zeros"
    five = np.arange(1.0, 6.0)
    given = np.asarray(answer(x, five))
    if given.shape != (6,) or not np.allclose(given, np.correlate(x, five, "same")):
        return "right for a kernel of 3, but not for one of 5; count the zeros again"
    return None


def mean_pool(answer: Any) -> str | None:
    """Check pooling by the mean.

    Args:
        answer: A function of `x`, of shape `(rows, times, channels)`, and `size`.

    Returns:
        `None` if each window becomes its mean, and the times that fill no window are
        left out, else a hint.

    Example:
        >>> mean_pool(lambda x, size: x[:, ::size])
        'from 7 times and size 3 it made (2, 3, 2), not (2, 2, 2); leave out the rest'
    """
    for (rows, times, channels), size in (
        ((2, 7, 2), 3),
        ((3, 8, 1), 4),
        ((4, 9, 3), 2),
    ):
        x = np.random.default_rng(0).random((rows, times, channels))
        given, num = np.asarray(answer(x.copy(), size)), times // size
        wanted, case = (rows, num, channels), f"from {times} times and size {size}"
        if given.shape != wanted:
            return f"{case} it made {given.shape}, not {wanted}; leave out the rest"
        starts = range(0, num * size, size)
        windows = np.stack([x[:, start : start + size] for start in starts], axis=1)
        if np.allclose(given, windows.max(axis=2)):
            return "that is the largest of each window; take its mean"
        if np.allclose(given, windows.sum(axis=2)):
            return "that is the sum of each window; divide by its size"
        spread = np.stack(
            [x[:, each : num * size : num] for each in range(num)], axis=1
        )
        if num > 1 and np.allclose(given, spread.mean(axis=2)):
            return (
                "a window takes times that are not in a row; it should hold neighbours"
            )
        if not np.allclose(given, windows.mean(axis=2)):
            return (
                f"{case} the shape is right, but a window is not the mean of its times"
            )
    return None


def two_dimensions(answer: Any) -> str | None:
    """Check a convolution of one image with one filter.

    Args:
        answer: A function of an image and a kernel, two matrices.

    Returns:
        `None` if it slides the kernel as it is over all places, else a hint.

    Example:
        >>> two_dimensions(lambda image, kernel: image)
        'from (4, 5) and a kernel (2, 3) it made (4, 5); it fits at (3, 3) places'
    """
    rng = np.random.default_rng(0)
    image, kernel = rng.integers(0, 9, (4, 5)), rng.integers(0, 9, (2, 3))

    def slide(kernel: np.ndarray) -> np.ndarray:
        return np.array(
            [
                [(image[i : i + 2, j : j + 3] * kernel).sum() for j in range(3)]
                for i in range(3)
            ]
        )

    given = np.asarray(answer(image.copy(), kernel.copy()))
    if given.shape != (3, 3):
        return (
            f"from (4, 5) and a kernel (2, 3) it made {given.shape}; it fits at "
            "(3, 3) places"
        )
    if np.allclose(given, slide(kernel[::-1, ::-1])):
        return "the kernel is turned by half a turn; lay it on the image as it is"
    if np.allclose(given, slide(kernel).T):
        return "rows and columns of the output are exchanged"
    if np.allclose(given, slide(kernel) / 6):
        return "that is the mean of the six products; add them up"
    if not np.allclose(given, slide(kernel)):
        return "the shape is right; multiply window and kernel in pairs, and add up"
    return None


def which_part(answer: Any) -> str | None:
    """Check which experiments separate the causes of a convolution's success.

    Args:
        answer: A set of letters.

    Returns:
        `None` if it names those that take away one difference, else a hint.

    Example:
        >>> which_part({"a", "b"})
        'also: d; it takes the pooling away, and leaves the rest'
    """
    reasons = {
        "a": "it has few weights, and nothing else of the convolution",
        "b": "it takes the sharing away, and leaves windows and pooling",
        "c": "both differ in the same four things again",
        "d": "it takes the pooling away, and leaves the rest",
        "e": "it asks how long training takes, and not what the networks differ in",
    }
    separate = {"a", "b", "d"}
    given = letters(answer, reasons)
    if given is None:
        return 'expected a set of the letters a to e, such as {"a", "e"}'
    for letter in sorted(separate - given):
        return f"also: {letter}; {reasons[letter]}"
    for letter in sorted(given - separate):
        return f"not {letter}: {reasons[letter]}"
    return None

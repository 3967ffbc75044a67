"""Checks for the exercises of the page *Convolution on digits*."""

from typing import Any

import numpy as np

__all__ = ["held_out", "kernel_parameters", "output_size", "receptive_field"]


def output_size(answer: Any) -> str | None:
    """Check the side of the output of a convolution.

    Args:
        answer: A function of the side of the image, the width of the window, the stride
            and the padding, `"valid"` or `"same"`.

    Returns:
        `None` if it counts the places of the window, else a hint.

    Example:
        >>> output_size(lambda size, width, stride, padding: size - width + 1)
        'for 28, 5, 2, "valid" expected 12, got 24: that is without the stride'
    """
    for size, width, stride in (
        (28, 5, 2),
        (28, 3, 2),
        (12, 5, 1),
        (29, 3, 3),
        (7, 7, 2),
    ):
        fits, rest = divmod(size - width, stride)
        places, rounded = fits + 1, -(-size // stride)
        for padding, wanted in (("valid", places), ("same", rounded)):
            given = answer(size, width, stride, padding)
            if given == wanted:
                continue
            case = f'{size}, {width}, {stride}, "{padding}"'
            got = f"for {case} expected {wanted}, got {given}"
            if padding == "same" and given == size // stride:
                return f"{got}: round up, the last window may reach into the zeros"
            if padding == "same" and given == places:
                return f"{got}: with zeros around it, the width does not count"
            if padding == "valid" and stride > 1 and given == size - width + 1:
                return f"{got}: that is without the stride"
            if padding == "valid" and given == fits:
                return f"{got}: the first window is a place, too"
            if padding == "valid" and rest and given == fits + 2:
                return f"{got}: round down, a window has to fit"
            return got
    return None


def kernel_parameters(answer: Any) -> str | None:
    """Check the number of parameters of a convolution layer.

    Args:
        answer: A function of the width of the window, and of the numbers of channels
            and filters.

    Returns:
        `None` if it counts weights and biases, else a hint.

    Example:
        >>> kernel_parameters(lambda width, channels, filters: width**2 * filters)
        'for 5 wide, 1 channel, 9 filters expected 234, got 225: each filter has a bias'
    """
    for width, channels, filters in ((5, 1, 9), (3, 4, 7)):
        given = answer(width, channels, filters)
        weights = width * width * channels * filters
        if given == weights + filters:
            continue
        many = f"{channels} channel{'s' if channels > 1 else ''}, {filters} filters"
        got = f"for {width} wide, {many} expected {weights + filters}, got {given}"
        if given == weights:
            return f"{got}: each filter has a bias"
        if given == weights + 1:
            return f"{got}: one bias; there is one for each filter"
        if given == width * width * filters + filters:
            return f"{got}: every channel has weights of its own"
        if given == width * channels * filters + filters:
            return f"{got}: the window is a square"
        return got
    return None


def receptive_field(answer: Any) -> str | None:
    """Check how many pixels one output looks at, along one side.

    Args:
        answer: A function of a list of pairs, the width of the window and the stride of
            each layer, the first layer first.

    Returns:
        `None` if it is right for one to four layers, else a hint.

    Example:
        >>> receptive_field(lambda layers: max(width for width, _ in layers))
        'for [(3, 1), (3, 1)] expected 5, got 3'
    """
    cases = [
        [(5, 2)],
        [(3, 1), (3, 1)],
        [(3, 2), (3, 2)],
        [(5, 2), (3, 3)],
        [(3, 1), (2, 2), (3, 1), (2, 2)],
    ]
    for layers in cases:
        wanted, backwards = 1, 1
        for width, stride in reversed(layers):
            wanted = (wanted - 1) * stride + width
        for width, stride in layers:
            backwards = (backwards - 1) * stride + width
        given = answer(list(layers))
        if given == wanted:
            continue
        got = f"for {layers} expected {wanted}, got {given}"
        if given == 1 + sum(width - 1 for width, _ in layers):
            return f"{got}: outputs of a layer with a stride are further apart"
        if given == backwards:
            return f"{got}: begin with the last layer, whose output is one number"
        return got
    return None


def held_out(answer: Any) -> str | None:
    """Check a split of copies that keeps all copies of an image on one side.

    Args:
        answer: A function of the number of the image that each row is a copy of, of the
            share of the images to hold out, and of a random generator. It returns
            `True` for each row to hold out.

    Returns:
        `None` if no image has copies on both sides, else a hint.

    Example:
        >>> held_out(lambda sources, share, rng: rng.random(len(sources)) < share)
        'images with copies on both sides: 17 of 20; draw images and not rows'
    """
    names = np.random.default_rng(7).permutation(np.arange(100, 120))
    for sources in (np.repeat(names, 9), np.tile(names, 9)):
        drawn = []
        for seed in range(5):
            mask = np.asarray(answer(sources.copy(), 0.25, np.random.default_rng(seed)))
            if mask.shape != sources.shape or mask.dtype != bool:
                return (
                    f"expected one True or False for each of the {len(sources)} rows, "
                    f"got {mask.dtype} of shape {mask.shape}"
                )
            shares = np.array([mask[sources == name].mean() for name in names])
            both = int(((shares > 0) & (shares < 1)).sum())
            if both:
                return (
                    f"images with copies on both sides: {both} of 20; draw images and "
                    "not rows"
                )
            if shares.sum() == 15:
                return "the rows to hold out are False; they should be True"
            if shares.sum() != 5:
                return (
                    f"a share of 0.25 of 20 images is 5, got {shares.sum():.0f}; hold "
                    "out that many images"
                )
            drawn.append(tuple(np.sort(names[shares == 1])))
        if len(set(drawn)) == 1:
            return "the same images for five seeds; draw them with rng"
    return None

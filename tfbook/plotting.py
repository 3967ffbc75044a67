"""Plotting: DataFrames and arrays in, matplotlib Axes out.

Every function draws into `ax`, or into a new figure if there is none, and returns the
Axes, so that the caller can add to it. None of them needs TensorFlow.
`plt.style.use("tfbook.book")` sets the look of the book.
"""

import itertools
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import LogFormatter

__all__ = [
    "activation",
    "confusion",
    "firing",
    "growth",
    "history",
    "images",
    "network",
    "parity",
    "plane",
    "reliability",
    "weights",
]


def history(frame: pd.DataFrame, *, units: str = "", ax: Axes | None = None) -> Axes:
    """Plot losses against epochs, on a logarithmic axis.

    Args:
        frame: One column a loss, indexed by epoch, as `tfbook.training.train` returns
            it.
        units: The unit of the loss, for the axis.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> frame = pd.DataFrame({"training_loss": [1.0, 0.1]}, index=[10, 20])
        >>> history(frame).get_yscale()
        'log'
    """
    ax = ax or plt.figure().add_subplot()
    for name, style in zip(
        frame.columns, ["-", "--", "-.", ":"] * len(frame.columns), strict=False
    ):
        ax.plot(frame.index, frame[name], style, label=str(name).replace("_", " "))
    ax.set(xlabel="epoch", ylabel=f"loss ({units})" if units else "loss", yscale="log")
    # Between two powers of ten the numbers themselves, such as 200, not 2 x 10^2.
    ax.yaxis.set_major_formatter(LogFormatter())
    ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
    ax.legend()
    return ax


def activation(
    x: np.ndarray,
    y: np.ndarray,
    gradient: np.ndarray | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Plot an activation, and its gradient if given.

    Args:
        x: Inputs, of shape `(points,)`.
        y: What the function returns for them.
        gradient: Its slope there.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> x = np.linspace(-3, 3, 61)
        >>> activation(x, np.maximum(x, 0)).get_xlabel()
        'input x'
    """
    ax = ax or plt.figure().add_subplot()
    ax.plot(x, y, label="value")
    if gradient is not None:
        ax.plot(x, gradient, "--", label="gradient")
        ax.legend()
    ax.set(xlabel="input x", ylabel="output f(x)")
    return ax


def firing(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Plot on how many inputs each hidden unit fires; dead ones are crossed.

    Args:
        frame: One row per unit, with columns `layer`, `unit` and `fires`, as
            `tfbook.diagnostics.dead_units` returns them.
        ax: Where to draw.

    Returns:
        The Axes, with one bar per unit and one colour per layer.

    Raises:
        ValueError: If there is no unit.

    Example:
        >>> frame = pd.DataFrame({"layer": "a", "unit": [0, 1], "fires": [0.9, 0.0]})
        >>> len(firing(frame).patches)
        2
    """
    if frame.empty:
        raise ValueError(
            "firing: expected one unit or more, got an empty frame; pass dead_units of "
            "a model with hidden layers"
        )
    ax = ax or plt.figure().add_subplot()
    frame = frame.reset_index(drop=True)
    for layer, rows in frame.groupby("layer", sort=False):
        ax.bar(rows.index, rows["fires"], width=0.7, label=layer)
    dead = frame.index[frame["fires"] == 0]
    if len(dead):
        ax.scatter(
            dead, np.zeros(len(dead)), marker="x", color="C1", zorder=3, label="dead"
        )
    step = -(-len(frame) // 16)  # a number below each bar while there is room
    ax.set_xticks(frame.index[::step], frame["unit"][::step])
    ax.set(xlabel="hidden unit", ylabel="share of inputs it fires on", ylim=(-0.05, 1))
    ax.legend()
    return ax


def growth(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Plot seconds against the size of a job, on logarithmic axes.

    There a cost in proportion to the size is a line that rises one decade a decade, and
    a cost that does not depend on it is flat.

    Args:
        frame: One column a way to do the job, indexed by size; the name of the index is
            what grows. Where a number is missing, the line ends.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> sizes = pd.Index([1, 10], name="rows")
        >>> growth(pd.DataFrame({"a loop": [0.1, 1.0]}, index=sizes)).get_xlabel()
        'rows'
    """
    ax = ax or plt.figure().add_subplot()
    for name, marker in zip(
        frame.columns, itertools.cycle(["o", "s", "^", "v", "D", "x"]), strict=False
    ):
        ax.plot(frame.index, frame[name], marker=marker, markersize=4, label=str(name))
    ax.set(xscale="log", yscale="log", xlabel=frame.index.name, ylabel="seconds")
    ax.legend(fontsize="small")
    return ax


def weights(
    estimates: Sequence[float] | np.ndarray,
    truth: Sequence[float] | np.ndarray,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Plot estimated weights next to the true ones.

    Args:
        estimates: One number per feature.
        truth: As many.
        ax: Where to draw.

    Returns:
        The Axes.

    Raises:
        ValueError: If there are more of the one than of the other.

    Example:
        >>> len(weights([0.1, 0.9], [0, 1]).collections)
        2
    """
    estimates, truth = np.ravel(estimates), np.ravel(truth)
    if len(estimates) != len(truth):
        raise ValueError(
            "weights: expected as many estimates as true weights, got "
            f"{len(estimates)} and {len(truth)}; "
            f"pass one number per feature in both"
        )
    ax = ax or plt.figure().add_subplot()
    features = np.arange(len(truth))
    ax.scatter(
        features,
        truth,
        s=140,
        facecolors="none",
        edgecolors="C1",
        linewidths=1.8,
        label="truth",
    )
    ax.scatter(features, estimates, s=30, color="C0", label="estimate")
    ax.set(xlabel="feature", ylabel="weight", xticks=features)
    ax.legend()
    return ax


def parity(
    predictions: np.ndarray,
    targets: np.ndarray,
    *,
    units: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Plot predictions against targets; a perfect model puts every point on the line.

    Args:
        predictions: One number per example.
        targets: As many.
        units: The unit of both, for the axes.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> parity(np.array([1.0, 2.0]), np.array([1.1, 1.9]), units="m").get_ylabel()
        'prediction (m)'
    """
    ax = ax or plt.figure().add_subplot()
    suffix = f" ({units})" if units else ""
    targets, predictions = np.ravel(targets), np.ravel(predictions)
    ends = [
        min(targets.min(), predictions.min()),
        max(targets.max(), predictions.max()),
    ]
    ax.plot(ends, ends, "--", color="C1", linewidth=1.2)
    ax.scatter(targets, predictions, s=14, alpha=0.7)
    ax.set(xlabel=f"target{suffix}", ylabel=f"prediction{suffix}")
    return ax


def network(
    widths: Sequence[int],
    *,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a fully connected network: a circle for each unit, a line for each weight.

    Args:
        widths: The number of features, the units of each layer in turn.
        labels: What to write under each column.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> len(network([5, 3, 1]).collections)  # two of lines, three of circles
        5
    """
    ax = ax or plt.figure().add_subplot()
    columns = [
        np.column_stack([np.full(width, column), np.arange(width) - (width - 1) / 2])
        for column, width in enumerate(widths)
    ]
    for left, right in itertools.pairwise(columns):
        lines = [(start, end) for start in left for end in right]
        ax.add_collection(
            LineCollection(lines, colors="#888888", linewidths=0.7, zorder=1)
        )
    for column, units in enumerate(columns):
        ax.scatter(units[:, 0], units[:, 1], s=220, color=f"C{column}", zorder=2)
        if labels is not None:
            ax.annotate(
                labels[column],
                (column, units[0, 1]),
                (0, -18),
                textcoords="offset points",
                ha="center",
                va="top",
            )
    ax.margins(0.15, 0.25)
    ax.set_axis_off()
    return ax


def plane(
    x1: np.ndarray,
    x2: np.ndarray,
    z: np.ndarray,
    *,
    levels: int | Sequence[float] = 12,
    label: str | None = "output",
    ax: Axes | None = None,
) -> Axes:
    """Draw a function of two inputs as filled contours.

    Args:
        x1: The grid along the first axis, of shape `(columns,)`.
        x2: The grid along the second axis, of shape `(rows,)`.
        z: The function on the grid, of shape `(rows, columns)`.
        levels: The number of contours, or their values.
        label: What the colours mean, for a colour bar; `None` draws no bar.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> grid = np.linspace(-1, 1, 5)
        >>> plane(grid, grid, np.add.outer(grid, grid)).get_xlabel()
        'x₁'
    """
    ax = ax or plt.figure().add_subplot()
    contours = ax.contourf(x1, x2, z, levels=levels)
    if label is not None:
        ax.figure.colorbar(contours, ax=ax, label=label)
    ax.set(xlabel="x₁", ylabel="x₂", aspect="equal")
    ax.grid(False)
    return ax


def images(
    pixels: np.ndarray,
    *,
    captions: Sequence[str] | None = None,
    columns: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw pictures in rows, 0 as paper and 1 as ink.

    Args:
        pixels: Grey values from 0 to 1, of shape `(pictures, height, width)`.
        captions: What to write above each picture.
        columns: The number of pictures in a row.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> ax = images(np.zeros((3, 28, 28)), captions=["a", "b", "c"], columns=2)
        >>> len(ax.images), ax.texts[2].get_text()
        (3, 'c')
    """
    ax = ax or plt.figure().add_subplot()
    height, width = pixels.shape[1:]
    room = 0 if captions is None else 1 + height // 3
    gap = 2 + room
    for number, picture in enumerate(pixels):
        top, left = np.array(divmod(number, columns)) * [height + gap, width + 2]
        extent = (left, left + width, top + height, top)
        ax.imshow(picture, cmap="Greys", vmin=0, vmax=1, extent=extent)
        if captions is not None:
            place = left + width / 2, top - 1
            ax.text(*place, captions[number], ha="center", fontsize="small")
    num_rows = -(-len(pixels) // columns)
    bottom = num_rows * (height + gap) - gap
    ax.set(xlim=(0, columns * (width + 2) - 2), ylim=(bottom, -room))
    ax.set_axis_off()
    return ax


def confusion(counts: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix; the colours are those of the mistakes alone.

    Args:
        counts: The number of examples, of shape `(classes, classes)`: a row a true
            class, one column per predicted one.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> ax = confusion(np.array([[9, 1], [0, 8]]))
        >>> [text.get_text() for text in ax.texts]  # a count of 0 is left out
        ['9', '1', '8']
    """
    ax = ax or plt.figure(figsize=(5, 5)).add_subplot()
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    # Twice the largest, so that the colour behind a number stays light.
    ax.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(2 * mistakes.max(), 1))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ax.text(column, row, str(count), ha="center", va="center", fontsize="small")
    classes = np.arange(len(counts))
    ax.set(xlabel="predicted", ylabel="true", xticks=classes, yticks=classes)
    ax.grid(False)
    return ax


def reliability(
    confidence: np.ndarray,
    correct: np.ndarray,
    *,
    bins: int = 10,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot how often predictions are right against how sure they were.

    The confidences are put into bins of equal width; a bin is a point at its mean
    confidence and its share of right predictions. The diagonal is perfect calibration:
    a point below it was too sure.

    Args:
        confidence: The probability that was given to the predicted class, in [0, 1].
        correct: Whether the prediction was right, as many.
        bins: The number of bins from 0 to 1.
        label: The name of the line, for a legend.
        ax: Where to draw.

    Returns:
        The Axes.

    Example:
        >>> ax = reliability(np.array([0.5, 0.5, 1.0]), np.array([True, False, True]))
        >>> ax.lines[-1].get_xydata().tolist()
        [[0.5, 0.5], [1.0, 1.0]]

    Reference:
        Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural
        networks, ICML.
    """
    ax = ax or plt.figure(figsize=(4.4, 4.4)).add_subplot()
    edges = np.linspace(0, 1, bins + 1)
    which = np.digitize(confidence, edges[1:-1], right=True)
    filled = np.unique(which)
    sure = [np.mean(confidence[which == number]) for number in filled]
    right = [np.mean(correct[which == number]) for number in filled]
    if not ax.lines:
        ax.plot([0, 1], [0, 1], ":", color="#888888", linewidth=1.2)
    ax.plot(sure, right, "o-", label=label)
    ax.set(xlabel="confidence", ylabel="share of right predictions", aspect="equal")
    if label is not None:
        ax.legend()
    return ax

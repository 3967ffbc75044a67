"""Findings: what can be wrong with a model, told from figures alone.

Each check takes what `tfbook.diagnostics.measures` has measured and returns a
`Finding`, or `None`. Where a check draws the line is a habit and not a law; the number
stands in it.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = [
    "Finding",
    "constant_predictions",
    "dead_layers",
    "exploding_gradients",
    "loss_not_finite",
    "overfitting",
    "unscaled_features",
    "vanishing_gradients",
    "worse_than_constant",
]


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes:
        finding: Its name.
        figure: What was measured.
        remedy: What to do.

    Example:
        >>> print(Finding("Dead units", "4 of 4 never fire", "train anew"))
        Dead units: 4 of 4 never fire.
           What to do: train anew.
    """

    finding: str
    figure: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.finding}: {self.figure}.\n   What to do: {self.remedy}."


def unscaled_features(features: np.ndarray) -> Finding | None:
    r"""Tell features that are far from 0 for their size.

    A column's size is its root mean square, $\sqrt{\frac{1}{n} \sum_i x_i^2}$: 1 for a
    standardised feature. The line is drawn at 10.

    Args:
        features: What the first weights see, of shape `(examples, ..., features)`.

    Returns:
        A finding, or `None`.

    Example:
        >>> unscaled_features(np.array([[0.5, 711.0], [-0.5, 187.0]])).figure
        'features reach 711; 1 of 2 columns have a root mean square above 10'

    Reference:
        LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, in Neural Networks:
        Tricks of the Trade, Springer, section 4.3.
    """
    columns = features.reshape(-1, features.shape[-1]).astype(np.float64)
    large = np.sqrt(np.mean(columns**2, axis=0)) > 10
    if not large.any():
        return None
    return Finding(
        "Unscaled features",
        f"features reach {np.abs(columns).max():.4g}; {large.sum()} of {large.size} "
        "columns have a root mean square above 10",
        "standardise them with split.standardized(), or divide pixels by 255",
    )


def loss_not_finite(losses: pd.DataFrame) -> Finding | None:
    """Tell a loss that is NaN or infinite.

    Args:
        losses: One column a loss, indexed by epoch, as `tfbook.training.train` returns,
            or by a word that says when.

    Returns:
        A finding about the first such row, or `None`.

    Example:
        >>> loss_not_finite(pd.DataFrame({"training_loss": [9.0, np.nan]})).figure
        'training loss is nan in epoch 1'

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section
        8.2.4.
    """
    values = losses.to_numpy(dtype=np.float64)
    rows, columns = np.nonzero(~np.isfinite(values))
    if not len(rows):
        return None
    epoch, column = losses.index[rows[0]], losses.columns[columns[0]]
    where = epoch if isinstance(epoch, str) else f"in epoch {epoch}"
    return Finding(
        "Loss not finite",
        f"{column.replace('_', ' ')} is {values[rows[0], columns[0]]} {where}",
        "train anew with standardised features, a smaller learning rate or clipped "
        "gradients (clipnorm=1.0 in any Keras optimizer)",
    )


def dead_layers(units: pd.DataFrame) -> Finding | None:
    """Tell layers in which a quarter of the units or more never fire.

    Args:
        units: One row per unit, as `tfbook.diagnostics.dead_units` returns them.

    Returns:
        A finding, or `None`.

    Example:
        >>> units = pd.DataFrame({"layer": ["a"] * 2, "fires": [0.0, 0.7]})
        >>> dead_layers(units).figure
        "1 of 2 units of 'a' never fire on the training data"

    Reference:
        Lu, Shin, Su and Karniadakis (2020), Dying ReLU and initialization: theory and
        numerical examples, Communications in Computational Physics 28.
    """
    dead = [
        f"{np.count_nonzero(fires == 0)} of {len(fires)} units of {layer!r}"
        for layer, fires in units.groupby("layer", sort=False)["fires"]
        if np.mean(fires == 0) >= 1 / 4
    ]
    if not dead:
        return None
    return Finding(
        "Dead units",
        f"{' and '.join(dead)} never fire on the training data",
        "train anew, since no gradient reaches them: with standardised features, a "
        "smaller learning rate, or leaky_relu",
    )


def vanishing_gradients(gradients: pd.DataFrame) -> Finding | None:
    """Tell kernels whose gradient is small beside another's.

    They are compared by the size of a typical number in them. The line is drawn at a
    factor of 10 000.

    Args:
        gradients: Rows of `tfbook.diagnostics.gradient_norms` that are kernels.

    Returns:
        A finding about the smallest and the largest, or `None`.

    Example:
        >>> names = ["first/kernel", "last/kernel"]
        >>> frame = {"weight": names, "shape": [(9, 9)] * 2, "norm": [1e-7, 0.5]}
        >>> vanishing_gradients(pd.DataFrame(frame)).figure
        "the gradient of 'first/kernel' is 2e-07 times that of 'last/kernel'"

    Reference:
        Glorot and Bengio (2010), Understanding the difficulty of training deep
        feedforward neural networks, AISTATS.
    """
    typical = gradients["norm"] / np.sqrt(gradients["shape"].map(math.prod))
    typical.index = gradients["weight"]
    if typical.empty or typical.min() >= 1e-4 * typical.max():
        return None
    return Finding(
        "Vanishing gradients",
        f"the gradient of {typical.idxmin()!r} is "
        f"{typical.min() / typical.max():.1g} times that of {typical.idxmax()!r}",
        "use an activation that does not saturate (relu with he_normal kernels), "
        "normalise between layers, or use fewer of them",
    )


def exploding_gradients(gradients: pd.DataFrame) -> Finding | None:
    """Tell kernels whose gradient is much longer than themselves.

    The line is drawn at a factor of 1000, where an SGD step of learning rate 0.001 is
    as long as the kernel.

    Args:
        gradients: Rows of `tfbook.diagnostics.gradient_norms` that are kernels.

    Returns:
        A finding about the largest, or `None`.

    Example:
        >>> frame = {"weight": ["first/kernel"], "relative": [2e5]}
        >>> exploding_gradients(pd.DataFrame(frame)).figure
        "the gradient of 'first/kernel' is 2e+05 times as long as the kernel"

    Reference:
        Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent
        neural networks, ICML.
    """
    relative = gradients.set_index("weight")["relative"]
    if not relative.max() > 1000:
        return None
    return Finding(
        "Exploding gradients",
        f"the gradient of {relative.idxmax()!r} is {relative.max():.1g} times as long "
        "as the kernel",
        "scale features and targets, lower the learning rate, or clip gradients "
        "(clipnorm=1.0 in any Keras optimizer)",
    )


def constant_predictions(predictions: np.ndarray, y: np.ndarray) -> Finding | None:
    """Tell predictions that do not depend on the features.

    They are called constant if they differ by less than a thousandth of the targets'
    standard deviation; or, where the targets are labels, by less than 0.001.

    Args:
        predictions: For the training rows, of shape `(examples, ...)`.
        y: Their targets of the same shape, or integer labels.

    Returns:
        A finding, or `None`.

    Example:
        >>> y = np.array([[20.0], [24.0]])
        >>> constant_predictions(np.full((2, 1), 22.0), y).figure
        'every prediction is 22, the mean of the training targets'

    Reference:
        Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
        Springer, section 3.2.
    """
    labels = predictions.shape != y.shape
    spread = 1.0 if labels else y.std(dtype=np.float64)
    if np.ptp(predictions, axis=0).max() > 1e-3 * spread:
        return None
    mean = y.mean(axis=0, dtype=np.float64)
    if labels or y.shape[1:] != (1,):
        figure = "every row gets the same prediction"
    elif abs(predictions.mean() - mean) <= 1e-2 * spread:
        figure = f"every prediction is {mean[0]:.4g}, the mean of the training targets"
    else:
        figure = (
            f"every prediction is {predictions.mean():.4g}, while the training targets "
            f"average {mean[0]:.4g}"
        )
    return Finding(
        "Constant predictions",
        figure,
        "find what keeps the features out: a cause above, or a kernel whose gradient "
        "is 0",
    )


def worse_than_constant(model: float, constant: float) -> Finding | None:
    """Tell a model that is worse on test rows than a constant.

    Args:
        model: Its test loss.
        constant: The test loss of the best constant for the training rows: their mean,
            or for labels how frequent each is.

    Returns:
        A finding, or `None`.

    Example:
        >>> worse_than_constant(98.4, 83.7).figure
        'the test loss is 98.4, that of a constant 83.7'

    Reference:
        Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
        Springer, section 3.2.
    """
    if not model > constant:
        return None
    return Finding(
        "Worse than a constant",
        f"the test loss is {model:.4g}, that of a constant {constant:.4g}",
        "train longer if the training loss still falls; else start from a linear "
        "model and add to it",
    )


def overfitting(history: pd.DataFrame) -> Finding | None:
    """Tell a test loss that rises while the training loss falls.

    The line is drawn at 10 % above its lowest value.

    Args:
        history: What `tfbook.training.train` returned; without a test loss, there is
            nothing to tell.

    Returns:
        A finding, or `None`.

    Example:
        >>> losses = {"training_loss": [9.0, 4.0, 1.0], "testing_loss": [9.0, 6.0, 8.0]}
        >>> overfitting(pd.DataFrame(losses, index=[10, 20, 30])).figure
        'since epoch 20 the test loss rose from 6 to 8, and the training loss fell from
        4 to 1'

    Reference:
        Prechelt (1998), Early stopping, but when?, in Neural Networks: Tricks of the
        Trade, Springer.
    """
    if "testing_loss" not in history or history.empty:
        return None
    lowest = int(history["testing_loss"].argmin())
    epoch = history.index[lowest]
    best, last = history.iloc[lowest], history.iloc[-1]
    rises = last["testing_loss"] > 1.1 * best["testing_loss"]
    if not (rises and last["training_loss"] < best["training_loss"]):
        return None
    return Finding(
        "Overfitting",
        f"since epoch {epoch} the test loss rose from {best['testing_loss']:.4g} to "
        f"{last['testing_loss']:.4g}, and the training loss fell from "
        f"{best['training_loss']:.4g} to {last['training_loss']:.4g}",
        "choose the epoch by validation rows, from split.with_validation(), and not by "
        "the test rows; or use more rows, fewer units, weight decay or dropout",
    )

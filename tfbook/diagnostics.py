"""Diagnostics: figures that say whether a model has learned."""

import numpy as np

from tfbook.data import Split

__all__ = ["constant_baseline"]


def constant_baseline(split: Split) -> float:
    r"""Return the test error of the model that always predicts the training mean.

    It is $\frac{1}{n} \sum_i (y_i - \bar y)^2$ over the test rows, with $\bar y$ the
    mean of the training targets. A model that does no better has learned nothing from
    the features.

    Args:
        split: Training and test rows; only the targets are used.

    Returns:
        The mean squared error, in squared units of the target.

    Example:
        >>> from tfbook import data
        >>> round(constant_baseline(data.boston_housing()), 5)
        83.71086

    Reference:
        Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
        Springer, section 3.2.
    """
    # In float64, since float32 targets carry seven digits and their sum has to keep
    # them.
    constant = split.y_train.mean(axis=0, dtype=np.float64)
    return float(np.mean((split.y_test - constant) ** 2))

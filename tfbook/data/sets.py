"""Data sets, made up or carried by a package: nothing is downloaded."""

import numpy as np

from tfbook.data.splits import Split

__all__ = ["boston_housing", "digits", "linear"]


def linear(
    num_examples: int = 32, num_features: int = 5, *, noise: float = 0.0, seed: int = 42
) -> Split:
    r"""Make data with a linear truth.

    $y = X w + \varepsilon$ with $w = (0, 1, 2, \dots)$.

    Args:
        num_examples: The number of training rows; there are as many test rows.
        num_features: The number of columns of $X$, drawn uniformly from [0, 1).
        noise: The standard deviation of the normal error $\varepsilon$.
        seed: The seed of the random numbers.

    Returns:
        A `Split` of float32 arrays, without units.

    Raises:
        ValueError: If a size is below 1 or the noise is negative.

    Example:
        >>> split = linear(num_examples=4, num_features=2)
        >>> bool((split.y_train == split.x_train @ [[0], [1]]).all())
        True
    """
    if num_examples < 1 or num_features < 1:
        raise ValueError(
            "linear: expected num_examples and num_features of at least 1, got "
            f"{num_examples} and {num_features}; "
            f"leave them out for 32 and 5"
        )
    if not 0 <= noise < np.inf:
        raise ValueError(
            f"linear: expected noise of at least 0, got {noise}; pass a standard "
            "deviation"
        )
    rng = np.random.default_rng(seed)
    weights = np.arange(num_features, dtype=np.float32)[:, None]

    def rows() -> tuple[np.ndarray, np.ndarray]:
        x = rng.random((num_examples, num_features)).astype(np.float32)
        error = noise * rng.standard_normal((num_examples, 1), dtype=np.float32)
        return x, x @ weights + error

    return Split(*rows(), *rows())


def boston_housing(test_split: float = 0.2, seed: int = 113) -> Split:
    r"""Load house prices in 506 tracts of Boston in 1970.

    The rows, their order and the split are those of Keras. The targets are the median
    value of owner-occupied homes, in thousands of dollars. The 13 features are, in
    order: CRIM crimes a head, ZN share of large lots (%), INDUS share of industry (%),
    CHAS at the river (0 or 1), NOX nitric oxides (parts per 10 million), RM rooms a
    home, AGE share built before 1940 (%), DIS distance to employment (weighted), RAD
    access to highways (index), TAX property tax (dollars per 10 000), PTRATIO pupils a
    teacher, B (see below), LSTAT share of the population of lower status (%).

    Use it to learn, and for nothing else. Column B is $1000 (b - 0.63)^2$ with $b$ the
    share of Black residents: the authors assumed that segregation raises prices, and
    built the assumption into the feature. Below 137 the column cannot be undone, since
    two shares give one value. scikit-learn removed the data set for this reason.

    Args:
        test_split: The share of the rows to test on.
        seed: The seed of the shuffle; 113 is that of Keras.

    Returns:
        A `Split` of float32 arrays, by default of 404 training and 102 test rows.

    Raises:
        ValueError: If `test_split` leaves no row to train or to test on.

    Example:
        >>> split = boston_housing()
        >>> split.x_train.shape, split.x_test.shape
        ((404, 13), (102, 13))

    Reference:
        Harrison and Rubinfeld (1978), Hedonic prices and the demand for clean air,
        Journal of Environmental Economics and Management 5; the rows are those of
        `mlxtend.data.boston_housing_data`.
    """
    from mlxtend.data import boston_housing_data

    features, prices = boston_housing_data()
    return Split.shuffled(
        features, prices[:, None].astype(np.float32), test_split, seed
    )


def digits(test_split: float = 0.2, seed: int = 0) -> Split:
    """Load 5000 handwritten digits of MNIST, 500 of each, as images of 28 x 28 pixels.

    Args:
        test_split: The share of the rows to test on.
        seed: The seed of the shuffle.

    Returns:
        A `Split` with one row of 784 float32 pixels per image, from 0 (paper) to 1
        (ink), top row first; the digit, 0 to 9, as an int32 label.
        `x.reshape(-1, 28, 28)` are the images.

    Raises:
        ValueError: If `test_split` leaves no row to train or to test on.

    Example:
        >>> split = digits()
        >>> split.x_train.shape, split.y_test.shape, float(split.x_train.max())
        ((4000, 784), (1000, 1), 1.0)

    Reference:
        LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to
        document recognition, Proceedings of the IEEE 86; the rows are those of
        `mlxtend.data.mnist_data`.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return Split.shuffled(
        pixels / 255, labels[:, None].astype(np.int32), test_split, seed
    )

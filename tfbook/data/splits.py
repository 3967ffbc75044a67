"""Rows to train on, rows to choose by, and rows to test on."""

from typing import NamedTuple

import numpy as np

__all__ = ["Split", "SplitWithValidation"]


class Split(NamedTuple):
    """Features and targets, divided into rows to train on and rows to test on.

    Attributes:
        x_train: Features, of shape `(train rows, features)`.
        y_train: Targets, of shape `(train rows, 1)`.
        x_test: Features, of shape `(test rows, features)`.
        y_test: Targets, of shape `(test rows, 1)`.

    Raises:
        ValueError: If a share leaves no row on one side; if features to standardize
            are not finite, or not of one shape.

    Example:
        >>> from tfbook import data
        >>> split = data.linear()
        >>> x, y = split.train
        >>> x.shape, y.shape
        ((32, 5), (32, 1))
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    @classmethod
    def shuffled(
        cls, x: np.ndarray, y: np.ndarray, test_split: float, seed: int
    ) -> "Split":
        """Shuffle rows, and keep the last ones to test on.

        The order and the split are those of `keras.datasets.boston_housing.load_data`.

        Args:
            x: Features, of shape `(rows, features)`; they become float32.
            y: Targets, of shape `(rows, 1)`.
            test_split: The share of the rows to test on, between 0 and 1.
            seed: The seed of the shuffle.

        Returns:
            The split.

        Raises:
            ValueError: If `test_split` leaves no row to train or to test on, or there
                are not as many targets as rows.

        Example:
            >>> x, y = np.eye(4), np.ones((4, 1))
            >>> split = Split.shuffled(x, y, test_split=0.25, seed=0)
            >>> len(split.x_train), len(split.x_test)
            (3, 1)
        """
        if len(x) != len(y):
            raise ValueError(
                f"Split.shuffled: expected one target per row, got {len(x)} rows and "
                f"{len(y)} targets; pass x and y of the same length"
            )
        num_train = cls._num_kept(len(x), test_split, "test")
        # The old generator, because only it repeats the order of Keras.
        order = np.random.RandomState(seed).permutation(len(x))
        # asanyarray, because asarray would forget the mask of a masked array.
        x = np.asanyarray(x)[order].astype(np.float32)
        y = np.asanyarray(y)[order]
        return cls(x[:num_train], y[:num_train], x[num_train:], y[num_train:])

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        """The pair `(x_train, y_train)`."""
        return self.x_train, self.y_train

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """The pair `(x_test, y_test)`."""
        return self.x_test, self.y_test

    def with_validation(self, validation_split: float = 0.2) -> "SplitWithValidation":
        """Set training rows aside, to make choices on; the test rows stay untouched.

        They are the last of the training rows, as with `validation_split` in Keras's
        `fit`. Standardize afterwards: the mean may not know the validation rows either.

        Args:
            validation_split: The share of the *training* rows, between 0 and 1.

        Returns:
            A split with a third part.

        Raises:
            ValueError: If the share leaves no row to train or to validate on.

        Example:
            >>> from tfbook import data
            >>> split = data.boston_housing().with_validation(0.25).standardized()
            >>> [len(x) for x, y in (split.train, split.validation, split.test)]
            [303, 101, 102]
        """
        num_train = self._num_kept(len(self.x_train), validation_split, "validation")
        return SplitWithValidation(
            self.x_train[:num_train],
            self.y_train[:num_train],
            self.x_train[num_train:],
            self.y_train[num_train:],
            self.x_test,
            self.y_test,
        )

    def standardized(self) -> "Split":
        r"""Scale each feature to mean 0 and standard deviation 1.

        $(x - \mu) / s$, where the mean $\mu$ and the deviation $s$ come from the
        training rows alone: the test rows stand for data not seen yet. A feature that
        is constant there becomes 0 in the training rows.

        Returns:
            A new split with scaled features, which are floats even where integers went
            in, and the same targets.

        Raises:
            ValueError: If a feature is NaN, infinite or masked somewhere, or the
                parts have features of different shapes.

        Example:
            >>> from tfbook import data
            >>> x_train = data.linear().standardized().x_train
            >>> np.allclose(x_train.mean(), 0, atol=1e-6), np.allclose(x_train.std(), 1)
            (True, True)

        Reference:
            Hastie, Tibshirani and Friedman (2009), The Elements of Statistical
            Learning, Springer, section 11.5.3.
        """
        self._check_features()
        # In float64: the mean of features around 700 loses digits in float32.
        mean = self.x_train.mean(axis=0, dtype=np.float64)
        scale = self.x_train.std(axis=0, dtype=np.float64)
        # Rounding alone gives a constant feature a deviation of up to this.
        rounding = len(self.x_train) * np.finfo(np.float64).eps * np.abs(mean)
        scale = np.where(scale <= rounding, 1, scale)

        def scaled(x: np.ndarray) -> np.ndarray:
            dtype = x.dtype if x.dtype.kind == "f" else np.float32  # for integers
            return ((x - mean) / scale).astype(dtype)

        return self._replace(x_train=scaled(self.x_train), x_test=scaled(self.x_test))

    @staticmethod
    def _num_kept(num_rows: int, share: float, part: str) -> int:
        """Count the rows to train on when a share of them goes to another part."""
        # Rounded before it is cut: 100 * (1 - 0.8) is 19.999999999999996.
        kept = int(round(num_rows * (1 - share), 6)) if 0 < share < 1 else 0
        if not 0 < kept < num_rows:
            verb = {"test": "test", "validation": "validate"}[part]
            raise ValueError(
                f"{part}_split: expected a share that leaves rows to train and to "
                f"{verb} on, got {share}; pass a number between 0 and 1, such as 0.2"
            )
        return kept

    def _check_features(self) -> None:
        for x in (self.x_train, self.x_test):
            if x.shape[1:] != self.x_train.shape[1:]:
                raise ValueError(
                    "standardized: expected the same features in every part, got rows "
                    f"of shape {self.x_train.shape[1:]} to train on and of shape "
                    f"{x.shape[1:]} besides; select the same columns"
                )
            # Not isfinite(x): of masked numbers it says neither yes nor no.
            wrong = ~np.isfinite(np.ma.getdata(x)) | np.ma.getmaskarray(x)
            if wrong.any():
                row, *column = np.argwhere(wrong)[0].tolist()
                raise ValueError(
                    f"standardized: expected finite features, got {x[row, *column]} in "
                    f"row {row}, column {column}; fill or drop such rows"
                )


class SplitWithValidation(NamedTuple):
    """A `Split` with a third part, taken from the training rows, to make choices on.

    Attributes:
        x_train: Features, of shape `(train rows, features)`.
        y_train: Targets, of shape `(train rows, 1)`.
        x_validation: Features, of shape `(validation rows, features)`.
        y_validation: Targets, of shape `(validation rows, 1)`.
        x_test: Features, of shape `(test rows, features)`.
        y_test: Targets, of shape `(test rows, 1)`.

    Example:
        >>> from tfbook import data
        >>> split = data.linear().with_validation(0.25)
        >>> [len(x) for x, y in (split.train, split.validation, split.test)]
        [24, 8, 32]
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        """The pair `(x_train, y_train)`."""
        return self.x_train, self.y_train

    @property
    def validation(self) -> tuple[np.ndarray, np.ndarray]:
        """The pair `(x_validation, y_validation)`."""
        return self.x_validation, self.y_validation

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """The pair `(x_test, y_test)`."""
        return self.x_test, self.y_test

    def standardized(self) -> "SplitWithValidation":
        """Scale as `Split.standardized` does: by the rows left to train on, alone."""
        choosing = Split(*self.train, *self.validation).standardized()
        testing = Split(*self.train, *self.test).standardized()
        return self._replace(
            x_train=choosing.x_train,
            x_validation=choosing.x_test,
            x_test=testing.x_test,
        )

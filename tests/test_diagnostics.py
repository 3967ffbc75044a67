"""Diagnostics, held against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_squared_error

from tfbook import data, diagnostics


def dummy_error(split: data.Split) -> float:
    """Let scikit-learn predict the training mean, in float64."""
    wide = data.Split(*(part.astype(np.float64) for part in split))
    dummy = DummyRegressor(strategy="mean").fit(*wide.train)
    return mean_squared_error(wide.y_test, dummy.predict(wide.x_test))


@pytest.mark.parametrize(
    "split",
    [
        data.boston_housing(),
        data.boston_housing(test_split=0.5, seed=1),
        data.linear(),
        data.linear(num_examples=1000, noise=1.0),
    ],
    ids=["boston_housing", "other houses", "linear", "linear with noise"],
)
def test_the_constant_baseline_agrees_with_scikit_learn(split):
    baseline = diagnostics.constant_baseline(split)
    assert type(baseline) is float
    np.testing.assert_allclose(baseline, dummy_error(split), rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    num_train=st.integers(1, 20),
    num_test=st.integers(1, 20),
    num_targets=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_the_constant_baseline_takes_any_number_of_rows_and_targets(
    num_train, num_test, num_targets, seed
):
    rng = np.random.default_rng(seed)
    parts = [
        rng.normal(3, 2, size=(rows, columns)).astype(np.float32)
        for rows in (num_train, num_test)
        for columns in (1, num_targets)
    ]
    split = data.Split(*parts)
    np.testing.assert_allclose(
        diagnostics.constant_baseline(split), dummy_error(split), rtol=1e-12
    )


def test_the_constant_baseline_keeps_the_digits_of_large_targets():
    # In float32 the mean of these would be off by more than their deviation.
    y = np.float32(1e5) + np.arange(100_000, dtype=np.float32)[:, None] % 2
    split = data.Split(y, y, y, y)
    np.testing.assert_allclose(diagnostics.constant_baseline(split), 1 / 4, rtol=1e-12)


def test_the_constant_baseline_looks_at_targets_only():
    split = data.linear()
    blind = split._replace(x_train=np.empty((32, 0)), x_test=np.empty((32, 0)))
    assert diagnostics.constant_baseline(blind) == diagnostics.constant_baseline(split)

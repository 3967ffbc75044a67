"""Boston's test loss: against the same by hand, and what is refused."""

from functools import partial

import keras
import numpy as np
import pytest

from tfbook import data, training
from tfbook.evaluation import (
    SETTLED,
    Setting,
    boston_errors,
    boston_table,
    difference,
)
from tfbook.models import MLP


@pytest.mark.parametrize("batch_size", [None, 404])
def test_errors_are_those_of_a_network_trained_by_hand(batch_size):
    setting = Setting(3, partial(keras.optimizers.SGD, 0.01), 4, batch_size)
    found = boston_errors(setting, seeds=[7])
    x, y, x_test, y_test = data.boston_housing().standardized()
    keras.utils.set_random_seed(7)
    model = MLP(3, 1)
    model.build((None, 13))
    w, b, v, c = (weight.astype(np.float64) for weight in model.get_weights())
    for _ in range(4):
        hidden = np.maximum(x @ w + b, 0)
        slope = 2 * (hidden @ v + c - y) / len(x)
        before = (slope @ v.T) * (hidden > 0)
        v, c = v - 0.01 * hidden.T @ slope, c - 0.01 * slope.sum(axis=0)
        w, b = w - 0.01 * x.T @ before, b - 0.01 * before.sum(axis=0)
    said = np.maximum(x_test @ w + b, 0) @ v + c
    np.testing.assert_allclose(found[0], (said - y_test)[:, 0] ** 2, rtol=1e-3)


def test_each_start_is_one_of_its_own_and_can_be_repeated():
    setting = Setting(3, keras.optimizers.SGD, 2, batch_size=100)
    both = boston_errors(setting, seeds=[1, 2])
    assert both.shape == (2, 102)
    assert not np.allclose(*both)
    np.testing.assert_array_equal(boston_errors(setting, seeds=[2])[0], both[1])


def test_the_table_begins_with_the_constant_and_the_line():
    split = data.boston_housing()
    errors = np.stack([np.full(102, 2.0), np.full(102, 4.0)])
    table = boston_table({"network": errors})
    assert list(table.index) == ["constant", "straight line", "network"]
    constant = np.mean((split.y_test - split.y_train.mean()) ** 2)
    # The same line from raw features, where NumPy's other solver finds it.
    raw = np.hstack([split.x_train, np.ones((404, 1))]).astype(np.float64)
    line = np.linalg.pinv(raw) @ split.y_train
    ones = np.ones((102, 1))
    said = np.hstack([split.x_test, ones]) @ line
    loss = np.mean((said - split.y_test) ** 2)
    np.testing.assert_allclose(table["mean"], [constant, loss, 3], rtol=1e-3)
    np.testing.assert_allclose(
        table["deviation over starts"], [np.nan, np.nan, 2**0.5], rtol=1e-6
    )


def test_a_difference_comes_with_an_interval_of_its_width():
    rng = np.random.default_rng(0)
    errors, others = rng.random((10, 100)) + 1, rng.random((10, 100))
    middle, low, high = difference(errors, others)
    np.testing.assert_allclose(middle, errors.mean() - others.mean())
    by_row = (errors - others).mean(axis=0)
    starts = [np.var(each.mean(axis=1), ddof=1) for each in (errors, others)]
    half = (2**2 * by_row.var(ddof=1) / 100 + 2.3**2 * sum(starts) / 10) ** 0.5
    np.testing.assert_allclose([low, high], [middle - half, middle + half])


def test_the_interval_holds_the_truth_in_about_95_of_100_cases():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        rows = rng.standard_normal(100)  # what the two differ by, row by row
        starts = 0.3 * rng.standard_normal((2, 10, 1))
        _, low, high = difference(1 + rows + starts[0], starts[1] + 0 * rows)
        held += low < 1 < high
    assert 0.92 < held / 400 < 0.98


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 5), (2, 4)), r"got the shapes \(2, 5\) and \(2, 4\); pass what"),
        (((1, 5), (2, 5)), r"expected errors of several starts"),
    ],
)
def test_what_cannot_be_compared_is_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        difference(*map(np.ones, shapes))


def test_what_is_settled_makes_a_new_optimizer_each_time():
    for setting in SETTLED.values():
        one, other = setting.make_optimizer(), setting.make_optimizer()
        assert one is not other
        assert setting.epochs > 0


def test_validation_rows_come_without_having_been_trained_on():
    setting = Setting(3, partial(keras.optimizers.SGD, 0.01), 3)
    found = boston_errors(setting, seeds=[5], part="validation")
    parts = data.boston_housing().with_validation().standardized()
    keras.utils.set_random_seed(5)
    model = MLP(3, 1)
    model.build((None, 13))
    optimizer = keras.optimizers.SGD(0.01)
    for _ in range(3):
        training.train_step(
            model, optimizer, keras.losses.mean_squared_error, *parts.train
        )
    said = model(parts.x_validation).numpy()
    np.testing.assert_allclose(
        found[0], (said - parts.y_validation)[:, 0] ** 2, rtol=1e-3
    )


def test_a_run_that_diverges_has_infinite_errors():
    setting = Setting(3, partial(keras.optimizers.SGD, 100.0), 50)
    assert np.isinf(boston_errors(setting, seeds=[0, 1])).all()


def test_a_part_that_does_not_exist_is_refused():
    setting = SETTLED["width 4"]
    with pytest.raises(ValueError, match="got 'training'; choose by validation rows"):
        boston_errors(setting, part="training")

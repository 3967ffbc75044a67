"""Data, held against Keras's split written out by hand, scikit-learn and the truth."""

import math
import socket

import keras
import mlxtend.data
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from tfbook import data

LOADERS = [data.boston_housing, data.digits]


@pytest.fixture(scope="module")
def mnist():
    """Read mlxtend's digits once: it takes two seconds to parse their text."""
    arrays = mlxtend.data.mnist_data()
    for array in arrays:
        array.flags.writeable = False  # so that no test changes them for the next
    return arrays


@pytest.fixture
def quick_digits(mnist, monkeypatch):
    """Let `data.digits` have the digits that were read already."""
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: mnist)


@pytest.fixture
def no_network(monkeypatch):
    """Let every attempt at the network fail."""

    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def same_bits(left: data.Split, right: data.Split) -> bool:
    """Tell whether two splits agree bit for bit."""
    return all(map(np.array_equal, left, right))


def joined(split: data.Split) -> np.ndarray:
    """Put all rows together, features beside targets."""
    return np.vstack([np.hstack(split.train), np.hstack(split.test)])


def sorted_rows(rows: np.ndarray) -> np.ndarray:
    """Bring rows into an order of their own."""
    return rows[np.lexsort(rows.T)]


# A split


def test_train_and_test_are_the_pairs_of_the_fields():
    split = data.Split(*np.eye(4))
    assert split.train[0] is split.x_train
    assert split.train[1] is split.y_train
    assert split.test[0] is split.x_test
    assert split.test[1] is split.y_test


@settings(max_examples=50, deadline=None)
@given(
    num_rows=st.integers(2, 30),
    test_split=st.floats(0.01, 0.99),
    seed=st.integers(0, 9),
)
def test_shuffling_loses_and_repeats_no_row_and_keeps_targets_with_features(
    num_rows, test_split, seed
):
    num_train = math.floor(round(num_rows - num_rows * test_split, 6))
    x = np.arange(num_rows)[:, None]
    if num_train == 0:
        with pytest.raises(ValueError, match="leaves rows to train"):
            data.Split.shuffled(x, -x, test_split, seed)
        return
    split = data.Split.shuffled(x, -x, test_split, seed)
    assert len(split.x_train) == num_train
    assert joined(split)[:, 0].tolist() == (-joined(split)[:, 1]).tolist()
    assert sorted(joined(split)[:, 0]) == x.ravel().tolist()


def test_shuffling_makes_features_float32_and_leaves_targets_and_its_arguments():
    x, y = np.arange(8.0)[:, None], np.arange(8)[:, None]
    split = data.Split.shuffled(x, y, test_split=0.5, seed=0)
    assert (split.x_train.dtype, split.y_train.dtype) == (np.float32, y.dtype)
    assert x.ravel().tolist() == y.ravel().tolist() == list(range(8))
    assert x.dtype == np.float64


@pytest.mark.usefixtures("quick_digits")
@pytest.mark.parametrize(
    "load",
    [
        *LOADERS,
        lambda test_split: data.Split.shuffled(np.eye(9), np.eye(9), test_split, 0),
    ],
    ids=["boston_housing", "digits", "shuffled"],
)
@pytest.mark.parametrize("test_split", [-0.5, 0, 0.0, 1, 1.0, 1.5, 0.9999])
def test_a_share_that_leaves_no_rows_is_refused_with_a_remedy(load, test_split):
    with pytest.raises(
        ValueError,
        match=rf"^test_split: expected a share that leaves rows to train and to test "
        rf"on, got {test_split}; pass a number between 0 and 1, such as 0\.2$",
    ):
        load(test_split=test_split)


@pytest.mark.parametrize("num_rows", [10, 100, 1000])
@pytest.mark.parametrize("percent", [10, 20, 30, 40, 50, 60, 70, 80, 90])
def test_a_share_that_is_a_whole_number_of_rows_gives_that_many(num_rows, percent):
    rows, num_test = np.eye(num_rows), num_rows * percent // 100
    split = data.Split.shuffled(rows, rows, percent / 100, seed=0)
    assert len(split.x_test) == num_test
    if num_rows - num_test > 1:
        halves = split.with_validation(0.5)
        assert len(halves.x_train) == (num_rows - num_test) // 2


def test_rows_and_targets_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"^Split.shuffled: .* got 4 rows and 3 targ"):
        data.Split.shuffled(np.eye(4), np.ones((3, 1)), 0.5, seed=0)


@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_lists_and_tables_are_shuffled_as_arrays_are(kind):
    x = np.arange(12.0).reshape(6, 2)
    found = data.Split.shuffled(kind(x.tolist()), kind(x.tolist()), 0.5, seed=0)
    assert same_bits(found, data.Split.shuffled(x, x, 0.5, seed=0))


# A validation part


def test_validation_rows_are_the_last_training_rows_and_test_rows_stay():
    split = data.linear(num_examples=10)
    three = split.with_validation(0.3)
    assert [len(part) for part in three] == [7, 7, 3, 3, 10, 10]
    np.testing.assert_array_equal(three.x_train, split.x_train[:7])
    np.testing.assert_array_equal(three.x_validation, split.x_train[7:])
    np.testing.assert_array_equal(three.y_validation, split.y_train[7:])
    assert three.test == split.test
    assert three.validation == (three.x_validation, three.y_validation)
    assert three.train == (three.x_train, three.y_train)


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
def test_validation_rows_are_those_that_fit_takes(share):
    seen = []

    class Rows(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs)

    split = data.linear(num_examples=10, noise=1.0).with_validation(share)
    all_x = np.concatenate([split.x_train, split.x_validation])
    all_y = np.concatenate([split.y_train, split.y_validation])
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(all_x, all_y, validation_split=share, verbose=0, callbacks=[Rows()])
    ours = np.mean((model(split.x_validation) - split.y_validation) ** 2)
    assert seen[0]["val_loss"] == pytest.approx(float(ours), rel=1e-5)


def test_neither_validation_rows_nor_test_rows_influence_the_scale():
    three = data.linear().with_validation()
    scaled = three.standardized()
    scaler = StandardScaler().fit(three.x_train)
    for part in ("x_train", "x_validation", "x_test"):
        expected = scaler.transform(getattr(three, part))
        np.testing.assert_allclose(getattr(scaled, part), expected, atol=1e-5)
    for part in ("y_train", "y_validation", "y_test"):
        assert getattr(scaled, part) is getattr(three, part)


@pytest.mark.parametrize("share", [-0.5, 0, 1, 1.5, 0.91, 0.99, math.nan])
def test_a_share_that_leaves_no_rows_to_choose_on_is_refused_with_a_remedy(share):
    with pytest.raises(
        ValueError,
        match=rf"^validation_split: expected a share that leaves rows to train and to "
        rf"validate on, got {share}; pass a number between 0 and 1, such as 0\.2$",
    ):
        data.linear(num_examples=10).with_validation(share)


# Standardizing


@pytest.mark.parametrize(
    "split",
    [data.boston_housing(), data.linear(), data.linear(num_examples=500, noise=1.0)],
    ids=["boston_housing", "linear", "linear with noise"],
)
def test_standardizing_agrees_with_scikit_learn(split):
    scaler = StandardScaler().fit(split.x_train.astype(np.float64))
    scaled = split.standardized()
    for ours, raw in ((scaled.x_train, split.x_train), (scaled.x_test, split.x_test)):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(
            ours, scaler.transform(raw.astype(np.float64)), rtol=1e-5, atol=1e-6
        )
    assert scaled.y_train is split.y_train
    assert scaled.y_test is split.y_test


def test_standardizing_keeps_the_digits_of_features_far_from_zero():
    # A sum of float32 numbers around 100 000 would lose the differences between them.
    x = np.float32(1e5) + np.indices((10_000, 2)).sum(axis=0, dtype=np.float32) % 2
    scaled = data.Split(x, x, x, x).standardized()
    np.testing.assert_array_equal(scaled.x_train[:2], [[-1, 1], [1, -1]])


@pytest.mark.parametrize("constant", [0.0, 7.0, -711.0])
def test_a_feature_constant_in_training_becomes_zero_and_is_only_shifted_in_testing(
    constant,
):
    x_train = np.float32([[constant, 1], [constant, 2], [constant, 3]])
    x_test = np.float32([[constant, 2], [constant + 3, 2]])
    scaled = data.Split(x_train, x_train, x_test, x_test).standardized()
    np.testing.assert_array_equal(scaled.x_train[:, 0], [0, 0, 0])
    np.testing.assert_array_equal(scaled.x_test, [[0, 0], [3, 0]])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int32, np.int64])
def test_integers_are_standardized_into_float32(dtype):
    x = np.array([[0], [1], [1], [0], [1]]) * (1 if dtype is bool else 100)
    scaled = data.Split(*[x.astype(dtype)] * 4).standardized()
    for found in (scaled.x_train, scaled.x_test):
        assert found.dtype == np.float32
        expected = StandardScaler().fit_transform(x.astype(np.float64))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_standardized_into_what_they_were(dtype):
    x = data.linear().x_train.astype(dtype)
    assert data.Split(x, x, x, x).standardized().x_test.dtype == dtype


@pytest.mark.parametrize("value", [0.1, 1e-9, 123_456.789, -7e8])
def test_a_feature_that_is_constant_but_for_rounding_is_not_blown_up(value):
    # The mean of 0.1, ten thousand times, is not 0.1.
    x = np.full((10_000, 1), value)
    x[::2] = np.nextafter(value, 0)
    scaled = data.Split(x, x, x, x).standardized()
    np.testing.assert_allclose(scaled.x_train, 0, atol=1e-9 * abs(value))


def test_a_feature_that_varies_little_around_0_is_no_constant():
    x = 1e-30 * np.array([[-1.0], [1.0]])
    np.testing.assert_allclose(
        data.Split(x, x, x, x).standardized().x_train, [[-1], [1]]
    )


@pytest.mark.parametrize("part", ["x_train", "x_test"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_feature_that_is_not_finite_is_refused_with_its_place(part, value):
    x = data.linear().x_train.copy()
    x[2, 3] = value
    with pytest.raises(
        ValueError,
        match=rf"^standardized: expected finite features, got {value} in row 2, column "
        r"\[3\]; fill or drop such rows$",
    ):
        data.linear()._replace(**{part: x}).standardized()


def test_a_masked_feature_is_refused_and_does_not_count():
    x = np.ma.masked_array([[1.0], [-999.0], [3.0], [4.0]], mask=[[0], [1], [0], [0]])
    for split in (data.Split(x, x, x, x), data.Split.shuffled(x, x, 0.25, seed=0)):
        with pytest.raises(ValueError, match="expected finite features, got --"):
            split.standardized()


def test_parts_with_other_features_are_refused():
    split = data.linear()
    with pytest.raises(ValueError, match=r"^standardized: .*\(5,\) .* \(1,\) besides;"):
        split._replace(x_test=split.x_test[:, :1]).standardized()


def test_test_rows_do_not_influence_the_scale():
    split = data.linear()
    other = split._replace(x_test=split.x_test * 1000 + 5)
    scaled, scaled_other = split.standardized(), other.standardized()
    assert np.array_equal(scaled.x_train, scaled_other.x_train)
    # Each test row is scaled by itself.
    alone = split._replace(x_test=split.x_test[3:4]).standardized()
    assert np.array_equal(alone.x_test, scaled.x_test[3:4])


def test_standardizing_leaves_the_split_as_it_is():
    split = data.linear()
    split.standardized()
    assert same_bits(split, data.linear())


# Data with a linear truth


@settings(max_examples=25, deadline=None)
@given(
    num_examples=st.integers(1, 40),
    num_features=st.integers(1, 12),
    noise=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 99),
)
def test_linear_data_have_the_shapes_and_types_asked_for(
    num_examples, num_features, noise, seed
):
    split = data.linear(num_examples, num_features, noise=noise, seed=seed)
    x_shape, y_shape = (num_examples, num_features), (num_examples, 1)
    assert [part.shape for part in split] == [x_shape, y_shape] * 2
    assert {part.dtype for part in split} == {np.dtype(np.float32)}
    for x in (split.x_train, split.x_test):
        assert x.min() >= 0
        assert x.max() <= 1


def test_without_noise_the_weights_are_0_1_2_and_so_on():
    split = data.linear(num_examples=200, num_features=6)
    for x, y in (split.train, split.test):
        x, y = x.astype(np.float64), y.astype(np.float64)
        design = np.hstack([x, np.ones((len(x), 1))])
        solution = np.linalg.lstsq(design, y)[0]
        np.testing.assert_allclose(solution.ravel(), [*range(6), 0], atol=1e-5)
        np.testing.assert_allclose(y, x @ np.arange(6.0)[:, None], rtol=1e-6)


def test_features_are_uniform_and_unrelated():
    x = data.linear(num_examples=100_000, num_features=3).x_train
    np.testing.assert_allclose(x.mean(axis=0), 1 / 2, atol=0.01)
    np.testing.assert_allclose(np.cov(x.T), np.eye(3) / 12, atol=0.002)


@pytest.mark.parametrize("noise", [0.1, 2.0])
def test_noise_is_normal_of_the_deviation_asked_for_and_independent(noise):
    split = data.linear(num_examples=100_000, noise=noise)
    residuals = [y - x @ np.arange(5.0)[:, None] for x, y in (split.train, split.test)]
    for residual, x in zip(residuals, (split.x_train, split.x_test), strict=True):
        z = residual.ravel() / noise
        # Within 6 standard errors: 1 / sqrt(n), sqrt(2 / n) and so on, of 100 000 rows.
        assert abs(z.mean()) < 0.02
        assert abs(z.var() - 1) < 0.03
        assert abs((z**3).mean()) < 0.08
        assert abs((z**4).mean() - 3) < 0.2
        assert abs(x.T @ z / len(z)).max() < 0.02
    assert abs(np.corrcoef(*map(np.ravel, residuals))[0, 1]) < 0.02


def test_noise_moves_the_targets_only_in_training():
    plain, noisy = data.linear(noise=0.0), data.linear(noise=0.1)
    assert np.array_equal(plain.x_train, noisy.x_train)
    assert not np.array_equal(plain.y_train, noisy.y_train)


def test_training_and_testing_rows_differ():
    split = data.linear()
    assert not np.isin(split.x_test, split.x_train).any()


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_seed_repeats_linear_data_and_another_gives_others(noise):
    assert same_bits(data.linear(noise=noise), data.linear(noise=noise, seed=42))
    for left, right in zip(
        data.linear(noise=noise), data.linear(noise=noise, seed=43), strict=True
    ):
        assert not np.array_equal(left, right)


@pytest.mark.parametrize("sizes", [(0, 5), (-1, 5), (32, 0), (32, -2)])
def test_a_size_below_one_is_refused_with_a_remedy(sizes):
    with pytest.raises(
        ValueError,
        match="^linear: expected num_examples and num_features of at least 1, got "
        f"{sizes[0]} and {sizes[1]}; leave them out for 32 and 5$",
    ):
        data.linear(*sizes)


@pytest.mark.parametrize("noise", [-0.1, math.nan, math.inf])
def test_noise_that_is_no_deviation_is_refused_with_a_remedy(noise):
    with pytest.raises(
        ValueError,
        match=rf"^linear: expected noise of at least 0, got {noise}; pass a standard "
        "deviation$",
    ):
        data.linear(noise=noise)


# Houses


@pytest.mark.parametrize(
    ("options", "seed", "num_train"),
    [
        ({}, 113, 404),
        ({"seed": 7}, 7, 404),
        ({"test_split": 0.5}, 113, 253),
    ],
)
def test_houses_are_split_as_keras_splits_them(options, seed, num_train):
    features, prices = mlxtend.data.boston_housing_data()
    order = np.arange(506)
    np.random.RandomState(seed).shuffle(order)
    train, test = order[:num_train], order[num_train:]
    split = data.boston_housing(**options)
    expected = (features[train], prices[train], features[test], prices[test])
    for ours, theirs in zip(split, expected, strict=True):
        assert ours.dtype == np.float32
        assert np.array_equal(ours, theirs.reshape(ours.shape).astype(np.float32))
    assert split.y_train.shape == (num_train, 1)
    assert split.y_test.shape == (506 - num_train, 1)


def test_the_prices_have_the_variances_that_keras_gives():
    split = data.boston_housing()
    assert f"{split.y_train.var(dtype=np.float64):.5f}" == "84.62225"
    assert f"{split.y_test.var(dtype=np.float64):.5f}" == "83.24385"


# Digits


@pytest.mark.usefixtures("quick_digits")
def test_digits_are_500_of_each_from_paper_to_ink():
    split = data.digits()
    shapes = [(4000, 784), (4000, 1), (1000, 784), (1000, 1)]
    assert [part.shape for part in split] == shapes
    assert [part.dtype for part in split] == [np.float32, np.int32] * 2
    labels = np.vstack([split.y_train, split.y_test])
    assert np.bincount(labels.ravel()).tolist() == [500] * 10
    for x in (split.x_train, split.x_test):
        assert (x.min(), x.max()) == (0, 1)
        assert (x[:, :28] == 0).mean() > 0.99  # the margin is paper
    # Both parts have every digit, as a shuffle gives them.
    for y in (split.y_train, split.y_test):
        assert np.bincount(y.ravel(), minlength=10).min() > len(y) / 20


@pytest.mark.usefixtures("quick_digits")
def test_digits_are_those_of_mlxtend_each_once_with_its_label(mnist):
    pixels, labels = mnist
    expected = np.hstack([(pixels / 255).astype(np.float32), labels[:, None]])
    ours = joined(data.digits())
    assert np.array_equal(sorted_rows(ours), sorted_rows(expected))


@pytest.mark.usefixtures("quick_digits")
def test_no_digit_is_both_in_training_and_in_testing():
    train, test = ({row.tobytes() for row in x} for x in data.digits()[::2])
    assert len(train) == 4000  # no image twice, or the next line would prove little
    assert len(test) == 1000
    assert not train & test


# Both


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("load", LOADERS)
def test_loading_needs_no_network(load):
    assert len(load().x_test)


@pytest.mark.usefixtures("quick_digits")
@pytest.mark.parametrize("load", LOADERS)
def test_a_seed_repeats_the_split_and_another_gives_another(load):
    assert same_bits(load(), load())
    other = load(seed=1)
    assert not same_bits(load(), other)
    assert np.array_equal(sorted_rows(joined(load())), sorted_rows(joined(other)))

"""Training, held against NumPy, Keras's own steps and plain Python loops."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfbook import data, models, training
from tfbook.training import batches
from tfbook.training.optimizers import get_optimizer

SPLIT = data.linear()

# Keras makes arrays of its variables, whose `__array__` is older than NumPy 2.
COPIES = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


def rows(num_rows: int, width: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Make features and targets that no linear model fits exactly."""
    rng = np.random.default_rng(num_rows)
    x = rng.normal(size=(num_rows, width)).astype(np.float32)
    return x, rng.normal(size=(num_rows, 1)).astype(np.float32)


def linear_model(width: int = 3, **kwargs: Any) -> keras.Model:
    """Make a linear model that starts at the weights 1, 2, ..., and a bias of 0."""
    model = keras.Sequential([keras.Input((width,)), keras.layers.Dense(1, **kwargs)])
    model.layers[0].kernel.assign(np.arange(1, width + 1)[:, None])
    return model


def mlp(width: int = 3) -> keras.Model:
    """Make a network of Keras's own layers; equal at every call."""
    glorot = keras.initializers.GlorotUniform(seed=0)
    return keras.Sequential(
        [
            keras.Input((width,)),
            keras.layers.Dense(8, activation="tanh", kernel_initializer=glorot),
            keras.layers.Dense(1, kernel_initializer=glorot),
        ]
    )


def same_bits(left: list[np.ndarray], right: list[np.ndarray]) -> bool:
    """Tell whether two lists of weights agree bit for bit."""
    return len(left) == len(right) and all(map(np.array_equal, left, right))


def assert_close(
    left: list[np.ndarray], right: list[np.ndarray], rtol: float = 1e-4
) -> None:
    """Assert that two lists of weights agree but for rounding."""
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-6)


def plain_steps(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, num_steps: int
) -> None:
    """Fit a model to all rows of `SPLIT` with the loop that one writes first."""
    for _ in range(num_steps):
        with tf.GradientTape() as tape:
            value = tf.reduce_mean((model(SPLIT.x_train) - SPLIT.y_train) ** 2)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)


def num_programs(model: keras.Model) -> int:
    """Count the programs that are kept with a model, each with its one trace."""
    return len(vars(model)["_programs"])


# One step, one test


@pytest.mark.parametrize("penalty", [0.0, 0.1])
def test_a_step_moves_against_the_gradient_computed_by_hand(penalty):
    x, y = rows(7)
    model = linear_model(kernel_regularizer=keras.regularizers.L2(penalty))
    kernel, bias = model.get_weights()
    error = x @ kernel + bias - y
    loss = np.mean(error**2) + penalty * np.sum(kernel**2)
    kernel_gradient = 2 * x.T @ error / len(x) + 2 * penalty * kernel

    value = training.train_step(
        model,
        keras.optimizers.SGD(0.1),
        keras.losses.mean_squared_error,
        tf.constant(x),
        tf.constant(y),
    )

    assert value.shape == ()
    np.testing.assert_allclose(value, loss, rtol=1e-5)
    expected = [kernel - 0.1 * kernel_gradient, bias - 0.1 * 2 * error.mean()]
    assert_close(model.get_weights(), expected)


@pytest.mark.parametrize("loss", ["mean_squared_error", "mean_absolute_error"])
def test_steps_agree_with_those_of_keras(loss):
    x, y = rows(16)
    ours, twin = mlp(), mlp()
    twin.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss)
    optimizer, function = keras.optimizers.Adam(0.01), getattr(keras.losses, loss)
    for _ in range(4):
        value = training.train_step(
            ours, optimizer, function, tf.constant(x), tf.constant(y)
        )
        np.testing.assert_allclose(value, twin.train_on_batch(x, y), rtol=1e-5)
    assert_close(ours.get_weights(), twin.get_weights())


def test_a_regularizer_of_activities_counts_in_every_step_once():
    x, y = rows(6)
    model = linear_model(activity_regularizer=keras.regularizers.L2(0.5))
    predicted = x @ model.get_weights()[0]
    # Keras divides what a layer's outputs cost by the number of examples.
    expected = np.mean((predicted - y) ** 2) + 0.5 * np.sum(predicted**2) / len(x)
    history = training.train(
        model, (x, y), optimizer=keras.optimizers.SGD(0.0), epochs=3, record_every=1
    )
    np.testing.assert_allclose(history.training_loss, expected, rtol=1e-5)


def test_a_test_gives_the_mean_loss_and_leaves_the_model_as_it_is():
    x, y = rows(7)
    model = linear_model(kernel_regularizer=keras.regularizers.L2(0.1))
    before = model.get_weights()
    value = training.test_step(
        model, keras.losses.mean_squared_error, tf.constant(x), tf.constant(y)
    )
    assert value.shape == ()
    expected = np.mean((x @ before[0] - y) ** 2) + 0.1 * np.sum(before[0] ** 2)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert same_bits(model.get_weights(), before)


def test_dropout_is_on_in_training_and_off_in_testing():
    model = keras.Sequential(
        [
            keras.Input((50,)),
            keras.layers.Dropout(0.5, seed=0),
            keras.layers.Dense(1, kernel_initializer="ones"),
        ]
    )
    # With every input at work the model is right to the last bit.
    ones = np.ones((8, 50)), np.full((8, 1), 50.0)
    history = training.train(
        model, ones, ones, optimizer=keras.optimizers.SGD(0.0), epochs=5, record_every=1
    )
    assert (history.training_loss > 1).all()
    assert len(set(history.training_loss)) > 1  # a new mask a step
    assert (history.testing_loss == 0).all()


def test_moving_averages_move_in_training_only():
    x, y = rows(9)
    norm = keras.layers.BatchNormalization(momentum=0.75)
    model = keras.Sequential([keras.Input((3,)), norm, keras.layers.Dense(1)])
    training.train(
        model,
        (x + 5, y),
        (x - 100, y),
        optimizer=keras.optimizers.SGD(0.01),
        epochs=2,
        record_every=1,
    )
    share = 1 - 0.75**2  # of the new in a moving average, after two steps
    mean, variance = (x + 5).mean(axis=0), x.var(axis=0)
    np.testing.assert_allclose(norm.moving_mean, share * mean, rtol=1e-5)
    np.testing.assert_allclose(
        norm.moving_variance, 1 + share * (variance - 1), rtol=1e-4
    )


# The loop


def shuffle(num_rows: int, seed: list[int]) -> np.ndarray:
    """Draw the order of the rows in an epoch."""
    numbers = tf.constant(seed, tf.int64)
    return np.argsort(tf.random.stateless_uniform((num_rows,), numbers))


def fit_by_hand(
    train_data: tuple[np.ndarray, np.ndarray],
    test_data: tuple[np.ndarray, np.ndarray],
    orders: list[np.ndarray],
    batch_size: int | None,
) -> tuple[list[np.ndarray], list[tuple[float, float]]]:
    """Fit `linear_model` in NumPy, to weights and both losses of every epoch."""
    (x, y), (x_test, y_test) = train_data, test_data
    kernel, bias = linear_model().get_weights()
    losses = []
    for order in orders:
        total = 0.0
        for start in range(0, len(order), batch_size or len(order)):
            batch = order[start:][:batch_size]
            error = x[batch] @ kernel + bias - y[batch]
            total += np.sum(error**2)
            kernel = kernel - 0.1 * 2 * x[batch].T @ error / len(batch)
            bias = bias - 0.1 * 2 * error.mean()
        error = x_test @ kernel + bias - y_test
        losses.append((total / len(order), np.mean(error**2)))
    return [kernel, bias], losses


@settings(max_examples=15, deadline=None)
@given(
    num_rows=st.integers(1, 12),
    batch_size=st.none() | st.integers(1, 15),
    epochs=st.integers(1, 5),
    record_every=st.integers(1, 7),
    seed=st.integers(0, 9) | st.integers(-(2**63), 2**63 - 1),
)
def test_training_equals_a_plain_loop_in_numpy(
    num_rows, batch_size, epochs, record_every, seed
):
    x, y = rows(num_rows)
    test = rows(20)
    model = linear_model()
    orders = [shuffle(num_rows, [seed, epoch]) for epoch in range(1, epochs + 1)]
    weights, losses = fit_by_hand((x, y), test, orders, batch_size)
    recorded = [
        epoch
        for epoch in range(1, epochs + 1)
        if epoch % record_every == 0 or epoch == epochs
    ]

    history = training.train(
        model,
        (x, y),
        test,
        optimizer=keras.optimizers.SGD(0.1),
        epochs=epochs,
        batch_size=batch_size,
        record_every=record_every,
        seed=seed,
    )

    assert_close(model.get_weights(), weights, rtol=1e-3)
    assert history.index.tolist() == recorded
    np.testing.assert_allclose(
        history, [losses[epoch - 1] for epoch in recorded], rtol=1e-3, atol=1e-5
    )


@pytest.mark.parametrize("batch_size", [1, 3, 4, 9, 10, 11, None])
def test_every_row_counts_the_same_whatever_batch_it_is_in(batch_size):
    x, y = rows(10)
    model = linear_model()
    expected = np.mean((x @ model.get_weights()[0] - y) ** 2)
    history = training.train(
        model,
        (x, y),
        optimizer=keras.optimizers.SGD(0.0),
        epochs=2,
        batch_size=batch_size,
        record_every=1,
    )
    np.testing.assert_allclose(history.training_loss, expected, rtol=1e-5)


def test_the_rows_come_in_another_order_every_epoch():
    x, y = rows(6)
    seen = []

    def remember(y_true, y_pred):
        tf.py_function(lambda value: seen.append(float(value)), [y_true[0, 0]], [])
        return tf.reduce_mean((y_true - y_pred) ** 2)

    training.train(
        linear_model(), (x, y), optimizer="sgd", loss=remember, epochs=3, batch_size=1
    )
    # The first ones are from the checks before.
    epochs = [tuple(seen[start:][:6]) for start in (-18, -12, -6)]
    assert len(set(epochs)) == 3
    assert all(sorted(epoch) == sorted(y.ravel().tolist()) for epoch in epochs)


@pytest.mark.parametrize(
    ("epochs", "record_every", "recorded"),
    [
        (4, 1, [1, 2, 3, 4]),
        (6, 2, [2, 4, 6]),
        (10, 3, [3, 6, 9, 10]),
        (5, 5, [5]),
        (3, 10, [3]),
        (1, 1, [1]),
    ],
)
def test_the_history_has_a_row_every_so_many_epochs_and_one_at_the_end(
    epochs, record_every, recorded
):
    history = training.train(
        linear_model(5),
        SPLIT.train,
        optimizer="sgd",
        epochs=epochs,
        record_every=record_every,
    )
    assert history.index.tolist() == recorded
    assert history.index.name == "epoch"


@pytest.mark.parametrize(
    ("test_data", "columns"),
    [
        (None, ["training_loss"]),
        (SPLIT.test, ["training_loss", "testing_loss"]),
    ],
)
def test_the_history_has_a_column_a_data_set(test_data, columns):
    history = training.train(
        linear_model(5), SPLIT.train, test_data, optimizer="sgd", epochs=2
    )
    assert history.columns.tolist() == columns
    assert (history.dtypes == np.float64).all()


def test_training_loss_is_from_before_the_update_and_testing_loss_from_after():
    history = training.train(
        mlp(5),
        SPLIT.train,
        SPLIT.train,
        optimizer="sgd",
        epochs=6,
        record_every=1,
    )
    assert history.training_loss.is_monotonic_decreasing
    np.testing.assert_allclose(
        history.testing_loss[:-1], history.training_loss[1:], rtol=1e-5
    )


def test_how_often_to_record_changes_neither_weights_nor_the_rows_recorded():
    often, once = mlp(5), mlp(5)
    settings = {"optimizer": "adam", "epochs": 6, "batch_size": 5}
    histories = [
        training.train(model, SPLIT.train, SPLIT.test, record_every=every, **settings)
        for model, every in ((often, 1), (once, 6))
    ]
    assert same_bits(often.get_weights(), once.get_weights())
    pd.testing.assert_frame_equal(histories[0].tail(1), histories[1])


@pytest.mark.parametrize("batch_size", [None, 5])
def test_the_same_seed_gives_the_same_bits_and_another_another_order(batch_size):
    weights, histories = [], []
    for seed in (3, 3, 4):
        model = mlp(5)
        histories.append(
            training.train(
                model,
                SPLIT.train,
                optimizer="adam",
                epochs=4,
                batch_size=batch_size,
                seed=seed,
            )
        )
        weights.append(model.get_weights())
    assert same_bits(weights[0], weights[1])
    pd.testing.assert_frame_equal(histories[0], histories[1], check_exact=True)
    # All rows at once have no order.
    assert same_bits(weights[0], weights[2]) == (batch_size is None)


def test_xla_changes_the_result_by_rounding_only():
    compiled, plain = mlp(5), mlp(5)
    histories = [
        training.train(
            model,
            SPLIT.train,
            SPLIT.test,
            optimizer="adam",
            epochs=7,
            record_every=3,
            jit_compile=jit_compile,
        )
        for model, jit_compile in ((compiled, True), (plain, False))
    ]
    (kept,) = vars(compiled)["_programs"].values()
    # Or the test compares like with like.
    assert kept.program.epochs.function._jit_compile
    assert_close(compiled.get_weights(), plain.get_weights())
    pd.testing.assert_frame_equal(*histories, rtol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 4, 5])
def test_with_xla_mini_batches_are_those_of_the_order_that_xla_draws(batch_size):
    # From one seed, XLA draws other numbers than TensorFlow does without it.
    draw = tf.function(tf.random.stateless_uniform, jit_compile=True)
    orders = [np.argsort(draw((10,), tf.constant([3, epoch]))) for epoch in (1, 2)]
    model = linear_model()
    weights, losses = fit_by_hand(rows(10), rows(20), orders, batch_size)
    history = training.train(
        model,
        rows(10),
        rows(20),
        optimizer=keras.optimizers.SGD(0.1),
        epochs=2,
        batch_size=batch_size,
        record_every=1,
        seed=3,
        jit_compile=True,
    )
    assert_close(model.get_weights(), weights, rtol=1e-3)
    np.testing.assert_allclose(history, losses, rtol=1e-3)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["", "XLA"])
@pytest.mark.parametrize("batch_size", [None, 10])
@pytest.mark.parametrize("num_tested", [1, 31, 255, 256, 257, 300, 513])
def test_rows_that_fill_no_whole_batches_are_tested_like_the_others(
    num_tested, batch_size, jit_compile
):
    model = linear_model()
    inputs, targets = rows(num_tested)
    weights = np.arange(1.0, num_tested + 1, dtype="float32")
    history = training.train(
        model,
        rows(32),
        (inputs, targets),
        validation_data=(inputs[::-1], targets[::-1], weights),
        optimizer="sgd",
        metrics=["mae"],
        epochs=2,
        batch_size=batch_size,
        record_every=2,
        jit_compile=jit_compile,
    )
    errors = np.square(model.predict(inputs, verbose=0) - targets).mean(axis=1)
    row = history.iloc[-1]
    np.testing.assert_allclose(row["testing_loss"], errors.mean(), rtol=1e-4)
    np.testing.assert_allclose(
        row["validation_loss"], (errors[::-1] * weights).mean(), rtol=1e-4
    )
    mae = np.abs(model.predict(inputs, verbose=0) - targets).mean()
    np.testing.assert_allclose(row["testing_mae"], mae, rtol=1e-4)


def test_run_eagerly_training_gives_the_same_as_compiled():
    compiled, eager = mlp(5), mlp(5)
    settings = {"optimizer": "adam", "epochs": 4, "record_every": 3}
    for batch_size in (None, 4, 5):
        expected = training.train(
            compiled, SPLIT.train, SPLIT.test, batch_size=batch_size, **settings
        )
        tf.config.run_functions_eagerly(True)
        try:
            history = training.train(
                eager, SPLIT.train, SPLIT.test, batch_size=batch_size, **settings
            )
        finally:
            tf.config.run_functions_eagerly(False)
        pd.testing.assert_frame_equal(history, expected, rtol=1e-4)
        assert_close(eager.get_weights(), compiled.get_weights())


# Models with several inputs


def model_of_two_inputs(*names: str) -> keras.Model:
    left, right = (
        keras.Input((width,), name=n) for n, width in zip(names, (2, 3), strict=True)
    )
    both = keras.layers.Concatenate()([left, right])
    out = keras.layers.Dense(1, kernel_initializer="ones")(both)
    return keras.Model({names[0]: left, names[1]: right}, out)


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_several_inputs_train_like_one_that_holds_them_all(batch_size, jit_compile):
    twin = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model = model_of_two_inputs("left", "right")
    twin.set_weights(model.get_weights())
    settings = {
        "optimizer": "adam",
        "epochs": 4,
        "batch_size": batch_size,
        "jit_compile": jit_compile,
    }
    split = [
        ({"right": x[:, 2:], "left": x[:, :2]}, y) for x, y in (SPLIT.train, SPLIT.test)
    ]
    history = training.train(model, *split, **settings)
    expected = training.train(twin, SPLIT.train, SPLIT.test, **settings)
    assert_close(model.get_weights(), twin.get_weights())
    pd.testing.assert_frame_equal(history, expected, rtol=1e-5)


def test_inputs_of_other_names_are_refused_at_a_second_call_too():
    model = model_of_two_inputs("left", "right")
    x = SPLIT.x_train
    training.train(
        model,
        ({"left": x[:, :2], "right": x[:, 2:]}, SPLIT.y_train),
        optimizer="sgd",
        epochs=1,
    )
    for _ in range(2):
        with pytest.raises((KeyError, ValueError), match="right"):
            training.train(
                model,
                ({"left": x[:, :2], "write": x[:, 2:]}, SPLIT.y_train),
                optimizer="sgd",
                epochs=1,
            )


# A second call


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("make_optimizer", [lambda: "adam", keras.optimizers.Adam])
def test_a_second_call_traces_nothing(make_optimizer, jit_compile):
    model = models.MLP(4, 1)  # not built yet
    settings = {
        "optimizer": make_optimizer(),
        "batch_size": 5,
        "jit_compile": jit_compile,
    }
    training.train(model, SPLIT.train, SPLIT.test, epochs=2, **settings)
    kept = dict(vars(model)["_programs"])
    assert num_programs(model) == 1
    other = data.linear(seed=1)
    for epochs, record_every, seed in ((2, 10, 0), (5, 2, 2**40)):
        training.train(
            model,
            other.train,
            other.test,
            epochs=epochs,
            record_every=record_every,
            seed=seed,
            **settings,
        )
    assert vars(model)["_programs"] == kept


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adam"},
        {"loss": "mae"},
        {"batch_size": 4},
        {"jit_compile": True},
        {"test_data": SPLIT.test},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_second_call_that_asks_for_something_else_gets_it(change):
    settings = {"optimizer": "sgd", "loss": "mse", "epochs": 3, "record_every": 1}
    used, fresh = mlp(5), mlp(5)
    training.train(used, SPLIT.train, **settings)
    used.set_weights(fresh.get_weights())
    histories = [
        training.train(model, SPLIT.train, **settings | change)
        for model in (used, fresh)
    ]
    pd.testing.assert_frame_equal(*histories)
    assert same_bits(used.get_weights(), fresh.get_weights())


def test_the_number_of_rows_may_differ_at_a_second_call():
    model = linear_model()
    for num_rows in (4, 9):
        x, y = rows(num_rows)
        kernel, bias = model.get_weights()
        history = training.train(
            model, (x, y), optimizer="sgd", epochs=1, batch_size=num_rows
        )
        expected = np.mean((x @ kernel + bias - y) ** 2)
        np.testing.assert_allclose(history.training_loss[1], expected, rtol=1e-5)


@pytest.mark.parametrize("make_optimizer", [lambda: "adam", keras.optimizers.Adam])
def test_a_layer_that_was_frozen_since_the_last_call_stays_as_it_is(make_optimizer):
    model = mlp(5)
    optimizer = make_optimizer()
    training.train(model, SPLIT.train, optimizer=optimizer, epochs=2)
    frozen, free = (layer.get_weights() for layer in model.layers)
    model.layers[0].trainable = False
    training.train(model, SPLIT.train, optimizer=optimizer, epochs=2)
    assert same_bits(model.layers[0].get_weights(), frozen)
    assert not same_bits(model.layers[1].get_weights(), free)


def test_an_optimizer_by_name_starts_afresh_at_every_call():
    model, twin = mlp(5), mlp(5)
    for _ in range(2):
        training.train(model, SPLIT.train, optimizer="adam", epochs=4)
        plain_steps(twin, keras.optimizers.Adam(), 4)
    assert_close(model.get_weights(), twin.get_weights())


def test_an_optimizer_object_goes_on_where_it_was():
    model, twin, forgetful = mlp(5), mlp(5), mlp(5)
    optimizer = keras.optimizers.Adam(0.05)
    for _ in range(2):
        training.train(model, SPLIT.train, optimizer=optimizer, epochs=4)
        plain_steps(forgetful, keras.optimizers.Adam(0.05), 4)
    plain_steps(twin, keras.optimizers.Adam(0.05), 8)
    assert int(optimizer.iterations) == 8
    assert_close(model.get_weights(), twin.get_weights())
    assert not np.allclose(model.get_weights()[0], forgetful.get_weights()[0], 1e-3)


def test_a_learning_rate_set_between_calls_holds():
    model, optimizer = linear_model(5), keras.optimizers.SGD(0.1)
    training.train(model, SPLIT.train, optimizer=optimizer, epochs=1)
    before = model.get_weights()
    optimizer.learning_rate = 0.0
    training.train(model, SPLIT.train, optimizer=optimizer, epochs=1)
    assert same_bits(model.get_weights(), before)


# Models


@pytest.mark.parametrize(
    "make_model",
    [lambda: models.MLP(4, 1), lambda: keras.Sequential([keras.layers.Dense(1)])],
    ids=["MLP", "keras.Sequential"],
)
def test_a_model_without_weights_is_built(make_model):
    model = make_model()
    assert not model.weights
    training.train(model, SPLIT.train, optimizer="sgd", epochs=1)
    assert model.weights[0].shape[0] == SPLIT.x_train.shape[1]


def sequential_classifier() -> keras.Model:
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="softmax")]
    )


def functional_classifier() -> keras.Model:
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(inputs))


@pytest.mark.parametrize("make_model", [sequential_classifier, functional_classifier])
@pytest.mark.parametrize(
    "loss",
    ["sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy()],
    ids=["name", "object"],
)
def test_a_classifier_learns_from_integer_labels(make_model, loss):
    x, _ = rows(10)
    labels = np.arange(10)[:, None] % 4
    model = make_model()
    kernel, bias = model.get_weights()
    scores = np.exp(x @ kernel + bias)
    shares = np.take_along_axis(scores, labels, axis=1) / scores.sum(1, keepdims=True)
    history = training.train(
        model, (x, labels), optimizer="sgd", loss=loss, epochs=5, record_every=1
    )
    np.testing.assert_allclose(
        history.training_loss[1], -np.log(shares).mean(), rtol=1e-5
    )
    assert history.training_loss.is_monotonic_decreasing


@pytest.mark.parametrize("make_model", [lambda: models.MLP(4, 1), mlp])
@COPIES
def test_a_trained_model_can_be_saved_loaded_and_trained_on(make_model, tmp_path):
    model = make_model()
    x, y = rows(8)
    training.train(model, (x, y), optimizer="adam", epochs=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert same_bits(loaded.get_weights(), model.get_weights())
    assert np.array_equal(loaded(x), model(x))
    for one in (loaded, model):
        training.train(one, (x, y), optimizer="adam", epochs=3)
    assert_close(loaded.get_weights(), model.get_weights())


@pytest.mark.parametrize("make_model", [lambda: models.MLP(4, 1), mlp])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_trained_model_is_freed_when_it_is_dropped(make_model, jit_compile):
    model = make_model()
    training.train(model, rows(8), optimizer="adam", epochs=1, jit_compile=jit_compile)
    trace = weakref.ref(model), weakref.ref(model.weights[0])
    del model
    gc.collect()
    assert [reference() for reference in trace] == [None, None]


# Divergence


def test_a_loss_that_is_not_finite_stops_training_and_keeps_the_finite_rows():
    settings = {"optimizer": "sgd", "record_every": 1}
    x, y = SPLIT.train
    far = 30 * x, y
    message = (
        r"^train: expected a finite loss and finite weights, got "
        r"\{'training_loss': \S+ 'testing_loss': "
        r"(inf|nan)\} in epoch (\d+); lower the learning rate, standardise the features"
    )
    with pytest.raises(training.TrainingDiverged, match=message) as caught:
        training.train(linear_model(5), far, far, epochs=100, **settings)
    history = caught.value.history
    epoch = int(str(caught.value).split("in epoch ")[1].split(";")[0])
    assert history.index.tolist() == list(range(1, epoch))
    assert np.isfinite(history).all(axis=None)
    expected = training.train(linear_model(5), far, far, epochs=epoch - 1, **settings)
    pd.testing.assert_frame_equal(history, expected)


@pytest.mark.parametrize("test_data", [None, SPLIT.test])
def test_a_loss_that_is_not_finite_from_the_start_leaves_an_empty_history(test_data):
    columns = ["training_loss", "testing_loss"][: 1 if test_data is None else 2]
    with pytest.raises(ArithmeticError, match="in epoch 100; lower") as caught:
        training.train(
            linear_model(5),
            SPLIT.train,
            test_data,
            optimizer=keras.optimizers.SGD(1e6),
            epochs=200,
            record_every=100,
        )
    history = caught.value.history
    assert history.empty
    assert history.columns.tolist() == columns
    assert history.index.name == "epoch"


def test_a_testing_loss_that_is_not_finite_is_enough_to_stop():
    _, y = rows(4)
    huge = np.full((4, 3), 1e30), y  # finite, but its square is not
    with pytest.raises(training.TrainingDiverged, match=r"'testing_loss': inf"):
        training.train(linear_model(), rows(4), huge, optimizer="sgd", epochs=1)


# Refusals


X, Y = SPLIT.train


def with_one(value: float) -> np.ndarray:
    """Put a number where the first target was."""
    return np.concatenate([[[value]], Y[1:]])


WHOLE = r"^train: expected {} to be a positive integer, got {}; pass 1 or more$"
REFUSED = {
    **{
        f"{name}={value!r}": ({name: value}, ValueError, WHOLE.format(name, got))
        for name in ("epochs", "record_every", "batch_size")
        for value, got in ((0, "0"), (-1, "-1"), (2.5, r"2\.5"), ("3", "'3'"))
    },
    "seed=2**63": (
        {"seed": 2**63},
        ValueError,
        r"^train: expected seed to fit into 64 bits, got 9223372036854775808; pass one",
    ),
    "epochs=None": ({"epochs": None}, ValueError, WHOLE.format("epochs", "None")),
    "unknown optimizer": (
        {"optimizer": "sdg"},
        ValueError,
        "^optimizer: expected the name of a Keras optimizer, got 'sdg'; "
        r"did you mean 'sgd'\?$",
    ),
    "optimizer=0.1": (
        {"optimizer": 0.1},
        TypeError,
        r"^optimizer: expected a Keras optimizer or its name, got 0\.1; pass for",
    ),
    "optimizer, but its class": (
        {"optimizer": keras.optimizers.SGD},
        TypeError,
        r"^optimizer: expected a Keras optimizer or its name, got <class .*SGD'>; pass",
    ),
    "unknown loss": (
        {"loss": "mean_sqared_error"},
        ValueError,
        "^loss: expected the name of a Keras loss, got 'mean_sqared_error'; "
        r"did you mean 'mean_squared_error'\?$",
    ),
    "unknown short loss": (
        {"loss": "mes"},
        ValueError,
        r"^loss: .* got 'mes'; did you mean 'mse'\?$",
    ),
    "loss=3": (
        {"loss": 3},
        TypeError,
        r"^loss: expected a function \(y_true, y_pred\) or a name, got 3; pass for",
    ),
    "not a pair": (
        {"train_data": X},
        ValueError,
        r"^train_data: expected a pair \(x, y\) of arrays, got ndarray; pass \(x_train",
    ),
    "four of a pair": (
        {"train_data": (X, Y, Y, Y)},
        ValueError,
        r"^train_data: expected a pair \(x, y\) of arrays, or .* got a tuple of 4;",
    ),
    "test data without targets": (
        {"test_data": [X]},
        ValueError,
        r"^test_data: expected a pair \(x, y\), got features alone; pass targets, or",
    ),
    "dates": (
        {"train_data": (np.full(X.shape, "2020-01-01", "datetime64[D]"), Y)},
        ValueError,
        r"^train_data: expected numbers or strings in x, got datetime64\[D\]; encode",
    ),
    "no rows": (
        {"train_data": (X[:0], Y[:0])},
        ValueError,
        r"^train_data: expected one row or more in x, got shape \(0, 5\); pass an",
    ),
    "a number": (
        {"test_data": (X, 3.0)},
        ValueError,
        r"^test_data: expected one row or more in y, got shape \(\); pass an array",
    ),
    "NaN": (
        {"train_data": (X, with_one(np.nan))},
        ValueError,
        "^train_data: expected finite numbers in y, got NaN or infinity in 1 of 32 "
        "places; drop or fill those rows first, or pass a loss that skips them",
    ),
    "infinity": (
        {"test_data": (X, with_one(-np.inf))},
        ValueError,
        "^test_data: expected finite numbers in y, got NaN or infinity in 1 of 32",
    ),
    "rows disagree": (
        {"train_data": (X, Y[:-1])},
        ValueError,
        "^train_data: expected as many rows in every array, got 32 and 31; pass",
    ),
    "y of another width": (
        {"train_data": (X, np.hstack([Y, Y]))},
        ValueError,
        r"^train_data: expected y of shape \(32, 1\) like the predictions, got "
        r"\(32, 2\); "
        "give the model as many outputs as there are targets$",
    ),
    "test y of another width, loss an object": (
        {
            "test_data": (X, np.hstack([Y, Y])),
            "loss": keras.losses.MeanSquaredError(),
        },
        ValueError,
        r"^test_data: expected y of shape \(32, 1\) like the predictions, got",
    ),
    "x of another width": (
        {"train_data": (X[:, :4], Y)},
        ValueError,
        r"expected .*5.*\(32, 4\)",
    ),
}


@pytest.mark.parametrize(
    "again", [False, True], ids=["at the first call", "at the second"]
)
@pytest.mark.parametrize(("change", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_and_nothing_is_trained(
    change, error, message, again
):
    model = models.LinearRegression(5)
    accepted = {"train_data": SPLIT.train, "optimizer": "sgd", "epochs": 2}
    if again:
        training.train(model, **accepted)
    before = model.get_weights()
    with pytest.raises(error, match=message):
        training.train(model, **accepted | change)
    assert same_bits(model.get_weights(), before)


@pytest.mark.parametrize(
    ("model", "got"), [(lambda x: x, "function"), (keras.layers.Dense(1), "Dense")]
)
def test_a_model_that_is_none_is_refused(model, got):
    message = rf"^train: expected a keras.Model, got {got}; pass for example MLP"
    with pytest.raises(TypeError, match=message):
        training.train(model, SPLIT.train, optimizer="sgd", epochs=1)


@pytest.mark.parametrize("loss", ["mse", keras.losses.MeanSquaredError()])
def test_integers_are_labels_only_to_a_loss_that_takes_labels(loss):
    model, integers = sequential_classifier(), np.arange(6)[:, None]
    message = r"^train_data: expected y of shape \(6, 4\) like .*, got \(6, 1\)"
    with pytest.raises(ValueError, match=message):
        training.train(
            model, (rows(6)[0], integers), optimizer="sgd", loss=loss, epochs=1
        )


@pytest.mark.parametrize("filtering", [True, False])
@pytest.mark.parametrize("width", [3, 4])
def test_looking_at_a_model_leaves_the_tracebacks_of_keras_as_they_were(
    width, filtering
):
    was = keras.config.is_traceback_filtering_enabled()
    switch: dict[bool, Callable] = {
        True: keras.config.enable_traceback_filtering,
        False: keras.config.disable_traceback_filtering,
    }
    switch[filtering]()
    try:
        x, y = rows(4, width)
        try:
            training.train(linear_model(3), (x, y), optimizer="sgd", epochs=1)
        except ValueError:
            assert width == 4
        else:
            assert width == 3
        assert keras.config.is_traceback_filtering_enabled() == filtering
    finally:
        switch[was]()


# What goes in


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([[0], [1]], np.int64),
        (np.array([[0], [255]], np.uint8), np.uint8),
        ([[0.5], [1.5]], np.float32),
        ([[True], [False]], np.bool_),
        (pd.DataFrame({"price": [24.0, 21.6]}), np.float32),
        (pd.DataFrame({"id": [1, 2], "sold": [True, False]}), np.float32),
        (pd.DataFrame({"a": pd.array([1, 2], "Int64")}), np.int64),
        # In single precision these would become their neighbours.
        ([[16_777_217], [20_240_131]], np.int64),
    ],
)
def test_arrays_keep_their_numbers_and_their_type(values, dtype):
    found = batches.read("data", (values, values), None)
    found.convert("float32")
    for part in found.parts:
        assert part.dtype == dtype
        np.testing.assert_array_equal(
            part.numpy().astype(float),
            np.asarray(values, float).astype("float32")
            if dtype == np.float32
            else np.asarray(values),
        )


def test_the_integers_of_numpy_do_as_well_as_those_of_python():
    ours, theirs = mlp(5), mlp(5)
    settings = {"epochs": 5, "record_every": 2, "batch_size": 7, "seed": 3}
    whole = {name: np.int64(value) for name, value in settings.items()}
    histories = [
        training.train(ours, SPLIT.train, optimizer="sgd", **settings),
        training.train(theirs, SPLIT.train, optimizer="sgd", **whole),
    ]
    pd.testing.assert_frame_equal(*histories)
    assert same_bits(ours.get_weights(), theirs.get_weights())


@pytest.mark.parametrize("name", ["sgd", "Adam", "rmsprop"])
def test_an_optimizer_is_found_by_its_name(name):
    assert type(get_optimizer(name)).__name__.lower() == name.lower()


@pytest.mark.parametrize(
    "loss",
    [
        "mse",
        keras.losses.mean_squared_error,  # a number an example
        keras.losses.MeanSquaredError(),
        lambda y_true, y_pred: tf.reduce_mean((y_true - y_pred) ** 2),
    ],
    ids=["name", "function of Keras", "object of Keras", "own function"],
)
def test_a_loss_may_be_a_name_an_object_or_a_function(loss):
    model = linear_model(5)
    expected = np.mean((SPLIT.x_train @ model.get_weights()[0] - SPLIT.y_train) ** 2)
    history = training.train(
        model, SPLIT.train, optimizer="sgd", loss=loss, epochs=1, record_every=1
    )
    np.testing.assert_allclose(history.training_loss[1], expected, rtol=1e-5)

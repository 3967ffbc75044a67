"""A step of one's own in place of `train_step`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import data, training
from tfbook.training import Tally, train_step

SPLIT = data.linear()


def linear():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])


def train(model, step, **arguments):
    given = {"optimizer": "sgd", "epochs": 4, "record_every": 1, "batch_size": 5}
    return training.train(
        model, SPLIT.train, SPLIT.test, step=step, **given | arguments
    )


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_step_of_the_engine_given_by_hand_is_the_step_of_the_engine(jit_compile):
    one, two = linear(), linear()
    found = train(one, train_step, jit_compile=jit_compile, metrics=["mae"])
    wanted = train(two, None, jit_compile=jit_compile, metrics=["mae"])
    assert found.equals(wanted)
    assert all(map(np.array_equal, one.get_weights(), two.get_weights()))


def test_what_a_step_returns_is_a_mean_over_rows_and_a_tally_what_it_says():
    def step(model, optimizer, loss, x, y):
        rows = tf.cast(tf.shape(x)[0], tf.float32)
        return {
            "loss": tf.reduce_mean(y),
            "first": Tally(tf.reduce_sum(y[:1]), tf.constant(1.0)),
            "rows": rows,
        }

    history = train(linear(), step)
    y = SPLIT.y_train
    sizes = [5] * (len(y) // 5) + [len(y) % 5]
    assert list(history) == [
        *(f"training_{name}" for name in ("loss", "first", "rows")),
        "testing_loss",
    ]
    np.testing.assert_allclose(history["training_loss"], y.mean(), rtol=1e-5)
    weighted = np.dot(sizes, sizes) / len(y)
    np.testing.assert_allclose(history["training_rows"], weighted, rtol=1e-6)
    assert history["training_first"].nunique() == 4  # of the order of each epoch


def test_two_optimizers_move_what_they_are_given():
    def step(model, optimizer, loss, x, y):
        kernel, bias = model.trainable_variables
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(y, model(x, training=True)))
        slopes = tape.gradient(value, [kernel, bias])
        optimizer["kernel"].apply(slopes[:1], [kernel])
        optimizer["bias"].apply(slopes[1:], [bias])
        return value

    optimizer = {
        "kernel": keras.optimizers.SGD(0.0),
        "bias": keras.optimizers.Adam(0.1),
    }
    model = linear()
    kernel, bias = model.get_weights()
    train(model, step, optimizer=optimizer)
    assert np.array_equal(model.get_weights()[0], kernel)
    assert not np.array_equal(model.get_weights()[1], bias)
    assert int(optimizer["bias"].iterations) == 4 * -(-len(SPLIT.y_train) // 5)


def test_a_run_with_two_optimizers_is_resumed_bit_for_bit(tmp_path):
    def step(model, optimizer, loss, x, y):
        return {"loss": train_step(model, optimizer[0], loss, x, y)}

    def run(epochs, folder=None):
        optimizers = [keras.optimizers.Adam(0.1), keras.optimizers.SGD()]
        model = linear()
        history = train(
            model, step, optimizer=optimizers, epochs=epochs, checkpoint_dir=folder
        )
        return model.get_weights(), history

    run(2, tmp_path)
    (weights, history), (wanted, wanted_history) = run(5, tmp_path), run(5)
    assert all(map(np.array_equal, weights, wanted))
    assert history.equals(wanted_history)


def test_weights_of_rows_reach_a_step_that_takes_them():
    def step(model, optimizer, loss, x, y, sample_weight):
        return tf.reduce_mean(sample_weight)

    weights = np.arange(len(SPLIT.y_train), dtype="float32")
    history = training.train(
        linear(), (*SPLIT.train, weights), optimizer="sgd", epochs=1, step=step
    )
    assert history["training_loss"].item() == pytest.approx(weights.mean())


def test_features_alone_are_enough_for_a_step_that_wants_no_more():
    def step(model, optimizer, loss, x):
        return tf.reduce_mean(x)

    x = SPLIT.x_train
    history = training.train(linear(), (x,), optimizer="sgd", epochs=1, step=step)
    assert history["training_loss"].item() == pytest.approx(x.mean(), rel=1e-5)


def test_a_model_with_a_train_step_of_its_own_is_taken_with_a_step():
    class Own(keras.Sequential):
        def train_step(self, batch):
            raise AssertionError

    model = Own([keras.Input((5,)), keras.layers.Dense(1)])
    assert np.isfinite(train(model, train_step)).all(axis=None)


def nothing(model, optimizer, loss, x, y):
    pass


def no_loss(model, optimizer, loss, x, y):
    return {"cost": tf.constant(1.0)}


def no_call(model, optimizer, loss, x, y):
    return tf.reduce_mean((model(x) - y) ** 2)


REFUSED = {
    "returns nothing": (nothing, {}, "step: expected one that returns the loss, or"),
    "no loss": (
        no_loss,
        {},
        r"step: expected .* with a 'loss', got \['cost'\]; return",
    ),
    "metrics of nothing": (
        no_call,
        {"metrics": ["mae"]},
        r"metrics: expected a step that calls loss\(y_true, y_pred\), got one that",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_step_that_cannot_be_used_is_refused(case):
    step, arguments, message = REFUSED[case]
    with pytest.raises(ValueError, match=f"^{message}"):
        train(linear(), step, **arguments)

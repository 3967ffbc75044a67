"""Batches from elsewhere: where they go on, and what is wrong with them."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers

from tfbook import training

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
Y = X.sum(1, keepdims=True)
LABELS = np.arange(12) % 3
IDS = LABELS[:, None]


def dense(units=1, activation=None):
    return keras.Sequential([keras.Input((4,)), layers.Dense(units, activation)])


def embedding():
    ids = keras.Input((1,), dtype="int32")
    return keras.Model(ids, layers.Flatten()(layers.Embedding(3, 1, name="ids")(ids)))


def batches(*parts, size=4):
    return tf.data.Dataset.from_tensor_slices(parts).batch(size)


def train(model, data, **arguments):
    return training.train(model, data, **{"optimizer": "sgd", "epochs": 2, **arguments})


def replaced(array, place, value):
    copy = array.copy()
    copy[place] = value
    return copy


def generated(function, *shapes):
    spec = tuple(tf.TensorSpec(shape) for shape in shapes)
    return tf.data.Dataset.from_generator(function, output_signature=spec)


def fails():
    yield X[:4], Y[:4]
    raise RuntimeError("the disk is full")


def narrows():
    yield X[:4], Y[:4]
    yield X[:4, :3], Y[:4]


# What is wrong only in the last of three batches. With or without XLA, in training and
# in testing: each is one line that names it.

SPARSE = "sparse_categorical_crossentropy"
LATER = {
    "a label": (
        lambda: dense(3, "softmax"),
        (X, replaced(LABELS, 9, 5)),
        {"loss": SPARSE},
        "expected labels .*from 0 to 2, one for each of 3 outputs, got 5; count them",
    ),
    "a label below zero, with logits": (
        lambda: dense(3),
        (X, replaced(LABELS, 9, -2)),
        {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        "expected labels .*from 0 to 2, one for each of 3 outputs, got -2; count them",
    ),
    "a label that is no whole number": (
        lambda: dense(3, "softmax"),
        (X, replaced(LABELS.astype("float32"), 9, 1.5)),
        {"loss": SPARSE},
        r"expected labels in y from 0 to 2, .* got 1\.5; count them",
    ),
    "a target beyond 1": (
        lambda: dense(1, "sigmoid"),
        (X, replaced(0 * Y, 9, 2.0)),
        {"loss": "binary_crossentropy"},
        "expected y between 0 and 1 for 'binary_crossentropy', got 2; encode",
    ),
    "an id": (
        embedding,
        (replaced(IDS, 9, 7), Y),
        {},
        "expected .*from 0 to 2 .*, got 7; number them anew, or make its input_dim",
    ),
    "an id below zero": (
        embedding,
        (replaced(IDS, 9, -1), Y),
        {},
        "expected .*from 0 to 2 .*, got -1; number them anew, or make its input_dim",
    ),
    "a feature": (
        dense,
        (replaced(X, (9, 2), np.nan), Y),
        {},
        "expected finite numbers.*, got NaN or infinity in 1 ",
    ),
    "a target": (
        dense,
        (X, replaced(Y, 9, np.inf)),
        {},
        "expected finite numbers.*, got NaN or infinity in 1 ",
    ),
}


@pytest.mark.parametrize("case", LATER)
@pytest.mark.parametrize(
    ("kind", "jit_compile"), [("arrays", False), ("stream", False), ("stream", True)]
)
def test_what_is_wrong_in_a_later_batch_is_named(case, kind, jit_compile):
    make, data, arguments, message = LATER[case]
    given = {"batch_size": 4} if kind == "arrays" else {}
    given |= {"jit_compile": jit_compile, **arguments}
    rows = data if kind == "arrays" else batches(*data)
    with pytest.raises(ValueError, match=f"^train(_data)?: {message}") as caught:
        train(make(), rows, **given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["test_data", "validation_data"])
@pytest.mark.parametrize("case", ["a label", "an id", "a target"])
def test_what_is_wrong_in_data_to_test_on_is_named(case, name):
    make, data, arguments, message = LATER[case]
    x, y = X if make is not embedding else IDS, np.zeros_like(data[1])
    with pytest.raises(ValueError, match=f"^(train|{name}): {message}") as caught:
        train(make(), batches(x, y), **{name: batches(*data)}, **arguments)
    assert "\n" not in str(caught.value)


def test_a_loss_that_skips_missing_targets_may_have_them_in_batches():
    def skipping(y_true, y_pred):
        known = tf.math.is_finite(y_true)
        errors = tf.where(known, tf.where(known, y_true, 0) - y_pred, 0)
        return tf.reduce_sum(errors**2) / tf.reduce_sum(tf.cast(known, tf.float32))

    rows = batches(X, replaced(Y, 9, np.nan))
    assert np.isfinite(train(dense(), rows, loss=skipping)).all(axis=None)


BROKEN = {
    "raises": (
        lambda: generated(fails, (None, 4), (None, 1)),
        {},
        "train: expected data and model to run through, got RuntimeError: the disk is "
        "full .in an epoch after 0.; look at the batches",
    ),
    "another width": (
        lambda: generated(narrows, (None, None), (None, None)),
        {},
        "train: expected data and model to run through, got Matrix size-incompatible",
    ),
    "no number of axes": (
        lambda: generated(narrows, None, None),
        {},
        "train_data: expected batches whose number of axes is known, got TensorSpec",
    ),
    "no axes": (
        lambda: tf.data.Dataset.from_tensor_slices((X[:, 0], Y[:, 0])),
        {},
        r"train_data: expected batches, got single examples; pass dataset\.batch",
    ),
    "batched twice": (
        lambda: batches(X, Y).batch(2),
        {},
        r"train_data: expected x of shape \(None, 4\) like the model's input, got "
        r"\(None, None, 4\); the first axis is that of the batch",
    ),
    "not batched": (
        lambda: tf.data.Dataset.from_tensor_slices((X, Y)),
        {},
        r"train_data: expected x of shape \(None, 4\) .*, got \(4,\); the first axis",
    ),
    "four parts": (
        lambda: batches(X, Y, Y, Y),
        {},
        r"train_data: expected a dataset of pairs \(x, y\), or .* got elements of 4",
    ),
    "empty": (
        lambda: batches(X, Y).take(0),
        {},
        "train_data: expected one batch or more, got an empty dataset; check",
    ),
    "found empty": (
        lambda: batches(X, Y).filter(lambda x, y: False),
        {},
        "train_data: expected one batch or more in epoch 1, got 0: the data ran out",
    ),
    "without end": (
        lambda: batches(X, Y).repeat(),
        {},
        "train_data: expected a dataset with an end, .* for ever; pass steps_per_epoch",
    ),
    "too short": (
        lambda: batches(X, Y),
        {"steps_per_epoch": 2},
        "train_data: expected 2 batches in epoch 2, got 1: the data ran out; pass",
    ),
    "a size of batches": (
        lambda: batches(X, Y),
        {"batch_size": 2},
        "train: expected no batch_size with a .*Dataset, got 2; its elements",
    ),
    "a generator for two epochs": (
        lambda: iter_once(),
        {},
        "train_data: expected data for 2 epochs, got a generator, .* once; pass steps",
    ),
    "no targets": (
        lambda: batches(X),
        {},
        r"train_data: expected a pair \(x, y\), got features alone; pass targets",
    ),
    "targets of another width": (
        lambda: batches(X, np.hstack([Y, Y])),
        {},
        r"train_data: expected y of shape \(None, 1\) .* got \(None, 2\); give",
    ),
    "words": (
        lambda: batches(X.astype(str), Y),
        {},
        "train_data: expected x of float32 like the model's input, got string; look",
    ),
    "a number": (
        lambda: 3,
        {},
        r"train_data: expected a pair \(x, y\) of arrays, got int; pass",
    ),
}


def iter_once():
    yield X, Y


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_gone_through_is_refused(case):
    make_data, arguments, message = BROKEN[case]
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        train(dense(), make_data(), **arguments)
    assert "\n" not in str(caught.value)


def test_an_endless_dataset_to_test_on_is_refused():
    message = r"^test_data: .* for ever; pass dataset\.take\(number_of_batches\)"
    with pytest.raises(ValueError, match=message):
        train(dense(), (X, Y), test_data=batches(X, Y).repeat())


def test_sizes_that_are_not_known_yet_may_fit():
    rows = batches(X, Y).map(lambda x, y: (x, tf.ensure_shape(y, (None, None))))
    unknown = generated(lambda: iter([(X, Y)]), (None, None), (None, None))
    for data in (rows, unknown):
        assert np.isfinite(train(dense(), data)).all(axis=None)


# Where an epoch begins


def seen_rows(data, **arguments):
    """Return the number of the row that each step was given, epoch by epoch."""
    seen = tf.Variable(tf.zeros((0,), tf.int64), shape=(None,))

    def note(model, optimizer, loss, x, y):
        seen.assign(tf.concat([seen, tf.reshape(tf.cast(x, tf.int64), (-1,))], 0))
        return tf.constant(0.0)

    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    epochs, start = [], 0
    given = {"optimizer": "sgd", "record_every": 1, "step": note, "epochs": 3}
    for _ in training.records(model, data, **{**given, **arguments}):
        epochs.append(seen.numpy()[start:].tolist())
        start = len(seen.numpy())
    return epochs


NUMBERS = np.arange(6.0)[:, None]


def numbered():
    return batches(NUMBERS, NUMBERS, size=1)


def test_every_epoch_goes_through_all_batches():
    assert seen_rows(numbered()) == [[*range(6)]] * 3


def test_with_a_number_of_steps_an_epoch_begins_where_the_last_one_ended():
    found = seen_rows(numbered().repeat(), steps_per_epoch=4)
    assert found == [[0, 1, 2, 3], [4, 5, 0, 1], [2, 3, 4, 5]]


def test_a_generator_is_read_once_and_in_order():
    generator = ((row[None], row[None]) for row in NUMBERS)
    assert seen_rows(generator, steps_per_epoch=2) == [[0, 1], [2, 3], [4, 5]]


def test_a_shuffled_dataset_has_another_order_in_every_epoch_and_the_same_again():
    def shuffled():
        rows = tf.data.Dataset.from_tensor_slices((NUMBERS, NUMBERS))
        return rows.shuffle(6, seed=0).batch(1)

    first, again = seen_rows(shuffled()), seen_rows(shuffled())
    assert first == again
    assert len(set(map(tuple, first))) == 3


@pytest.mark.parametrize("kind", ["repeated", "shuffled", "steps"])
def test_a_run_that_is_resumed_reads_what_the_unbroken_one_would(kind, tmp_path):
    def data():
        rows = tf.data.Dataset.from_tensor_slices((X, Y))
        if kind == "shuffled":
            rows = rows.shuffle(12, seed=1)
        rows = rows.batch(5)
        return rows.repeat() if kind == "steps" else rows

    def run(epochs, folder=None):
        keras.utils.set_random_seed(0)
        model = dense()
        steps = 2 if kind == "steps" else None
        history = train(
            model,
            data(),
            epochs=epochs,
            record_every=1,
            steps_per_epoch=steps,
            checkpoint_dir=folder,
        )
        return model.get_weights(), history

    run(2, tmp_path)
    weights, history = run(5, tmp_path)
    wanted, wanted_history = run(5)
    assert all(map(np.array_equal, weights, wanted))
    pd.testing.assert_frame_equal(history, wanted_history)


def test_a_py_dataset_is_told_of_each_epoch():
    class Rows(keras.utils.PyDataset):
        told = ()

        def __len__(self):
            return 2

        def __getitem__(self, i):
            return X, Y

        def on_epoch_begin(self):
            self.told = *self.told, "begin"

        def on_epoch_end(self):
            self.told = *self.told, "end"

    rows = Rows()
    train(dense(), rows)
    assert rows.told == ("begin", "end") * 2


def test_more_batches_than_one_call_takes_are_one_epoch(monkeypatch):
    many, few = dense(), dense()
    many.set_weights(few.get_weights())
    rows = batches(X, Y, size=2)
    wanted = train(few, rows, metrics=["mae"])
    monkeypatch.setattr("tfbook.training.passes.STEPS_PER_CALL", 4)
    found = train(many, rows, metrics=["mae"])
    pd.testing.assert_frame_equal(found, wanted)
    assert all(map(np.array_equal, many.get_weights(), few.get_weights()))

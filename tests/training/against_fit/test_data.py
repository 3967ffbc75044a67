"""Every kind of data, metrics, weights and callbacks, as with `fit`."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import callbacks, layers, metrics, optimizers

# Keras's own callbacks read a variable in a way that NumPy gives up.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

RNG = np.random.default_rng(0)
ROWS = 11
X = RNG.normal(size=(ROWS, 4)).astype("float32")
Y = RNG.normal(size=(ROWS, 1)).astype("float32")
LABELS = RNG.integers(0, 3, ROWS)
BITS = (Y > 0).astype("float32")
WEIGHTS = RNG.uniform(size=ROWS).astype("float32")


def dense(activation=None, units=1):
    def make():
        first = layers.Dense(3, "tanh")
        return keras.Sequential(
            [keras.Input((4,)), first, layers.Dense(units, activation)]
        )

    return make


def named():
    a, b = keras.Input((4,), name="a"), keras.Input((1,), name="b")
    return keras.Model({"a": a, "b": b}, layers.Dense(1)(layers.Concatenate()([a, b])))


# Arrays

TABLE = pd.DataFrame(X, columns=list("abcd"))
MIXED = TABLE.assign(a=np.arange(ROWS), b=np.arange(ROWS) % 2 == 0, c=X[:, 2] * 2.0)
ARRAYS = {
    "double precision": (X.astype("float64"), Y.astype("float64")),
    "half precision": (X.astype("float16"), Y.astype("float16")),
    "whole numbers": ((10 * X).astype("int64"), np.round(Y).astype("int32")),
    "bytes": ((50 * np.abs(X)).astype("uint8"), Y),
    "booleans": (X > 0, Y > 0),
    "tensors": (tf.constant(X), tf.constant(Y)),
    "not in order in memory": (np.asfortranarray(X), Y[::-1]),
    "a table and a column": (TABLE, pd.Series(Y[:, 0])),
    "a table of several types": (MIXED, pd.DataFrame(Y)),
}
# What `fit` does not take, with what it takes instead.
LISTS = {
    "lists": ((X.tolist(), Y.tolist()), (X, Y)),
    "gaps that are none": ((TABLE.astype("Float64"), Y), (X, Y)),
    "a mask without masked entries": ((np.ma.array(X), Y), (X, Y)),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("batch_size", [None, 4])
def test_arrays_are_read_as_by_fit(same_as_fit, name, batch_size):
    data = ARRAYS[name]
    if tf.is_tensor(data[0]) or hasattr(data[0], "iloc"):
        for_fit = tuple(np.asarray(part, "float32") for part in data)
        same_as_fit(dense(), for_fit, given=data, batch_size=batch_size)
    else:
        same_as_fit(dense(), data, batch_size=batch_size)


@pytest.mark.parametrize("name", LISTS)
def test_what_is_no_array_is_read_as_one(same_as_fit, name):
    given, alike = LISTS[name]
    same_as_fit(dense(), alike, given=given)


def test_inputs_by_name_come_in_any_order(same_as_fit):
    features = {"b": Y, "a": X}
    same_as_fit(named, (features, Y), batch_size=4, validation=(features, Y))


# Batches from elsewhere


def dataset(*parts, size=4):
    return tf.data.Dataset.from_tensor_slices(parts).batch(size)


def of_unknown_length():
    spec = tf.TensorSpec((None, 4)), tf.TensorSpec((None, 1))

    def batches():
        for start in (0, 5, 6):
            yield X[start : start + 3], Y[start : start + 3]

    return tf.data.Dataset.from_generator(batches, output_signature=spec)


def shuffled():
    rows = tf.data.Dataset.from_tensor_slices((X, Y))
    # `fit` makes more iterators than it uses; so epochs in the same order.
    return rows.shuffle(11, seed=1, reshuffle_each_iteration=False).batch(4)


def other_lengths():
    """Sequences as long as the longest of their batch."""
    ids = tf.ragged.constant([[1, 2], [3], [4, 5, 6], [1, 1, 1, 1], [2], [3, 4]])
    rows = tf.data.Dataset.from_tensor_slices((ids, Y[:6]))
    return rows.map(lambda x, y: (x, y)).ragged_batch(2).map(padded)


def padded(x, y):
    return x.to_tensor(), y


class Rows(keras.utils.PyDataset):
    """Batches by number."""

    def __init__(self, epochs=0):
        super().__init__()
        self.epochs = epochs

    def __len__(self):
        return 3

    def __getitem__(self, i):
        start = 4 * i + self.epochs  # another part of the data in each epoch
        return X[start : start + 4], Y[start : start + 4]

    def on_epoch_end(self):
        self.epochs += 1


def generator():
    while True:
        for start in (0, 3, 7):
            yield X[start : start + 4], Y[start : start + 4]


def sequences():
    inputs = keras.Input((None,), dtype="int32")
    x = layers.GRU(2)(layers.Embedding(7, 3, mask_zero=True)(inputs))
    return keras.Model(inputs, layers.Dense(1)(x))


STREAMS = {
    "uneven batches": (dense(), lambda: dataset(X, Y), {}),
    "weights": (dense(), lambda: dataset(X, Y, WEIGHTS), {}),
    "names": (named, lambda: dataset({"a": X, "b": Y}, Y), {}),
    "of unknown length": (dense(), of_unknown_length, {}),
    "of other lengths": (sequences, other_lengths, {}),
    "prefetched": (dense(), lambda: dataset(X, Y).cache().prefetch(1), {}),
    "in another order": (dense(), shuffled, {}),
    "without end": (dense(), lambda: dataset(X, Y).repeat(), {"steps_per_epoch": 5}),
    "a generator": (dense(), generator, {"steps_per_epoch": 4}),
    # Before the first epoch `fit` ends another one, which has not begun.
    "a PyDataset": (dense(), Rows, {"given": lambda: Rows(epochs=1)}),
}


# Of data whose end is not known; there is nothing wrong with them.
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("name", STREAMS)
def test_batches_from_elsewhere_are_read_as_by_fit(same_as_fit, name):
    make, data, arguments = STREAMS[name]
    same_as_fit(make, data, metrics=lambda: ["mae"], **arguments)


def test_streams_to_test_on_are_read_as_by_fit(same_as_fit):
    same_as_fit(
        dense(),
        lambda: dataset(X, Y),
        validation=lambda: dataset(X[:7], Y[:7], WEIGHTS[:7], size=3),
        test=lambda: dataset(X, Y, size=2),
        metrics=lambda: ["mae"],
    )


# Weights


@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize("loss", ["mse", keras.losses.Huber(), "mae"])
def test_weights_count_as_with_fit(same_as_fit, batch_size, loss):
    data = X, Y, WEIGHTS
    same_as_fit(
        dense(),
        data,
        loss=loss,
        batch_size=batch_size,
        validation=data,
        metrics=lambda: ["mae"],
    )


def test_weights_of_zero_leave_rows_out(same_as_fit):
    weights = np.array([0, 0, 1, 0] * 3, "float32")[:ROWS]
    same_as_fit(dense(), (X, Y, weights), batch_size=4)


def test_weights_by_class_are_the_class_weights_of_fit(same_as_fit):
    by_class = {0: 1.0, 1: 4.0, 2: 0.5}
    weights = np.vectorize(by_class.get)(LABELS)
    given = (X, LABELS, weights)
    twins = same_as_fit(
        dense("softmax", 3), given, loss="sparse_categorical_crossentropy"
    )
    keras.utils.set_random_seed(3)
    model = dense("softmax", 3)()
    model.compile(optimizers.SGD(0.05, momentum=0.5), "sparse_categorical_crossentropy")
    model.fit(
        X,
        LABELS,
        class_weight=by_class,
        epochs=3,
        batch_size=ROWS,
        shuffle=False,
        verbose=0,
    )
    for one, two in zip(model.weights, twins.trained.weights, strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-5, atol=2e-5)


# Metrics

OF_CLASSES = {
    "accuracy": lambda: ["accuracy"],
    "by names of classes": lambda: ["sparse_categorical_accuracy"],
    "objects": lambda: [metrics.SparseTopKCategoricalAccuracy(2, name="top")],
    "a vector": lambda: [metrics.IoU(3, [0, 1], sparse_y_pred=False, name="iou")],
}
OF_BITS = {
    "accuracy": lambda: ["accuracy", "acc"],
    "areas": lambda: [metrics.AUC(name="roc"), metrics.AUC(curve="PR", name="pr")],
    "counts": lambda: [metrics.Precision(name="p"), metrics.TruePositives(name="tp")],
    "F1": lambda: [metrics.F1Score(threshold=0.5)],
    "names": lambda: ["binary_crossentropy", "bce"],
}
OF_NUMBERS = {
    "names": lambda: ["mae", "mse"],
    "functions": lambda: [keras.losses.mean_absolute_error, largest],
    "not a mean": lambda: [metrics.RootMeanSquaredError(), metrics.R2Score()],
    "a metric of the mean": lambda: [metrics.MeanMetricWrapper(largest, name="most")],
}


def largest(y_true, y_pred):
    return keras.ops.max(keras.ops.abs(y_true - y_pred), axis=-1)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", OF_CLASSES)
def test_metrics_of_classes_are_those_of_fit(same_as_fit, name, weighted):
    data = (X, LABELS, WEIGHTS)[: 2 + weighted]
    same_as_fit(
        dense("softmax", 3),
        data,
        loss="sparse_categorical_crossentropy",
        metrics=OF_CLASSES[name],
        validation=data,
        batch_size=4,
    )


@pytest.mark.parametrize("name", OF_BITS)
def test_metrics_of_two_classes_are_those_of_fit(same_as_fit, name):
    same_as_fit(
        dense("sigmoid"),
        (X, BITS),
        loss="binary_crossentropy",
        metrics=OF_BITS[name],
        validation=(X, BITS),
        batch_size=4,
    )


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_metrics_of_numbers_are_those_of_fit(same_as_fit, name):
    same_as_fit(
        dense(),
        (X, Y),
        metrics=OF_NUMBERS[name],
        validation=(X, Y),
        test=(X, Y),
        batch_size=4,
    )


# Callbacks


def halved(epoch, rate):
    return rate / 2


class Freezing(callbacks.Callback):
    """Changes a number that the program reads."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            self.model.layers[0].kernel.assign(0 * self.model.layers[0].kernel)


CALLBACKS = {
    "EarlyStopping": lambda: [
        callbacks.EarlyStopping(patience=1, min_delta=0.05, restore_best_weights=True)
    ],
    "EarlyStopping, restored": lambda: [
        callbacks.EarlyStopping(
            "val_mae", patience=2, mode="max", restore_best_weights=True
        )
    ],
    "ReduceLROnPlateau": lambda: [
        callbacks.ReduceLROnPlateau(patience=1, min_delta=0.2, factor=0.5)
    ],
    "LearningRateScheduler": lambda: [callbacks.LearningRateScheduler(halved)],
    "TerminateOnNaN": lambda: [callbacks.TerminateOnNaN()],
    "LambdaCallback": lambda: [callbacks.LambdaCallback(lambda epoch, logs: None)],
    "one's own": lambda: [Freezing()],
}


@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_does_what_it_does_in_fit(same_as_fit, name, batch_size):
    same_as_fit(
        dense(),
        (X, Y),
        batch_size=batch_size,
        epochs=8,
        validation=(X[:5], Y[:5]),
        metrics=lambda: ["mae"],
        callbacks=CALLBACKS[name],
    )


def test_what_model_checkpoint_saves_is_what_it_saves_in_fit(same_as_fit, tmp_path):
    paths = iter([tmp_path / "fit.keras", tmp_path / "train.keras"])

    def best():
        return [callbacks.ModelCheckpoint(next(paths), save_best_only=True)]

    same_as_fit(
        dense(), (X, Y), epochs=6, callbacks=best, validation=(X, Y), batch_size=4
    )
    one, two = (keras.models.load_model(path) for path in sorted(tmp_path.iterdir()))
    for left, right in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(left, right, rtol=2e-5, atol=2e-5)

"""What `train` does otherwise than `fit` on purpose: each line of the documentation."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfbook import training
from tfbook.training import TrainingDiverged

RNG = np.random.default_rng(0)
X = RNG.normal(size=(11, 4)).astype("float32")
Y = RNG.normal(size=(11, 1)).astype("float32")
README = Path(training.__file__).with_name("README.md")


def dense(units=1):
    return keras.Sequential([keras.Input((4,)), layers.Dense(units)])


def fit(model, *data, loss="mse", optimizer="sgd", **arguments):
    model.compile(optimizer, loss)
    return model.fit(*data, verbose=0, **arguments).history


def train(model, *data, **arguments):
    arguments = {"optimizer": "sgd", "epochs": 1, **arguments}
    return training.train(model, *data, **arguments)


def refused(message, model, *data, error=ValueError, **arguments):
    with pytest.raises(error, match=message) as caught:
        train(model, *data, **arguments)
    assert "\n" not in str(caught.value)


def a_loss_with_reduction_none_is_refused():
    loss = keras.losses.MeanSquaredError(reduction="none")
    by_sum, model = dense(), dense()
    model.set_weights(by_sum.get_weights())
    shown = fit(model, X, Y, loss=loss, batch_size=11)["loss"][0]
    fit(by_sum, X, Y, loss=keras.losses.MeanSquaredError("sum"), batch_size=11)
    np.testing.assert_allclose(model.layers[0].kernel, by_sum.layers[0].kernel, 1e-4)
    assert shown < 0.2 * by_sum.history.history["loss"][0]
    refused("to reduce a batch to one number", dense(), (X, Y), loss=loss)


def keras_s_losses_do_not_repeat_targets():
    assert fit(dense(3), X, Y)["loss"]
    refused("as many outputs as there are targets", dense(3), (X, Y))


def nan_in_arrays_is_refused():
    x, y = X.copy(), Y.copy()
    x[3, 1] = y[5] = np.nan
    model = dense()
    fit(model, x, Y)
    assert np.isnan(model.layers[0].kernel).all()
    refused(r"finite numbers in x, got NaN or infinity in 1 of 44", dense(), (x, Y))
    refused(r"finite numbers in y, got NaN or infinity in 1 of 11", dense(), (X, y))

    def skipping(y_true, y_pred):
        known = tf.math.is_finite(y_true)
        return tf.reduce_mean((tf.where(known, y_true, 0) - y_pred)[known] ** 2)

    assert np.isfinite(train(dense(), (X, y), loss=skipping)).all(axis=None)


def labels_ids_and_targets_out_of_range_are_refused():
    labels = np.arange(11) % 4
    name = "sparse_categorical_crossentropy"
    refused("labels in y from 0 to 2", dense(3), (X, labels), loss=name)
    ids = keras.Sequential(
        [keras.Input((1,), dtype="int32"), layers.Embedding(3, 1), layers.Flatten()]
    )
    refused("whole numbers from 0 to 2 as ids", ids, (labels[:, None], Y))
    assert fit(dense(), X, 9 * Y, loss="binary_crossentropy")["loss"]
    refused("y between 0 and 1", dense(), (X, 9 * Y), loss="binary_crossentropy")


def a_weight_that_is_no_number_any_more_ends_the_run():
    optimizer = keras.optimizers.SGD(1e30)
    losses = fit(dense(), X, Y, optimizer=optimizer, epochs=5)["loss"]
    assert np.isnan(losses[-1])
    optimizer = keras.optimizers.SGD(1e30)
    refused(
        "finite", dense(), (X, Y), error=TrainingDiverged, optimizer=optimizer, epochs=5
    )


def a_model_s_own_train_step_or_compute_loss_is_refused():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return 7.0 + 0 * keras.ops.sum(y_pred)

    assert fit(Own(), X, Y)["loss"] == [7]
    refused("a model without a compute_loss of its own", Own(), (X, Y))


def ragged_and_sparse_tensors_are_refused():
    ragged = tf.RaggedTensor.from_tensor(tf.constant(X))
    refused("rows of the same length in x, got a RaggedTensor", dense(), (ragged, Y))
    sparse = tf.sparse.from_dense(X)
    refused("got a SparseTensor", dense(), (sparse, Y))
    batches = tf.data.Dataset.from_tensors((ragged, Y))
    read = batches.map(lambda x, y: (x.to_tensor(shape=(11, 4)), y))
    assert np.isfinite(train(dense(), read)).all(axis=None)


def class_weight_loss_weights_validation_split_are_no_parameters():
    for name in ("class_weight", "loss_weights", "validation_split"):
        refused(f"unexpected keyword argument '{name}'", dense(), (X, Y),
                error=TypeError, **{name: None})  # fmt: skip


def rows_come_in_the_order_of_seed_epoch():
    ones = [dense() for _ in range(4)]
    for model in ones:
        model.set_weights([np.ones((4, 1)), np.ones(1)])
    for model in ones[:2]:
        keras.utils.set_random_seed(len(model.weights) + ones.index(model))
        train(model, (X, Y), batch_size=2, epochs=3)
    for model in ones[2:]:
        keras.utils.set_random_seed(ones.index(model))
        fit(model, X, Y, batch_size=2, epochs=3)
    kernels = [model.layers[0].kernel.numpy() for model in ones]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[2], kernels[3])


def arrays_are_tested_in_batches_of_256_or_more():
    class Rows(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x, training=False):
            return self.dense(x) + (
                0.0 if training else keras.ops.cast(keras.ops.shape(x)[0], "float32")
            )

    x, zeros = np.zeros((600, 4), "float32"), np.zeros((600, 1), "float32")
    still = keras.optimizers.SGD(1e-9)
    history = train(Rows(), (x, zeros), (x, zeros), optimizer=still, batch_size=4)
    wanted = (2 * 256 * 256**2 + 88 * 88**2) / 600
    assert history["testing_loss"].item() == pytest.approx(wanted, rel=1e-4)


def the_loss_of_one_output_counts_each_row_alike():
    x = keras.Input((4,))
    outputs = {name: layers.Dense(1, name=name, use_bias=False)(x) for name in "ab"}
    model = keras.Model(x, outputs)
    targets = {"a": np.arange(3.0), "b": np.arange(3.0)}  # squares 0, 1 and 4
    rows = tf.data.Dataset.from_tensor_slices((np.zeros((3, 4)), targets))
    history = fit(model, rows.batch(2), optimizer=keras.optimizers.SGD(1e-9))
    assert history["a_loss"][0] == pytest.approx((0.5 + 4) / 2)
    assert history["loss"][0] == pytest.approx(2 * 5 / 3)
    arrays = np.zeros((3, 4)), targets
    table = train(model, arrays, batch_size=2)
    assert table["training_a_loss"].item() == pytest.approx(5 / 3)
    assert table["training_loss"].item() == pytest.approx(2 * 5 / 3)


def streams_are_not_read_and_no_epoch_of_them_ends_before_the_first():
    class Rows(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.ended = 0

        def __len__(self):
            return 1

        def __getitem__(self, _):
            return X, Y

        def on_epoch_end(self):
            self.ended += 1

    for run, ended in ((fit, 3), (train, 2)):
        rows = Rows()
        run(dense(), rows, epochs=2)
        assert rows.ended == ended


def an_optimizer_given_by_name_starts_afresh_at_every_call():
    model, once = dense(), dense()
    once.set_weights(model.get_weights())
    for _ in range(2):
        train(model, (X, Y), optimizer="adam", epochs=20)
    train(once, (X, Y), optimizer="adam", epochs=40)
    difference = model.layers[0].kernel.numpy() - once.layers[0].kernel.numpy()
    assert np.abs(difference).max() > 1e-6


def an_optimizer_is_built_before_the_first_step_is_traced():
    one, two = dense(), dense()
    two.set_weights(one.get_weights())
    make = keras.optimizers.ScheduleFreeAdamW
    fit(one, X, Y, optimizer=make(0.1), batch_size=11, epochs=5)
    train(two, (X, Y), optimizer=make(0.1), epochs=5)
    gap = np.abs(one.layers[0].kernel.numpy() - two.layers[0].kernel.numpy())
    assert gap.max() > 1e-3


def callbacks_are_called_at_each_record_and_never_after_a_batch():
    called = []

    class Noting(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            called.append(epoch)

    train(dense(), (X, Y), epochs=7, record_every=3, callbacks=[Noting()])
    assert called == [2, 5, 6]

    class PerBatch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            called.append(batch)

    called.clear()
    with pytest.warns(UserWarning, match="no turn after batches"):
        train(dense(), (X, Y), callbacks=[PerBatch()])
    assert not called


def the_state_of_callbacks_is_not_part_of_a_checkpoint():
    pass  # shown in tests/training/test_callbacks.py, by a run that is resumed


def add_loss_is_refused_with_several_replicas():
    pass  # shown in tests/training/test_replicas.py, which has several


DIFFERENCES = [
    a_loss_with_reduction_none_is_refused,
    keras_s_losses_do_not_repeat_targets,
    nan_in_arrays_is_refused,
    labels_ids_and_targets_out_of_range_are_refused,
    a_weight_that_is_no_number_any_more_ends_the_run,
    a_model_s_own_train_step_or_compute_loss_is_refused,
    ragged_and_sparse_tensors_are_refused,
    class_weight_loss_weights_validation_split_are_no_parameters,
    rows_come_in_the_order_of_seed_epoch,
    arrays_are_tested_in_batches_of_256_or_more,
    the_loss_of_one_output_counts_each_row_alike,
    streams_are_not_read_and_no_epoch_of_them_ends_before_the_first,
    an_optimizer_given_by_name_starts_afresh_at_every_call,
    an_optimizer_is_built_before_the_first_step_is_traced,
    callbacks_are_called_at_each_record_and_never_after_a_batch,
    the_state_of_callbacks_is_not_part_of_a_checkpoint,
    add_loss_is_refused_with_several_replicas,
]


def documented():
    lines = README.read_text().split("| what | why |")[1].splitlines()[2:]
    return [line.split("|")[1].strip() for line in lines if line.startswith("|")]


def test_the_list_in_the_documentation_is_this_one():
    def words(text):
        return "".join(each if each.isalnum() else " " for each in text.lower()).split()

    pairs = zip(documented(), DIFFERENCES, strict=True)
    for line, difference in pairs:
        name = difference.__name__.split("_")
        assert words(line)[: len(name)] == name or words(line) == name


# `fit` says that it is given no number of a class, or that data ended; it goes on.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.__name__)
def test_a_difference_is_as_documented(difference):
    difference()

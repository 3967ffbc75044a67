"""Python's turns: callbacks of Keras's kind, functions, records, and the bar."""

import keras
import numpy as np
import pandas as pd
import pytest

from tfbook import data, training

SPLIT = data.linear()


def linear():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])


def train(model=None, **arguments):
    given = {"optimizer": "sgd", "epochs": 6, "record_every": 2, **arguments}
    return training.train(model or linear(), SPLIT.train, SPLIT.test, **given)


class Noting(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.called = []

    def on_train_begin(self, logs=None):
        self.called.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.called.append(f"from {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.called.append(f"to {epoch}")
        self.logs = dict(logs)

    def on_train_end(self, logs=None):
        self.called.append("end")
        self.last = dict(logs)


def test_a_callback_is_called_around_each_block_of_epochs():
    noting = Noting()
    history = train(epochs=5, callbacks=[noting], validation_data=SPLIT.test)
    blocks = [f"{way} {epoch}" for first, last in ((0, 1), (2, 3), (4, 4))
              for way, epoch in (("from", first), ("to", last))]  # fmt: skip
    assert noting.called == ["begin", *blocks, "end"]
    assert noting.logs == noting.last
    row = history.iloc[-1]
    assert noting.logs == {
        "loss": row["training_loss"],
        "val_loss": row["validation_loss"],
        "test_loss": row["testing_loss"],
    }
    assert noting.params["epochs"] == 5


def test_a_function_is_given_a_record_and_ends_the_run_by_true():
    model, records = linear(), []

    def enough(record):
        records.append(record)
        return record.epoch == 4

    optimizer = keras.optimizers.SGD(0.01)
    history = train(model, optimizer=optimizer, callbacks=[enough])
    assert history.index.tolist() == [2, 4] == [record.epoch for record in records]
    assert int(optimizer.iterations) == 4
    assert records[-1].model is model
    assert records[-1].optimizer is optimizer
    assert records[-1].values == history.iloc[-1].to_dict()


@pytest.mark.parametrize("returned", [None, False, 1, 0.0, "yes", np.True_])
def test_only_true_ends_a_run(returned):
    assert len(train(callbacks=lambda record: returned)) == 3


def test_all_are_asked_even_if_one_has_said_that_it_is_enough():
    asked = []

    def enough(record):
        asked.append(record.epoch)
        return True

    train(callbacks=[enough, enough])
    assert asked == [2, 2]


def test_a_callback_ends_a_run_by_stop_training():
    class Stopping(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch >= 3

    model = linear()
    assert train(model, callbacks=[Stopping()]).index.tolist() == [2, 4]
    assert train(model).index.tolist() == [2, 4, 6]  # at the next call it is forgotten


def test_callbacks_change_nothing_by_being_there():
    one, two = linear(), linear()
    plain = train(one)
    watched = train(two, callbacks=[Noting(), lambda record: None], progress=True)
    pd.testing.assert_frame_equal(plain, watched)
    assert all(map(np.array_equal, one.get_weights(), two.get_weights()))


def test_callbacks_find_the_optimizer_in_the_model_while_they_are_called():
    class Looking(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.found = self.model.optimizer

    looking, optimizer, model = Looking(), keras.optimizers.SGD(), linear()
    train(model, optimizer=optimizer, callbacks=[looking])
    assert looking.found is optimizer
    assert getattr(model, "optimizer", None) is None
    model.compile("adam", "mse")
    compiled = model.optimizer
    train(model, optimizer=optimizer, callbacks=[looking])
    assert looking.found is optimizer
    assert model.optimizer is compiled


def test_an_error_in_a_callback_is_raised_as_it_is_and_ends_the_run(tmp_path):
    def fails(record):
        raise KeyError("my own")

    noting = Noting()
    for _ in range(2):  # the folder is free again
        with pytest.raises(KeyError, match="my own"):
            train(callbacks=[noting, fails], checkpoint_dir=tmp_path)
    assert "end" not in noting.called
    assert noting.called.count("begin") == 2


def test_a_run_that_is_resumed_begins_its_callbacks_anew(tmp_path):
    noting = Noting()
    train(epochs=4, checkpoint_dir=tmp_path)
    train(epochs=8, checkpoint_dir=tmp_path, callbacks=[noting])
    assert noting.called == ["begin", "from 4", "to 5", "from 6", "to 7", "end"]


def test_a_finished_run_calls_no_callback_for_an_epoch(tmp_path):
    noting = Noting()
    train(checkpoint_dir=tmp_path)
    history = train(checkpoint_dir=tmp_path, callbacks=[noting])
    assert noting.called == ["begin", "end"]
    assert history.index.tolist() == [2, 4, 6]


def test_the_bar_shows_epochs_and_values(capsys):
    train(progress=True)
    shown = capsys.readouterr().err
    assert "6/6" in shown
    assert "testing_loss=" in shown
    train()
    assert capsys.readouterr().err == ""


class PerBatch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


REFUSED = {
    "a number": (3, TypeError, "callbacks: expected Keras callbacks or functions"),
    "a class": (Noting, TypeError, "callbacks: expected Keras callbacks or functions"),
    "each batch": (
        keras.callbacks.ModelCheckpoint("x.keras", save_freq=10),
        ValueError,
        "callbacks: expected save_freq='epoch' in ModelCheckpoint, got 10; train calls",
    ),
    "updates": (
        keras.callbacks.TensorBoard(update_freq="batch"),
        ValueError,
        "callbacks: expected update_freq='epoch' in TensorBoard, got",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_callback_that_cannot_be_served_is_refused(case):
    callback, error, message = REFUSED[case]
    model = linear()
    before = model.get_weights()
    with pytest.raises(error, match=f"^{message}"):
        train(model, callbacks=[callback])
    assert all(map(np.array_equal, model.get_weights(), before))


def test_methods_that_are_not_called_are_named():
    message = "^callbacks: expected PerBatch to need no turn .* own on_train_batch_end"
    with pytest.warns(UserWarning, match=message):
        train(callbacks=[PerBatch()])


# The loop as an iterator


def test_records_are_the_rows_of_train():
    one, two = linear(), linear()
    history = train(one, batch_size=5)
    settings = {"optimizer": "sgd", "epochs": 6, "record_every": 2, "batch_size": 5}
    found = list(training.records(two, SPLIT.train, SPLIT.test, **settings))
    assert [record.epoch for record in found] == history.index.tolist()
    assert [record.values for record in found] == history.to_dict("records")
    assert all(map(np.array_equal, one.get_weights(), two.get_weights()))


def test_who_leaves_the_loop_has_the_weights_of_that_record():
    settings = {"optimizer": "sgd", "record_every": 2}
    left, whole = linear(), linear()
    for record in training.records(left, SPLIT.train, epochs=100, **settings):
        if record.epoch == 4:
            break
    training.train(whole, SPLIT.train, epochs=4, **settings)
    assert all(map(np.array_equal, left.get_weights(), whole.get_weights()))


def test_weights_set_between_records_are_those_that_train_on():
    model = linear()
    settings = {"optimizer": keras.optimizers.SGD(0.0), "epochs": 4, "record_every": 2}
    losses = []
    for record in training.records(model, SPLIT.train, **settings):
        losses.append(record.values["training_loss"])
        model.set_weights([np.arange(5.0)[:, None], np.zeros(1)])
    wanted = np.mean((SPLIT.x_train @ np.arange(5.0)[:, None] - SPLIT.y_train) ** 2)
    assert losses[1] == pytest.approx(wanted, rel=1e-4)
    assert losses[0] != pytest.approx(wanted, rel=1e-2)


def test_records_that_are_left_free_their_folder_and_can_be_resumed(tmp_path):
    settings = {"optimizer": "sgd", "record_every": 2, "checkpoint_dir": tmp_path}
    for _ in training.records(linear(), SPLIT.train, epochs=6, **settings):
        break
    rest = training.records(linear(), SPLIT.train, epochs=6, **settings)
    assert [record.epoch for record in rest] == [4, 6]


def test_averages_of_weights_are_put_in_when_the_loop_is_left():
    def optimizer():
        return keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5)

    left, whole = linear(), linear()
    for record in training.records(
        left, SPLIT.train, optimizer=optimizer(), epochs=9, record_every=1
    ):
        if record.epoch == 3:
            break
    training.train(whole, SPLIT.train, optimizer=optimizer(), epochs=3)
    assert all(map(np.array_equal, left.get_weights(), whole.get_weights()))


def test_records_take_no_callbacks():
    with pytest.raises(TypeError, match="callbacks"):
        training.records(linear(), SPLIT.train, optimizer="sgd", epochs=1, callbacks=[])

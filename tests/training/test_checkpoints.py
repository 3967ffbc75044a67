"""Checkpoints: whole or not there, and a run that goes on as if nothing had been."""

import _thread
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tfbook import data, training
from tfbook.training import checkpoints
from tfbook.training.checkpoints import Checkpoint
from tfbook.training.frozen import checksum

SPLIT = data.linear(num_examples=20, noise=0.1)
STATE = [np.arange(6, dtype=np.float32).reshape(2, 3), np.int64(7)]
ROWS = [{"epoch": 10, "training_loss": 0.1, "testing_loss": 0.25}]


def network() -> keras.Model:
    """Make a network with state of every kind: weights, averages, random seeds."""
    glorot = keras.initializers.GlorotUniform(seed=1)
    return keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, activation="tanh", kernel_initializer=glorot),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.2, seed=3),
            keras.layers.Dense(1, kernel_initializer=glorot),
        ]
    )


def run(
    folder: Path | None, model: keras.Model | None = None, **changes: object
) -> tuple[keras.Model, pd.DataFrame]:
    """Train a network for 12 epochs, with a row every 2."""
    model = model or network()
    arguments = {
        "optimizer": keras.optimizers.Adam(0.05),
        "epochs": 12,
        "batch_size": 8,
        "record_every": 2,
        "checkpoint_dir": folder,
        **changes,
    }
    return model, training.train(model, SPLIT.train, SPLIT.test, **arguments)


def assert_same_bits(
    left: tuple[keras.Model, pd.DataFrame], right: tuple[keras.Model, pd.DataFrame]
) -> None:
    for one, other in zip(left[0].variables, right[0].variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    pd.testing.assert_frame_equal(left[1], right[1], check_exact=True)


def test_what_is_saved_is_loaded_bit_for_bit(tmp_path):
    checkpoints.save(tmp_path, Checkpoint(10, STATE, ROWS, {"loss": "mse"}))
    found = checkpoints.load_latest(tmp_path)
    assert found.epoch == 10
    assert found.identity == {"loss": "mse"}
    assert found.rows == ROWS
    for saved, loaded in zip(STATE, found.state, strict=True):
        assert loaded.dtype == saved.dtype
        np.testing.assert_array_equal(loaded, saved)


def test_the_two_newest_files_stay_and_nothing_else(tmp_path):
    for epoch in (5, 10, 100, 1000):
        checkpoints.save(tmp_path, Checkpoint(epoch, STATE, ROWS, {}))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["epoch_000000100.npz", "epoch_000001000.npz"]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_file_is_named_and_the_one_before_is_used(tmp_path, damage):
    checkpoints.save(tmp_path, Checkpoint(10, STATE, ROWS, {}))
    path = checkpoints.save(tmp_path, Checkpoint(20, STATE, ROWS, {}))
    content = bytearray(path.read_bytes())
    middle = content.index(STATE[0].tobytes())
    content[middle] ^= 255
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:200], "flip": content, "empty": b""}[damage])
    with pytest.warns(UserWarning, match=r"epoch_000000020\.npz: expected the file as"):
        assert checkpoints.load_latest(tmp_path).epoch == 10
    # Set aside, it is not counted among the newest, and pushes out no good one.
    checkpoints.save(tmp_path, Checkpoint(12, STATE, ROWS, {}))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "epoch_000000010.npz",
        "epoch_000000012.npz",
        "epoch_000000020.damaged",
    ]


def test_any_bit_that_is_flipped_is_noticed(tmp_path):
    path = checkpoints.save(tmp_path, Checkpoint(1, STATE[:1], ROWS, {"loss": "mse"}))
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (1, 128):
            flipped = bytearray(whole)
            flipped[place] ^= bit
            path.write_bytes(flipped)
            with pytest.raises(ValueError, match="digest"):
                checkpoints.load(path)
    path.write_bytes(whole)
    assert checkpoints.load(path).epoch == 1


def test_a_folder_with_nothing_but_damaged_files_is_an_error_and_stays_one(tmp_path):
    run(tmp_path)
    for path in tmp_path.glob("epoch_*"):
        path.write_bytes(path.read_bytes()[:100])
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(ValueError, match="one whole checkpoint or more, got 2 damaged"),
    ):
        run(tmp_path)
    with pytest.raises(ValueError, match="got 2 damaged"):
        run(tmp_path)


def test_a_folder_that_a_living_run_uses_is_refused_until_it_ends(tmp_path):
    arguments = {"optimizer": "sgd", "epochs": 6, "record_every": 2}
    living = training.records(
        network(), SPLIT.train, checkpoint_dir=tmp_path, **arguments
    )
    next(living)
    with pytest.raises(ValueError, match="a folder that no other run uses"):
        run(tmp_path)
    living.close()
    training.train(network(), SPLIT.train, checkpoint_dir=tmp_path, **arguments)


def test_a_folder_without_a_name_is_refused():
    with pytest.raises(ValueError, match="expected the name of a folder, got ''"):
        run("")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_a_run_of_any_precision_goes_on_bit_for_bit(tmp_path, dtype):
    def make() -> keras.Model:
        dense = keras.layers.Dense(1, dtype=dtype, kernel_initializer="ones")
        return keras.Sequential([keras.Input((5,)), dense])

    def fit(folder: Path | None, epochs: int) -> tuple:
        sgd = keras.optimizers.SGD(0.01)
        return run(folder, make(), optimizer=sgd, epochs=epochs)

    fit(tmp_path, 4)
    assert_same_bits(fit(tmp_path, 12), fit(None, 12))


class Noise(keras.layers.Layer):
    """Draws from generators that are none of the model's variables."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = tf.random.Generator.from_seed(1)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        noise = self.generator.normal(tf.shape(inputs))
        return keras.random.dropout(inputs, 0.5) + noise


def test_generators_outside_of_the_model_are_part_of_the_state(tmp_path):
    def make() -> keras.Model:
        keras.utils.set_random_seed(0)  # Keras's global generator starts anew, too
        keras.random.normal((1,))
        dense = keras.layers.Dense(1, kernel_initializer="ones")
        return keras.Sequential([keras.Input((5,)), Noise(), dense])

    whole = run(None, make())
    run(tmp_path, make(), epochs=4)
    assert_same_bits(run(tmp_path, make()), whole)


def loss_1(y_true, y_pred):
    return tf.reduce_mean((y_true - y_pred) ** 2)


def loss_2(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred))


def scaled(factor: float):
    return lambda y_true, y_pred: factor * loss_1(y_true, y_pred)


class Slower(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule without `get_config`."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, step):
        return self.rate / (1 + tf.cast(step, tf.float32))

    def get_config(self):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"loss": loss_1}, {"loss": loss_2}),
        ({"loss": lambda y, p: (y - p) ** 2}, {"loss": lambda y, p: (y - p) ** 4}),
        ({"loss": scaled(1.0)}, {"loss": scaled(2.0)}),
        ({"loss": keras.losses.Huber(1.0)}, {"loss": keras.losses.Huber(2.0)}),
        (
            {"optimizer": lambda: keras.optimizers.SGD(Slower(0.1))},
            {"optimizer": lambda: keras.optimizers.SGD(Slower(0.2))},
        ),
        ({"metrics": ()}, {"metrics": ["mae"]}),
    ],
    ids=["function", "lambda", "closure", "arguments", "schedule", "metrics"],
)
def test_functions_are_compared_by_what_they_do(tmp_path, first, second):
    def made(changes: dict) -> dict:
        make = changes.get("optimizer")
        return changes | ({"optimizer": make()} if make else {})

    run(tmp_path, **made(first))
    run(tmp_path, **made(first))
    with pytest.raises(ValueError, match="checkpoint of epoch 12: expected"):
        run(tmp_path, **made(second))


def test_strings_are_compared_by_what_they_say():
    def one(text: str) -> str:
        return checksum(np.array([[text + "x" * 20], ["b"]], object))

    assert one("a") == one("a")
    assert one("a") != one("c")


def test_a_dataset_that_shuffles_goes_on_in_the_order_of_its_epochs(tmp_path):
    def make() -> tf.data.Dataset:
        rows = tf.data.Dataset.from_tensor_slices(SPLIT.train)
        return rows.shuffle(20, seed=1).batch(6)

    def fit(epochs: int, folder: Path | None) -> keras.Model:
        model = network()
        training.train(
            model,
            make(),
            optimizer=keras.optimizers.Adam(0.05),
            epochs=epochs,
            record_every=2,
            checkpoint_dir=folder,
        )
        return model

    fit(4, tmp_path)
    for one, other in zip(
        fit(8, tmp_path).variables, fit(8, None).variables, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_write_that_fails_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    checkpoints.save(tmp_path, Checkpoint(10, STATE, ROWS, {}))

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match=r"expected to write it to .* No space left"):
        checkpoints.save(tmp_path, Checkpoint(20, STATE, ROWS, {}))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_000000010.npz"]


def test_a_folder_that_cannot_be_made_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    model = network()
    before = model.get_weights()
    with pytest.raises(OSError, match="checkpoint_dir: expected a folder"):
        run(tmp_path / "file" / "folder", model)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_with_checkpoints_is_the_run_without(tmp_path):
    assert_same_bits(run(tmp_path), run(None))


@pytest.mark.parametrize("optimizer", ["adam", "object"])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(tmp_path, monkeypatch, optimizer):
    choice = {} if optimizer == "object" else {"optimizer": optimizer}
    save, calls = checkpoints.save, []

    def die_at_the_third(folder, checkpoint):
        calls.append(checkpoint.epoch)
        if len(calls) == 3:
            raise RuntimeError("power cut")
        return save(folder, checkpoint)

    monkeypatch.setattr(checkpoints, "save", die_at_the_third)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path, **choice)
    monkeypatch.setattr(checkpoints, "save", save)
    assert_same_bits(run(tmp_path, **choice), run(None, **choice))


def test_a_finished_run_is_loaded_and_not_trained_again(tmp_path):
    first = run(tmp_path)
    assert_same_bits(run(tmp_path), first)


def test_more_epochs_go_on_from_a_finished_run(tmp_path):
    run(tmp_path)
    assert_same_bits(run(tmp_path, epochs=20), run(None, epochs=20))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"optimizer": keras.optimizers.SGD(0.1)},
            r"expected optimizer class 'SGD', got 'Adam'; .*; and \d+ more that differ",
        ),
        (
            {"optimizer": keras.optimizers.Adam(0.1)},
            r"expected optimizer config learning_rate 0\.1\d*, got 0\.05\d*; repeat",
        ),
        ({"batch_size": 5}, "expected batch_size 5, got 8"),
        ({"seed": 1}, "expected seed 1, got 0"),
        (
            {"loss": "mae"},
            "expected loss 'mae', got 'mse'",
        ),
        ({"record_every": 3}, "expected record_every 3, got 2"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_says_why(
    tmp_path, changes, message
):
    run(tmp_path)
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **changes)


def test_a_checkpoint_from_later_than_the_run_ends_is_refused(tmp_path):
    run(tmp_path)
    with pytest.raises(ValueError, match="epoch 12: expected epochs of at least that"):
        run(tmp_path, epochs=10)


def test_a_checkpoint_of_another_model_or_other_data_is_refused(tmp_path):
    run(tmp_path)
    wider = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    with pytest.raises(
        ValueError,
        match=r"expected weights 0 'kernel \(5, 1\) float32', got 'kernel \(5, 4\) ",
    ):
        run(tmp_path, wider)
    x, y = SPLIT.train
    with pytest.raises(
        ValueError, match=r"expected train_data 0 '\(20, 5\) float32 \w+', got"
    ):
        training.train(
            network(),
            (x + 1, y),
            SPLIT.test,
            optimizer=keras.optimizers.Adam(0.05),
            epochs=12,
            batch_size=8,
            record_every=2,
            checkpoint_dir=tmp_path,
        )


@pytest.mark.usefixtures("_signals")
def test_ctrl_c_finishes_records_and_saves_the_block(tmp_path):
    model, optimizer = network(), keras.optimizers.SGD(1e-6)
    settings = {"optimizer": optimizer, "record_every": 20_000, "batch_size": None}
    run(None, model, epochs=1, **settings)  # compiled by now
    before = int(optimizer.iterations)
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    with pytest.raises(training.TrainingInterrupted, match="after epoch") as caught:
        run(tmp_path, model, epochs=10**9, **settings)
    timer.join()
    told = caught.value.history.index[-1]
    assert int(optimizer.iterations) - before == told
    assert f"after epoch {told};" in str(caught.value)
    assert checkpoints.load_latest(tmp_path).epoch == told
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def train_long(folder: Path, result: Path) -> None:
    """Train for 1000 epochs, with a checkpoint every 2, and write down the end."""
    model, history = run(folder, epochs=1000)
    weights = [variable.numpy() for variable in model.variables]
    np.savez(result, history.to_numpy(), history.index, *weights)


def start(folder: Path, result: Path) -> multiprocessing.Process:
    # Each life is a process of its own, forked from one that has done the imports.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tfbook.training"])
    process = context.Process(target=train_long, args=(folder, result), daemon=True)
    process.start()
    return process


def finish(process: multiprocessing.Process) -> None:
    process.join(120)
    assert process.exitcode == 0


def test_ten_kills_at_random_moments_lose_nothing(tmp_path):
    finish(start(tmp_path / "unbroken", tmp_path / "unbroken.npz"))

    folder = tmp_path / "killed"
    rng = np.random.default_rng(0)
    kills = 0
    while kills < 10:
        process = start(folder, tmp_path / "killed.npz")
        seen = set(folder.glob("epoch_*"))
        deadline = time.monotonic() + 60
        # Wait for its first own checkpoint, so that every life gets somewhere.
        while set(folder.glob("epoch_*")) <= seen and process.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))
        if not process.is_alive():
            break
        process.kill()
        process.join(10)
        kills += 1
    assert kills == 10
    finish(start(folder, tmp_path / "killed.npz"))

    unbroken = np.load(tmp_path / "unbroken.npz")
    killed = np.load(tmp_path / "killed.npz")
    assert unbroken.files == killed.files
    for name in unbroken.files:
        np.testing.assert_array_equal(unbroken[name], killed[name])


def test_a_bar_counts_the_epochs_and_shows_the_losses(capsys):
    run(None, progress=True)
    shown = capsys.readouterr().err
    assert "12/12" in shown
    assert "training_loss" in shown


def dataset(batch_size: int) -> tf.data.Dataset:
    """Batch the training rows in their own order."""
    return tf.data.Dataset.from_tensor_slices(SPLIT.train).batch(batch_size)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_dataset_of_one_batch_trains_as_its_arrays_do(jit_compile):
    arguments = {"epochs": 4, "record_every": 2, "jit_compile": jit_compile}
    one, other = (
        keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)]) for _ in range(2)
    )
    other.set_weights(one.get_weights())
    tests = tf.data.Dataset.from_tensor_slices(SPLIT.test).batch(7)
    left = training.train(one, SPLIT.train, SPLIT.test, optimizer="sgd", **arguments)
    right = training.train(other, dataset(20), tests, optimizer="sgd", **arguments)
    pd.testing.assert_frame_equal(left, right, rtol=1e-5)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_dataset_is_trained_batch_by_batch_and_weighted_by_size():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    history = training.train(model, dataset(8), optimizer="sgd", epochs=1)

    optimizer = keras.optimizers.SGD()
    losses = [
        float(training.train_step(twin, optimizer, keras.losses.mean_squared_error, *b))
        for b in dataset(8)
    ]
    expected = np.average(losses, weights=[8, 8, 4])
    np.testing.assert_allclose(history["training_loss"], [expected], rtol=1e-5)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_second_dataset_of_the_same_kind_traces_nothing():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    for _ in range(2):
        training.train(model, dataset(8), optimizer="sgd", epochs=2)
    assert len(vars(model)["_programs"]) == 1


@pytest.mark.parametrize(
    ("broken", "changes", "message"),
    [
        (lambda: dataset(4).repeat(), {}, "repeats for ever; pass steps_per_epoch"),
        (lambda: dataset(4).take(0), {}, "got an empty dataset"),
        (
            lambda: dataset(4).map(lambda x, y: x),
            {},
            r"expected a pair \(x, y\), got features alone",
        ),
        (lambda: dataset(4), {"batch_size": 4}, "expected no batch_size"),
    ],
)
def test_a_dataset_that_cannot_be_trained_on_is_refused(broken, changes, message):
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=message):
        training.train(model, broken(), optimizer="sgd", epochs=1, **changes)

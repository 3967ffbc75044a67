"""Strategies: devices and workers, two and three, end where one device does."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import data, models, training
from tfbook.training import arguments as checks
from tfbook.training import dry_run, errors, workers

SPLIT = data.linear(num_examples=20, noise=0.1)
SECONDS = 900  # in which processes have to end, on a machine that is busy
SCRIPT = Path(__file__).with_name("shared_out.py")

# Sums are added up in another order. What was measured is up to 8e-7, so a few times
# the 1.2e-7 by which neighbouring numbers near 1 are apart; a step is some thousand
# times larger.
TOLERANCE = {"rtol": 5e-6, "atol": 5e-6}

Results = dict[str, dict[str, np.ndarray]]


def train_apart(folder: Path, *commands: list[str]) -> None:
    """Run processes side by side to their end, and leave none of them running."""
    with ExitStack() as stack:
        started = []
        for i, command in enumerate(commands):
            errors = stack.enter_context((folder / f"{i}.txt").open("w"))
            process = subprocess.Popen(
                [sys.executable, *map(str, command), folder],
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)  # the launcher ends its workers
            started.append(process)
        deadline = time.monotonic() + SECONDS
        for i, process in enumerate(started):
            code = process.wait(max(0, deadline - time.monotonic()))
            assert code == 0, (folder / f"{i}.txt").read_text()[-2000:]


def results(folder: Path) -> Results:
    """Read what each process has left."""
    return {path.stem: dict(np.load(path)) for path in folder.glob("*.npz")}


def apart(left: dict, right: dict, **tolerance: float) -> dict[str, float]:
    """Name the cases that do not end equal, and say by how much."""
    assert left.keys() == right.keys()
    found: dict[str, float] = {}
    for name, one in left.items():
        case = name.partition("/")[0]
        same = one.shape == right[name].shape and np.isfinite(one).all()
        if not same or not np.allclose(one, right[name], **tolerance):
            error = np.abs(one - right[name]).max() if same else np.inf
            found[case] = max(error, found.get(case, 0))
    return found


def split(found: dict) -> tuple[dict, dict]:
    """Split cases into those with layers that normalize each share, and the others."""
    parts: tuple[dict, dict] = {}, {}
    for name, array in found.items():
        parts[not name.startswith("state")][name] = array
    return parts


def check_shared_out(folder: Path, number: int) -> None:
    """Check what so many devices and so many workers have ended with."""
    found = results(folder)
    alone, devices = found["1_devices"], found[f"{number}_devices"]
    workers = [found[f"{number}_worker_{i}"] for i in range(number)]
    for worker in workers:
        assert apart(worker, workers[0], rtol=0, atol=0) == {}
    for shared in (devices, workers[0]):
        assert apart(split(shared)[1], split(alone)[1], **TOLERANCE) == {}
    assert apart(split(workers[0])[0], split(devices)[0], **TOLERANCE) == {}
    # One device normalizes all rows together: as documented, that is something else.
    assert len(apart(split(devices)[0], split(alone)[0], **TOLERANCE)) == 2


def launch(number: int) -> list[str]:
    """Say how to start workers."""
    return ["-m", "tfbook.training.launch", "--workers", number, SCRIPT, "workers"]


def test_two_devices_and_two_workers_end_where_one_device_does(tmp_path):
    train_apart(tmp_path, [SCRIPT, 1, 2], launch(2))
    check_shared_out(tmp_path, 2)


@pytest.mark.faults  # no kills, but as long as some
def test_three_devices_and_three_workers_end_where_one_device_does(tmp_path):
    # A process can have one group of devices: TensorFlow keeps the first.
    train_apart(tmp_path, [SCRIPT, 1], [SCRIPT, 3], launch(3))
    check_shared_out(tmp_path, 3)


# In this process, which has one device


def network() -> keras.Model:
    """Make a network with state of every kind: averages, seeds, frozen weights."""
    glorot = keras.initializers.GlorotUniform(seed=1)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, activation="tanh", kernel_initializer=glorot),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.2, seed=3),
            keras.layers.Dense(1, kernel_initializer=glorot),
        ]
    )
    model.layers[0].trainable = False
    return model


@pytest.fixture(scope="module")
def strategy() -> tf.distribute.Strategy:
    """Make a strategy of one device."""
    return tf.distribute.MirroredStrategy(["CPU:0"])


def test_a_strategy_of_one_device_is_no_strategy_bit_for_bit(strategy):
    pair, histories = [network(), network()], []
    for model, chosen in zip(pair, (strategy, None), strict=True):
        histories.append(
            training.train(
                model,
                SPLIT.train,
                SPLIT.test,
                optimizer="adam",
                epochs=4,
                batch_size=8,
                record_every=2,
                strategy=chosen,
            )
        )
    np.testing.assert_array_equal(*histories)
    for one, other in zip(pair[0].variables, pair[1].variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_run_under_a_strategy_goes_on_from_its_checkpoint(strategy, tmp_path):
    settings = {"optimizer": "adam", "batch_size": 8, "strategy": strategy}
    unbroken, first, second = network(), network(), network()
    expected = training.train(unbroken, SPLIT.train, epochs=20, **settings)
    settings["checkpoint_dir"] = tmp_path
    training.train(first, SPLIT.train, epochs=10, **settings)
    found = training.train(second, SPLIT.train, epochs=20, **settings)
    np.testing.assert_array_equal(found, expected)
    for one, other in zip(unbroken.variables, second.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


class AddsToTheLoss(keras.layers.Layer):
    def call(self, x):
        self.add_loss(keras.ops.sum(x))
        return x


@pytest.mark.parametrize("adds", [False, True])
def test_a_loss_that_a_layer_adds_cannot_be_shared_out(adds):
    x = tf.ones((4, 5))
    dense = keras.layers.Dense(1, activity_regularizer="l2", kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((5,)), *[AddsToTheLoss()] * adds, dense])
    if adds:
        with pytest.raises(ValueError, match="expected no add_loss with a strategy"):
            dry_run.check_shareable(model, x)
    else:
        dry_run.check_shareable(model, x)
    assert dense.activity_regularizer is not None


def test_what_is_no_strategy_is_refused():
    for wrong in ("mirrored", tf.distribute.get_strategy()):
        with pytest.raises(TypeError, match=r"^strategy: expected a Mirror"):
            training.train(
                network(), SPLIT.train, optimizer="sgd", epochs=1, strategy=wrong
            )


def test_xla_and_a_strategy_do_not_go_together(strategy):
    with pytest.raises(ValueError, match=r"^train: expected jit_compile=False"):
        checks.check_strategy(strategy, True, None)


def test_a_step_of_ones_own_and_a_strategy_do_not_go_together(strategy):
    with pytest.raises(ValueError, match=r"^train: expected no step with a strategy"):
        training.train(
            network(),
            SPLIT.train,
            optimizer="sgd",
            epochs=1,
            strategy=strategy,
            step=training.train_step,
        )


def test_a_model_an_optimizer_or_a_call_from_a_scope_is_refused(strategy):
    arguments = {"optimizer": "sgd", "epochs": 1, "strategy": strategy}
    message = r"^train: expected variables made outside strategy\.scope\(\), got {} in"
    with strategy.scope():
        model, optimizer = network(), keras.optimizers.SGD()
        with pytest.raises(ValueError, match=message.format("a call")):
            training.train(models.MLP(4, 1), SPLIT.train, **arguments)
    with pytest.raises(ValueError, match=message.format("'kernel'")):
        training.train(model, SPLIT.train, **arguments)
    with pytest.raises(ValueError, match=message.format("'iteration'")):
        training.train(network(), SPLIT.train, **arguments | {"optimizer": optimizer})


def test_a_second_group_of_devices_is_refused_and_the_first_still_trains():
    def train(*devices: str) -> None:
        strategy = tf.distribute.MirroredStrategy(devices)
        training.train(
            network(), SPLIT.train, optimizer="sgd", epochs=1, strategy=strategy
        )

    train("CPU:0", "CPU:1")
    message = (
        "^strategy: expected CPU:0 and CPU:1, the devices that have been used together "
        "before, got CPU:1 and CPU:0; TensorFlow puts devices together once in a "
    )
    with pytest.raises(ValueError, match=message):
        train("CPU:1", "CPU:0")
    train("CPU:1")
    train("CPU:0", "CPU:1")


# What TensorFlow says if a strategy was used elsewhere, with other devices.
JOINING = """Collective ops is aborted by: Device /job:localhost/replica:0/task:0\
/device:CPU:1 is joining a group with size3, but that group has size 2 (group_key=1)
The error could be from a previous operation. Restart your program to reset."""


def test_devices_that_were_put_together_elsewhere_are_no_lost_worker(monkeypatch):
    monkeypatch.setattr(workers, "are_several", lambda strategy: True)
    message = r"^train: expected devices that no other .*, got CPU:1 in two groups;"
    with (
        pytest.raises(ValueError, match=message),
        errors.explained(0),
        workers.noticed_losses(None),
    ):
        raise tf.errors.InternalError(None, None, JOINING)

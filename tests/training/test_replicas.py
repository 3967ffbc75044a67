"""Strategies: several devices, in one process and in two, end where one device does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import data, models, training
from tfbook.training import arguments as checks
from tfbook.training import dry_run

SPLIT = data.linear(num_examples=20, noise=0.1)
SECONDS = 240  # in which a process has to end, on a machine that is busy

# What the processes run. Each case is a dictionary of arguments to `case`.
PROGRAM = """
import json, sys
import keras, numpy as np, tensorflow as tf
from tfbook import optimizers, training

class Halving:
    # An optimizer of one's own: every step is half as long as the one before.
    def build(self, variables):
        self.rate = tf.Variable(0.2)
        self.variables = [self.rate]
    def apply(self, gradients, variables):
        for gradient, variable in zip(gradients, variables, strict=True):
            variable.assign_sub(self.rate * gradient)
        self.rate.assign(0.5 * self.rate)
    def get_config(self):
        return {{}}

OPTIMIZERS = {{
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "adam": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.9),
        global_clipnorm=0.3, weight_decay=0.01, use_ema=True,
    ),
    "accumulating": lambda: keras.optimizers.SGD(
        0.1, clipvalue=0.2, gradient_accumulation_steps=2
    ),
    "slow": lambda: keras.optimizers.SGD(0.01),
    "keras adam": lambda: keras.optimizers.Adam(0.1),
    "own": Halving,
    "ours": lambda: optimizers.Adam(0.1),
}}

def ratio(y_true, y_pred):
    return tf.reduce_sum((y_true - y_pred) ** 2) / tf.reduce_sum(tf.abs(y_true))

def neighbours(y_true, y_pred):
    # What a row costs depends on the row beside it.
    return tf.reduce_mean((y_pred - tf.roll(y_pred, 1, 0) - y_true) ** 2)

LOSSES = {{
    "name": lambda: "mse",
    "class name": lambda: "MeanSquaredError",
    "function": lambda: keras.losses.mean_squared_error,
    "object": keras.losses.MeanSquaredError,
    "sum": lambda: keras.losses.MeanSquaredError(reduction="sum"),
    "own sum": lambda: lambda y, p: tf.reduce_sum((y - p) ** 2),
    "own mean": lambda: lambda y, p: tf.reduce_mean((y - p) ** 2),
    "ratio": lambda: ratio,
    "neighbours": lambda: neighbours,
    "sparse": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
}}

def tokens(strategy, rows, optimizer, weights):
    # Padded sequences: repeated ids, a mask, weights, and a mean over what is left.
    rng = np.random.default_rng(rows)
    x = rng.integers(1, 5, (rows, 4))
    x[rng.random(x.shape) < 0.3] = 0
    seed = keras.initializers.GlorotUniform(seed=1)
    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Embedding(5, 3, mask_zero=True, embeddings_initializer=seed),
        keras.layers.Dense(3, kernel_initializer=seed),
    ])
    w = (rng.random(x.shape).astype("float32"),) if weights else ()
    history = training.train(
        model, (x, x % 3, *w), (x, x % 3), optimizer=OPTIMIZERS[optimizer](),
        loss=LOSSES["sparse"](), metrics=["accuracy"], epochs=3, batch_size=3,
        record_every=2, strategy=strategy,
    )
    return [history.to_numpy(), *[variable.numpy() for variable in model.variables]]

def network(kind, start):
    glorot = lambda seed: keras.initializers.GlorotUniform(seed=seed + 10 * start)
    layers = {{
        "plain": [],
        "state": [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5, seed=1)],
    }}
    model = keras.Sequential([
        keras.Input((3,)),
        keras.layers.Dense(
            4, "tanh", kernel_initializer=glorot(0), activity_regularizer="l2"
        ),
        *layers[kind],
        keras.layers.Dense(1, kernel_initializer=glorot(1), kernel_regularizer="l2"),
    ])
    if kind == "plain":
        model.layers[0].bias.trainable = False
    return model

def case(
    strategy, rows, optimizer, batch_size=None, kind="plain", start=0, dataset=False,
    loss="name", weights=None,
):
    if kind == "tokens":
        return tokens(strategy, rows, optimizer, weights)
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 3)).astype("float32")
    y, test = x[:, :1] ** 2, (x[:5] + 1, x[:5, 1:2])
    model = network(kind, start)
    train_data = (x, y)
    if dataset:
        train_data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
        batch_size = None
    history = training.train(
        model, train_data, test, optimizer=OPTIMIZERS[optimizer](), epochs=5,
        loss=LOSSES[loss](), metrics=["mae"], batch_size=batch_size, record_every=2,
        strategy=strategy,
    )
    return [history.to_numpy(), *[variable.numpy() for variable in model.variables]]

def write(path, results):
    np.savez(path, **{{
        f"{{i}}_{{j}}": array for i, arrays in enumerate(results)
        for j, array in enumerate(arrays)
    }})
"""

MIRRORED = """
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
for name, chosen in (("shared", strategy), ("alone", None)):
    results = [case(chosen, **arguments) for arguments in json.loads(sys.argv[1])]
    write(f"{{sys.argv[2]}}/{{name}}.npz", results)
"""

WORKER = """
strategy = tf.distribute.MultiWorkerMirroredStrategy()
assert strategy.num_replicas_in_sync == 2
task = strategy.cluster_resolver.task_id
results = [
    # Each worker makes other weights: those of the first are the ones that count.
    case(strategy, **arguments, start=task) for arguments in json.loads(sys.argv[1])
]
write(f"{{sys.argv[2]}}/worker_{{task}}.npz", results)

# Last: calls that differ from worker to worker.
told = []
for rows, optimizer, loss in (
    (7 + task, "sgd", "name"), (7, ["sgd", "slow"][task], ["name", "sum"][task])
):
    try:
        case(strategy, rows, optimizer, loss=loss)
    except ValueError as error:
        told.append(str(error))
with open(f"{{sys.argv[2]}}/worker_{{task}}.json", "w") as file:
    json.dump(told, file)
"""

CASES = [
    # Rows and rows a step: odd and even, with an uneven rest, and with fewer rows than
    # there are devices.
    *(
        {"rows": rows, "batch_size": batch_size, "optimizer": "sgd"}
        for rows, batch_size in ((8, None), (7, None), (7, 3), (10, 4), (5, 2), (3, 1))
    ),
    {"rows": 7, "batch_size": 3, "optimizer": "adam"},
    {"rows": 7, "batch_size": 4, "optimizer": "accumulating"},
    {"rows": 7, "batch_size": None, "optimizer": "own"},
    {"rows": 7, "batch_size": 3, "optimizer": "ours"},
    {"rows": 7, "batch_size": 3, "optimizer": "sgd", "dataset": True},
    {"rows": 6, "optimizer": "keras adam", "kind": "tokens", "weights": True},
    {"rows": 7, "optimizer": "ours", "kind": "tokens", "weights": False},
    *(
        {"rows": 7, "batch_size": 4, "optimizer": "slow", "loss": loss}
        for loss in (
            "class name",
            "function",
            "object",
            "sum",
            "own sum",
            "own mean",
            "ratio",
            "neighbours",
        )
    ),
]


def load(path: Path) -> list[list[np.ndarray]]:
    """Read what a process wrote: a list of arrays a case."""
    results: dict[int, list[np.ndarray]] = {}
    archive = np.load(path)
    for name in archive.files:
        results.setdefault(int(name.split("_")[0]), []).append(archive[name])
    return list(results.values())


def start(program: str, cases: list[dict], folder: Path, **environment: str):
    """Start a process that runs cases."""
    source = (PROGRAM + program).format()
    return subprocess.Popen(
        [sys.executable, "-c", source, json.dumps(cases), str(folder)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def finish(*processes: subprocess.Popen) -> None:
    """Wait for processes to end well."""
    try:
        errors = [process.communicate(timeout=SECONDS)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, error in zip(processes, errors, strict=True):
        assert process.returncode == 0, error[-2000:]


def assert_close(left: list[np.ndarray], right: list[np.ndarray]) -> None:
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6)


# Two devices in one process


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Run all cases on two devices, and on one."""
    folder = tmp_path_factory.mktemp("mirrored")
    finish(start(MIRRORED, CASES, folder))
    return {name: load(folder / f"{name}.npz") for name in ("shared", "alone")}


@pytest.mark.parametrize("number", range(len(CASES)), ids=map(str, CASES))
def test_two_devices_end_with_the_weights_and_history_of_one(mirrored, number):
    assert_close(mirrored["shared"][number], mirrored["alone"][number])


# Two workers


def free_ports() -> list[int]:
    """Find two ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def cluster_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run cases on two workers, each a process of its own, which write a folder."""
    folder = tmp_path_factory.mktemp("workers")
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports()]}
    finish(
        *(
            start(
                WORKER,
                WORKERS_CASES,
                folder,
                TF_CONFIG=json.dumps(
                    {"cluster": cluster, "task": {"type": "worker", "index": index}}
                ),
            )
            for index in range(2)
        )
    )
    return folder


@pytest.fixture(scope="module")
def workers(cluster_folder: Path) -> list:
    return [load(cluster_folder / f"worker_{index}.npz") for index in range(2)]


# The first ones are also run by one process, which the workers are held against.
SHARED = [2, 6, 8, 9, 11, 16]
WORKERS_CASES = [
    *(CASES[number] for number in SHARED),
    {"rows": 7, "batch_size": 3, "optimizer": "adam", "kind": "state"},
]


@pytest.mark.parametrize("number", range(len(WORKERS_CASES)))
def test_two_workers_agree_in_every_bit_of_weights_and_history(workers, number):
    left, right = (worker[number] for worker in workers)
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()


@pytest.mark.parametrize("place", range(len(SHARED)))
def test_two_workers_end_where_one_device_does(workers, mirrored, place):
    assert_close(workers[0][place], mirrored["alone"][SHARED[place]])


@pytest.mark.parametrize("index", range(2))
def test_workers_that_were_called_differently_are_told_in_what(cluster_folder, index):
    data, settings = json.loads((cluster_folder / f"worker_{index}.json").read_text())
    assert "expected the same call on each of 2 workers, got data 0 '(7, 3) " in data
    assert "got optimizer config learning_rate 0.1" in settings
    assert "loss 'mse' on worker 0 and nothing on worker 1" in settings


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

"""Workers, each a process of its own: killed, interrupted, unlike, missing."""

import json
import multiprocessing
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context as tf_context

from tfbook import training
from tfbook.training import meeting, workers

HEARTBEAT = 5.0  # seconds without a sign of life
NOTICED = 30  # seconds in which survivors have to end, on a machine that is busy
SECONDS = 600  # in which processes have to end that are let alone

RNG = np.random.default_rng(0)
X = RNG.normal(size=(21, 3)).astype("float32")
Y = X[:, :1] ** 2 + X[:, 1:2]


def network(start: int = 0, kind: str = "plain") -> keras.Model:
    """Make a network, with state that moves in every step or without."""
    state = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.2, seed=1)]
    glorot = keras.initializers.GlorotUniform
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "tanh", kernel_initializer=glorot(start)),
            *(state if kind == "state" else []),
            keras.layers.Dense(1, kernel_initializer=glorot(start + 1)),
        ]
    )


def in_turn(worker: int, count: int) -> tf.data.Dataset:
    """Give each worker every so many-th row."""
    rows = tf.data.Dataset.from_tensor_slices((X, Y))
    return rows.shard(count, worker).batch(12 // count)


def train(strategy: object, folder: Path, epochs: int, kind: str) -> list[np.ndarray]:
    """Train, and return the history and all that has moved."""
    # Each worker makes other weights: those of the first are the ones that count.
    model = network(10 * workers.number(strategy), kind)
    optimizer = keras.optimizers.Adam(0.01)
    history = training.train(
        model,
        in_turn if kind == "shares" else (X, Y),
        (X[:5], Y[:5]),
        optimizer=optimizer,
        epochs=epochs,
        batch_size=None if kind == "shares" else 8,
        record_every=2,
        strategy=strategy,
        checkpoint_dir=folder / "checkpoints",
    )
    moved = [*model.variables, *optimizer.variables]
    return [history.index, history, *(variable.numpy() for variable in moved)]


def work(index: int, addresses: list[str], folder: Path, task: object) -> None:
    """Be a worker; what the task returns, or raises, is left in the folder."""
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker"}}
    config["task"]["index"] = index
    os.environ["TF_CONFIG"] = json.dumps(config)
    try:
        # A process that was started in the background ignores Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        strategy = training.connect_workers(SECONDS, HEARTBEAT)
        np.savez(folder / f"{index}.npz", *task(strategy, folder))
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
        (folder / f"{index}.txt").write_text(said)
        raise SystemExit(3) from None


@contextmanager
def started(folder: Path, number: int, task: object) -> Iterator[list]:
    """Start workers, and leave none of them running."""
    folder.mkdir(exist_ok=True)
    for old in [*folder.glob("*.npz"), *folder.glob("*.txt")]:
        old.unlink()
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    # Forked from a process that has done the imports, and nothing else.
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["tfbook.training"])
    processes = [
        forks.Process(target=work, args=(i, addresses, folder, task), daemon=True)
        for i in range(number)
    ]
    try:
        for process in processes:
            process.start()
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def wait(processes: list, seconds: float) -> list[int]:
    """Wait until processes have ended, and return with what."""
    deadline = time.monotonic() + seconds
    for process in processes:
        process.join(max(0, deadline - time.monotonic()))
    return [process.exitcode for process in processes]


def results(folder: Path, number: int) -> list[list[np.ndarray]]:
    """Read what workers have returned."""
    return [[*np.load(folder / f"{i}.npz").values()] for i in range(number)]


def run(folder: Path, number: int, task: object) -> list[list[np.ndarray]]:
    """Run workers to their end."""
    with started(folder, number, task) as processes:
        codes = wait(processes, SECONDS)
    said = [path.read_text() for path in folder.glob("*.txt")]
    assert codes == [0] * number, said
    return results(folder, number)


def assert_equal(left: list[np.ndarray], right: list[np.ndarray]) -> None:
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)


# Killed, and started again


class Training:
    """A task for workers: to train so many epochs."""

    def __init__(self, epochs: int, kind: str = "state") -> None:
        self.epochs, self.kind = epochs, kind

    def __call__(self, strategy: object, folder: Path) -> list[np.ndarray]:
        return train(strategy, folder, self.epochs, self.kind)


def strike(
    folder: Path, task: object, victim: int, number: int, delay: float, size: int = 2
) -> list[str]:
    """Start workers, send a signal to one when a checkpoint is new; what is said."""
    with started(folder, size, task) as processes:
        seen = {*folder.glob("checkpoints/epoch_*")}
        deadline = time.monotonic() + SECONDS
        while {*folder.glob("checkpoints/epoch_*")} <= seen:
            assert time.monotonic() < deadline
            assert all(process.is_alive() for process in processes)
            time.sleep(0.005)
        time.sleep(delay)
        os.kill(processes[victim].pid, number)
        others = [each for i, each in enumerate(processes) if i != victim]
        begun = time.monotonic()
        assert wait(others, NOTICED) == [3] * len(others)
        print(f"noticed after {time.monotonic() - begun:.1f} seconds")
        if number == signal.SIGINT:
            wait(processes, NOTICED)
    return [path.read_text() for path in sorted(folder.glob("*.txt"))]


def assert_lost(said: list[str], name: str) -> None:
    assert any(f"got no answer from {name}, which has ended" in line for line in said)
    for line in said:
        # A survivor may be told last, when another one has left already, and name that.
        assert re.match(
            "WorkerLost: train: expected all workers to go on, got no answer from "
            r"(worker \d|another worker), which has ended, .* start all again with the "
            "same checkpoint_dir to go on from the last checkpoint$",
            line,
        )


@pytest.mark.faults  # a signal that comes after the last epoch finds nobody
def test_killed_or_interrupted_workers_end_as_if_nothing_had_been(tmp_path):
    task = Training(240)
    expected = run(tmp_path / "unbroken", 2, task)
    folder = tmp_path / "broken"
    for victim in (0, 1):
        assert_lost(
            strike(folder, task, victim, signal.SIGKILL, 0.1), f"worker {victim}"
        )
    said = strike(folder, task, 1, signal.SIGINT, 0)
    assert len({*said}) == 1  # both ended, and after the same epoch
    assert said[0].startswith("TrainingInterrupted: train: interrupted after epoch ")
    found = run(folder, 2, task)
    for left, right in zip(found, expected, strict=True):
        assert_equal(left, right)
    assert_equal(found[0], found[1])


@pytest.mark.faults
def test_ten_kills_of_random_workers_lose_nothing(tmp_path):
    # Others each time; SEED=... repeats those that a failed test has printed.
    seed = int(os.environ.get("SEED", secrets.randbits(32)))
    print(f"SEED={seed}")
    task, rng = Training(200), np.random.default_rng(seed)
    expected = run(tmp_path / "unbroken", 3, task)
    folder = tmp_path / "killed"
    # The first, the middle and the last one, each three times or more.
    for victim in rng.permutation([*3 * [0, 1, 2], rng.integers(3)]):
        delay = rng.uniform(0, 0.2)
        print(f"worker {victim}, {delay:.3f} seconds after a checkpoint")
        said = strike(folder, task, victim, signal.SIGKILL, delay, size=3)
        assert_lost(said, f"worker {victim}")
    found = run(folder, 3, task)
    for left, right in zip(found, expected, strict=True):
        assert_equal(left, right)
    for each in found[1:]:
        assert_equal(each, found[0])


@pytest.mark.faults
@pytest.mark.parametrize("victim", [0, 1])
def test_a_worker_that_hangs_is_noticed(tmp_path, victim):
    said = strike(tmp_path, Training(100), victim, signal.SIGSTOP, 0)
    # It is the first worker that could say which one no longer gives a sign of life.
    assert_lost(said, f"worker {victim}" if victim else "another worker")


@pytest.mark.faults
@pytest.mark.parametrize("victim", [0, 1, 2])
def test_both_others_notice_when_one_of_three_is_killed(tmp_path, victim):
    said = strike(tmp_path, Training(100), victim, signal.SIGKILL, 0.1, size=3)
    assert len(said) == 2
    assert_lost(said, f"worker {victim}")


# How many steps the layer below holds in this process: no argument of it, since workers
# with different arguments would be refused.
LIMIT = {"steps": 1e9}


class Limited(keras.layers.Layer):
    """A layer that holds for so many steps, and then fails as it is told."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.count.assign_add(1.0)
        limit = LIMIT["steps"]
        if self.kind == "memory":
            size = tf.where(self.count < limit, 1, 2**20)
            return x + tf.reduce_sum(tf.zeros(tf.stack([size, size, 64])))
        if self.kind == "assert":
            holds = tf.debugging.assert_less(self.count, limit, "too many steps")
            with tf.control_dependencies([holds]):
                return tf.identity(x)
        return x


class Fails(keras.callbacks.Callback):
    """A callback that fails before an epoch."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if epoch == 6:
            raise FileNotFoundError("no log")


class Failing:
    """A task in which one worker fails, and stays."""

    def __init__(self, kind: str, victim: int) -> None:
        self.kind, self.victim = kind, victim

    def __call__(self, strategy: object, folder: Path) -> list[np.ndarray]:
        fails = workers.number(strategy) == self.victim
        if fails:
            LIMIT["steps"] = 20.0
        layers = Limited(self.kind), keras.layers.Dense(1)
        model = keras.Sequential([keras.Input((3,)), *layers])
        try:
            training.train(
                *(model, (X, Y)),
                optimizer="sgd",
                epochs=1000,
                batch_size=8,
                record_every=2,
                strategy=strategy,
                callbacks=[Fails()] if fails and self.kind == "callback" else [],
            )
        except (FileNotFoundError, MemoryError, ValueError) as error:
            said = f"{type(error).__name__}: {error}"
            (folder / f"{self.victim}.txt").write_text(said)
            time.sleep(SECONDS)  # nobody is to wait for its end
        return []


FAILURES = {
    "assert": (1, 2, "ValueError: train: expected data and model to run through, got "),
    "memory": (0, 2, "MemoryError: train: expected room for a step, got OOM when "),
    "callback": (1, 2, "FileNotFoundError: no log"),
    "last of three": (
        2,
        3,
        "ValueError: train: expected data and model to run through, got ",
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[] if n == "assert" else pytest.mark.faults)
        for n in FAILURES
    ],
)
def test_the_others_end_at_once_when_one_fails_in_a_step(tmp_path, name):
    victim, number, message = FAILURES[name]
    task = Failing(name.replace("last of three", "assert"), victim)
    with started(tmp_path, number, task) as processes:
        path = tmp_path / f"{victim}.txt"
        while not (path.exists() and path.read_text()):
            assert all(process.is_alive() for process in processes)
            time.sleep(0.005)
        begun = time.monotonic()
        others = [each for i, each in enumerate(processes) if i != victim]
        assert wait(others, NOTICED) == [3] * len(others)
        print(f"ended after {time.monotonic() - begun:.1f} seconds")
        assert processes[victim].is_alive()
    assert path.read_text().startswith(message)
    for other in {*range(number)} - {victim}:
        said = (tmp_path / f"{other}.txt").read_text()
        assert said.startswith(
            "WorkerLost: train: expected all workers to go on, got on worker "
            f"{victim} {message}"
        )
        assert "\n" not in said


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("plain", 2, [1, 3]),
        ("shares", 2, [1]),
        pytest.param("plain", 1, [2], marks=pytest.mark.faults),
        pytest.param("plain", 3, [1, 2], marks=pytest.mark.faults),
    ],
)
def test_a_run_goes_on_with_another_number_of_workers(tmp_path, kind, before, after):
    expected = train(None, tmp_path / "whole", 20, kind)

    def train_on(folder: Path, number: int, epochs: int) -> list[list[np.ndarray]]:
        if number == 1:
            return [train(None, folder, epochs, kind)]
        return run(folder, number, Training(epochs, kind))

    train_on(tmp_path / "half", before, 10)
    for number in after:
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "half", folder)
        found = train_on(folder, number, 20)
        for each in found:
            assert_equal(each, found[0])
            for one, other in zip(each, expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


# Unlike each other


class Stops:
    """A callback that ends the run in an epoch."""

    def __call__(self, record: training.Record) -> bool:
        return record.epoch == 4


def halved(epoch: int, rate: float) -> float:
    return rate / 2


def fails_on_second(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Compute a loss on the first worker alone."""
    if json.loads(os.environ["TF_CONFIG"])["task"]["index"] == 1:
        raise ValueError("no file of weights")
    return tf.reduce_mean((y_true - y_pred) ** 2)


def batched(rows: int) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X[:rows], Y[:rows])).batch(8)


# What the second worker does differently, and what the workers are told.
DIFFERENCES = {
    "batch_size": (lambda folder: {"batch_size": 4}, "batch_size 8 on worker 0 and 4"),
    "record_every": (lambda folder: {"record_every": 1}, "record_every 2 on worker 0"),
    "epochs": (lambda folder: {"epochs": 7}, "epochs 6 on worker 0 and 7 on worker 1"),
    "seed": (lambda folder: {"seed": 1}, "seed 0 on worker 0 and 1 on worker 1"),
    "loss": (lambda folder: {"loss": "mae"}, "loss 'mse' on worker 0 and 'mae'"),
    "metrics": (lambda folder: {"metrics": ["mae"]}, "metrics 0 nothing on worker 0"),
    "rate": (
        lambda folder: {"optimizer": keras.optimizers.SGD(0.2)},
        "optimizer config learning_rate 0.1",
    ),
    "values": (lambda folder: {"train_data": (X + 1, Y)}, "data 0 '(21, 3) float32 "),
    "rows": (lambda folder: {"train_data": (X[:9], Y[:9])}, "and '(9, 3) float32 "),
    "test data": (lambda folder: {"test_data": (X, Y)}, "data 0 nothing on worker 0"),
    "model": (lambda folder: {"model": network(0, "state")}, "model config layers "),
    "refused": (
        lambda folder: {"epochs": 0},
        "expected epochs to be a positive integer, got 0",
    ),
    "batches": (
        lambda folder: {"train_data": batched(16), "batch_size": None},
        "expected the same batch number 3 on each of 2 workers, got (5, 3) (5, 1) ",
    ),
    "callback": (
        lambda folder: {"callbacks": [keras.callbacks.LearningRateScheduler(halved)]},
        "train: expected the same optimizer on each of 2 workers, got learning_rate "
        "0.1 on worker 0 and learning_rate 0.05 on worker 1; pass callbacks that ",
    ),
    # The first one has compiled by then.
    "compiled": (lambda folder: {}, "got ValueError (no file of weights)"),
    "folder": (
        lambda folder: {"checkpoint_dir": folder / "other"},
        "checkpoint_dir: expected one folder that all workers share",
    ),
}


# Shares that do not fit together, or of which one is wrong, and what workers are told.


def longer(worker: int, count: int) -> tf.data.Dataset:
    return batched(8 + 12 * worker).skip(worker)


def unknown(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Hide how many batches there are, as files and generators do."""
    return dataset.filter(lambda *parts: True)


def generated(make: object, width: int | None) -> object:
    """Make a function that gives each worker what a generator makes."""
    spec = tf.TensorSpec((None, width)), tf.TensorSpec((None, 1))

    def share(worker: int, count: int) -> tf.data.Dataset:
        return tf.data.Dataset.from_generator(
            lambda: iter([make(worker)]), output_signature=spec
        )

    return share


def labelled(worker: int, count: int) -> tf.data.Dataset:
    labels = np.full(4, 3 * worker)  # the second one's are out of range
    return tf.data.Dataset.from_tensors((X[4 * worker :][:4], labels))


def broken(worker: int, count: int) -> tf.data.Dataset:
    rows = np.where(worker, np.nan, X[4 * worker :][:4])
    return tf.data.Dataset.from_tensors((rows, Y[:4]))


def missing(worker: int, count: int) -> tf.data.Dataset:
    if worker:
        raise FileNotFoundError("no file of that name")
    return batched(8)


def classifier() -> keras.Model:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "softmax")])


SHARES = {
    "number": (
        {"train_data": longer},
        "train_data 1 'batches: 1' on worker 0 and 'batches: 2' on worker 1; pass the",
    ),
    "end": (
        {"train_data": lambda worker, count: unknown(longer(worker, count))},
        "train_data: expected as many batches on each of 2 workers, got no more on "
        "worker 0 and a batch on worker 1 at batch number 2; give each worker as many",
    ),
    "same": (
        {"train_data": lambda worker, count: batched(8)},
        "train_data: expected other rows on each of 2 workers, got the same first "
        "batch on workers 0 and 1; let the function return the rows of worker",
    ),
    "shape": (
        {
            "model": network,
            "train_data": generated(lambda i: (X[i:4, : 3 - i], Y[i:4]), None),
        },
        "expected batches that differ in the number of rows alone, got float32 (None, "
        "3) float32 (None, 1) on worker 0 and float32 (None, 2) float32 (None, 1) on",
    ),
    "rows": (
        {"train_data": generated(lambda i: (X[:4], Y[: 4 - i]), 3)},
        "train_data: expected one row or more, and as many in each part of a batch, "
        "got 3 and 4; pass features and targets of the same examples",
    ),
    "label": (
        {
            "model": classifier,
            "train_data": labelled,
            "loss": "sparse_categorical_crossentropy",
        },
        "train: expected labels from 0 to 2, one for each of 3 outputs, got 3; count",
    ),
    "NaN": (
        {"train_data": broken},
        "ValueError: train_data: expected finite numbers, got NaN or infinity in 12 ",
    ),
    "missing": ({"train_data": missing}, "FileNotFoundError: no file of that name"),
}


def told_of(strategy: object, name: str) -> str | None:
    """Train on shares that do not fit, and return what is told."""
    call = {"model": network, "epochs": 1, "strategy": strategy} | SHARES[name][0]
    call["model"] = call["model"]()
    try:
        training.train(optimizer="sgd", **call)
    except (FileNotFoundError, ValueError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"


def read_shares(strategy: object) -> tuple[dict, list[int]]:
    """Train on shares that do not fit; what is told, and which rows others read."""
    told = {name: told_of(strategy, name) for name in SHARES if name != "label"}
    read = []

    def note(worker: int) -> tuple:
        read.extend(range(10 * worker, 10 * worker + 10))
        return X[read[-10:]], Y[read[-10:]]

    training.train(
        *(network(), generated(note, 3)), optimizer="sgd", epochs=1, strategy=strategy
    )
    return told, read


def differ(strategy: object, folder: Path) -> list[np.ndarray]:
    """Call train differently on the second worker; then alike, and stop it there."""
    told = {}
    is_second = workers.number(strategy) == 1
    for name, (change, _) in DIFFERENCES.items():
        call = {
            "model": network(),
            "train_data": (X, Y),
            "optimizer": keras.optimizers.SGD(0.1),
            "batch_size": 8,
            "epochs": 6,
            "record_every": 2,
            "strategy": strategy,
        }
        if name == "batches":
            # A cardinality that is not known, as that of files and generators.
            call |= {"train_data": batched(21), "batch_size": None}
        if name == "compiled":
            call["loss"] = fails_on_second
        if name == "folder":
            call["checkpoint_dir"] = folder / "checkpoints"
        changes = change(folder) if is_second else {}
        for each in (call, changes):
            if name == "batches" and "train_data" in each:
                each["train_data"] = each["train_data"].filter(lambda x, y: True)
        try:
            training.train(**call | changes)
        except (ValueError, RuntimeError) as error:
            told[name] = f"{type(error).__name__}: {error}"
    found = told, *read_shares(strategy)

    model = network()
    history = training.train(
        model,
        batched(21),
        optimizer="adam",
        epochs=6,
        record_every=2,
        strategy=strategy,
        callbacks=[Stops()] if is_second else [],
    )
    # The last one, as it fails in a step: after that nobody trains with anybody.
    found[1]["label"] = told_of(strategy, "label")
    (folder / f"told_{workers.number(strategy)}.json").write_text(json.dumps(found))
    config = tf_context.context().coordination_service
    return [
        history.index,
        history,
        *model.get_weights(),
        config.heartbeat_timeout_in_ms,
    ]


@pytest.fixture(scope="module")
def unlike(tmp_path_factory: pytest.TempPathFactory) -> tuple[list, list]:
    """Run workers that differ; what they were told, and what they ended with."""
    folder = tmp_path_factory.mktemp("unlike")
    ended = run(folder, 2, differ)
    told = [json.loads((folder / f"told_{i}.json").read_text()) for i in range(2)]
    return told, ended


@pytest.mark.parametrize("name", DIFFERENCES)
def test_workers_that_differ_are_all_told_in_what(unlike, name):
    for worker, (told, *_) in enumerate(unlike[0]):
        assert DIFFERENCES[name][1] in told[name], worker
        assert "\n" not in told[name]


def test_the_others_are_told_which_worker_has_refused(unlike):
    (first, *_), (second, *_) = unlike[0]
    assert first["refused"].startswith(
        "RuntimeError: train: expected all 2 workers to get on, got on worker 1 "
        "ValueError: train: expected epochs to be a positive integer, got 0;"
    )
    assert second["refused"].startswith("ValueError: train: expected epochs to be a")


@pytest.mark.parametrize("name", SHARES)
def test_all_workers_are_told_why_shares_do_not_fit(unlike, name):
    for _, told, _ in unlike[0]:
        assert SHARES[name][1] in told[name]
        assert "\n" not in told[name]


def test_a_worker_with_a_function_reads_its_own_rows_alone(unlike):
    assert [read for *_, read in unlike[0]] == [[*range(10)], [*range(10, 20)]]


def test_workers_that_were_refused_train_when_they_agree_and_stop_together(unlike):
    left, right = unlike[1]
    assert_equal(left, right)
    np.testing.assert_array_equal(left[0], [2, 4])


def test_tensorflow_takes_the_time_after_which_a_worker_is_lost(unlike):
    # The setting is private: a version of TensorFlow without it would go unnoticed.
    assert unlike[1][0][-1] == 1000 * HEARTBEAT


# Missing


def config(*addresses: object, index: object = 0) -> str:
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": [*addresses]}, "task": task})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected a cluster and a task, got '{'; set it as in"),
        ("{}", "expected a cluster and a task"),
        (config("a:1").replace("worker", "ps"), "expected lists of addresses of a 'wo"),
        (config("localhost"), "expected addresses of the form host:port, got 'localh"),
        (config("a:x"), "expected addresses of the form host:port, got 'a:x'"),
        (config("a:1", "a:1"), "expected another address for each worker"),
        (config("a:1", "b:1", index=2), "expected a task that is in the cluster, got"),
        (config("a:1", "b:1", index=0.9), "expected a cluster and a task"),
        (config("a:1", "b:1", index=True), "expected a cluster and a task"),
        (config(1, "b:1"), "expected addresses of the form host:port, got 1; set"),
        (config(), "expected a task that is in the cluster, got"),
        (config("a:1", "b:1").replace("worker", "chief"), "expected one 'chief' or no"),
        ("[]", "expected a cluster and a task, got"),
        ("[" * 100_000, "expected a cluster and a task, got"),
        (config("A:1", "a:1"), "expected another address for each worker"),
        (config("a:65536"), "expected addresses of the form host:port, got 'a:65536'"),
        (config("a:" + "9" * 5000), "expected addresses of the form host:port, got 'a"),
        (config(" a:1"), "expected addresses of the form host:port, got ' a:1'"),
        (config("http://a:1"), "expected addresses of the form host:port, got 'http:"),
        (config("[::1]:1"), r"expected addresses of the form host:port, got '\[::1\]"),
        (config("a:1").replace('"worker", "i', '["worker"], "i'), "expected a task th"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(monkeypatch, text, message):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=rf"^TF_CONFIG: {message}"):
        training.connect_workers()


def test_it_comes_before_all_else(tmp_path):
    with socket.create_server(("", 0)) as free:
        own = f"127.0.0.1:{free.getsockname()[1]}"
    source = (
        "import tensorflow as tf\nfrom tfbook import training\n"
        "tf.zeros(1)\ntraining.connect_workers()"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        env=os.environ | {"TF_CONFIG": config(own)},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.stderr.splitlines()[-1].startswith(
        "RuntimeError: connect_workers: expected to come before all else of TensorFlow"
    )


# What TensorFlow says on a worker that has heard of worker 1 from worker 2.
RELAYED = """Collective ops is aborted by: Collective ops is aborted by: recvmsg
Additional GRPC error information from remote target /job:worker/replica:0/task:1
The error could be from a previous operation. Restart your program to reset.
Additional GRPC error information from remote target /job:worker/replica:0/task:2"""


def test_who_has_passed_a_loss_on_is_not_the_one_who_is_lost(monkeypatch):
    error = tf.errors.UnavailableError(None, None, RELAYED)
    with pytest.raises(tf.errors.UnavailableError), workers.noticed_losses(None):
        raise error  # there is nobody to lose
    passed_on = []
    monkeypatch.setattr(workers, "are_several", lambda strategy: True)
    monkeypatch.setattr(workers, "end_collectives", passed_on.append)
    with (
        pytest.raises(training.WorkerLost, match="no answer from worker 1, which"),
        workers.noticed_losses(None),
    ):
        raise error
    (says,) = passed_on
    assert says.startswith("no answer from worker 1, which")


def test_a_port_that_is_taken_is_named(monkeypatch):
    with socket.create_server(("", 0)) as taken:
        own = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("TF_CONFIG", config(own, "127.0.0.1:1"))
        with pytest.raises(OSError, match=f"expected a free port for .*, got {own},"):
            training.connect_workers()


def test_a_worker_that_never_comes_is_named_in_time(monkeypatch):
    with socket.create_server(("", 0)) as free, socket.create_server(("", 0)) as other:
        own, stranger = (f"127.0.0.1:{each.getsockname()[1]}" for each in (free, other))
        free.close()
        # Somebody listens at the second address, who is no worker of this cluster.
        monkeypatch.setenv("TF_CONFIG", config(own, stranger, "127.0.0.1:1"))
        begun = time.monotonic()
        message = (
            rf"3 workers within 0\.5 .* no answer from 127\.0\.0\.1:1, {stranger};"
        )
        with pytest.raises(TimeoutError, match=message):
            training.connect_workers(timeout=0.5)
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize("also", [[], ["127.0.0.1:1"]])
def test_workers_of_another_cluster_are_not_taken_for_ours(also):
    with socket.create_server(("", 0)) as one, socket.create_server(("", 0)) as two:
        pair = [f"127.0.0.1:{each.getsockname()[1]}" for each in (one, two)]
    with (
        meeting.Meeting(pair[0], pair) as here,
        meeting.Meeting(pair[1], pair + also) as there,
    ):
        threading.Thread(target=here.serve_forever, daemon=True).start()
        try:
            assert there.is_at(pair[0]) == (not also)
        finally:
            here.shutdown()


def test_workers_meet_in_whatever_order_they_come():
    with socket.create_server(("", 0)) as one, socket.create_server(("", 0)) as two:
        pair = [f"127.0.0.1:{each.getsockname()[1]}" for each in (one, two)]
    late = multiprocessing.get_context("forkserver").Process(
        target=meeting.meet, args=(pair[1], pair, 60.0), daemon=True
    )
    late.start()
    meeting.meet(pair[0], pair, 60.0)
    late.join(60)
    assert late.exitcode == 0

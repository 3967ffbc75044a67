"""What `test_replicas.py` runs in processes of its own: every case, shared out.

`python shared_out.py 1 3 FOLDER` trains all cases on one device and on three of a
`MirroredStrategy`; with `workers` in place of numbers, as one of the workers that
`TF_CONFIG` names. The weights and the history of each case, and the state
of the optimizer, go into a file in the folder.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook import optimizers, training


class Halving:
    """An optimizer of one's own: every step is half as long as the one before."""

    def build(self, variables: list) -> None:
        self.rate = tf.Variable(0.2)
        self.variables = [self.rate]

    def apply(self, gradients: list, variables: list) -> None:
        for gradient, variable in zip(gradients, variables, strict=True):
            variable.assign_sub(self.rate * gradient)
        self.rate.assign(0.5 * self.rate)

    def get_config(self) -> dict:
        return {}


def ratio(y_true, y_pred):
    return tf.reduce_sum((y_true - y_pred) ** 2) / tf.reduce_sum(tf.abs(y_true))


def neighbours(y_true, y_pred):
    # What a row costs depends on the row beside it.
    return tf.reduce_mean((y_pred - tf.roll(y_pred, 1, 0) - y_true) ** 2)


def own_sum(y_true, y_pred):
    return tf.reduce_sum((y_true - y_pred) ** 2)


def own_mean(y_true, y_pred):
    return tf.reduce_mean((y_true - y_pred) ** 2)


def decayed() -> keras.optimizers.Optimizer:
    """Make an optimizer with all that looks at more than one gradient."""
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.9)
    return keras.optimizers.Adam(
        rate, global_clipnorm=0.3, weight_decay=0.01, use_ema=True
    )


def accumulating() -> keras.optimizers.Optimizer:
    """Make an optimizer that moves the weights with every second gradient."""
    return keras.optimizers.SGD(0.1, clipvalue=0.2, gradient_accumulation_steps=2)


# Data


def numbers(rows: int, weighted: bool = False) -> tuple:
    """Draw features, targets, and perhaps weights."""
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 3)).astype("float32")
    weights = (rng.random(rows).astype("float32"),) if weighted else ()
    return x, x[:, :1] ** 2, *weights


def words(rows: int, weighted: bool = False) -> tuple:
    """Draw padded sequences of few ids, with a label and perhaps a weight each."""
    rng = np.random.default_rng(rows)
    x = rng.integers(1, 5, (rows, 4))
    x[rng.random(x.shape) < 0.3] = 0
    weights = (rng.random(x.shape).astype("float32"),) if weighted else ()
    return x, (x % 3).astype("uint8"), *weights


def in_batches(data: tuple, size: int) -> tf.data.Dataset:
    """Make batches that every worker reads whole."""
    return tf.data.Dataset.from_tensor_slices(data).batch(size)


def in_turn(data: tuple, size: int) -> Callable:
    """Make a function that gives each worker every so many-th row."""

    def share(worker: int, workers: int) -> tf.data.Dataset:
        rows = tf.data.Dataset.from_tensor_slices(data)
        return rows.shard(workers, worker).batch(size // workers)

    return share


def in_line(data: tuple, size: int) -> Callable:
    """Make a function that cuts each batch in pieces, which keep the order of rows."""

    def share(worker: int, workers: int) -> tf.data.Dataset:
        def cut(*parts: tf.Tensor) -> tuple:
            rows = tf.shape(parts[0])[0]
            first, last = (rows * i // workers for i in (worker, worker + 1))
            return tuple(part[first:last] for part in parts)

        return in_batches(data, size).map(cut)

    return share


# Models


def network(start: int, *state: keras.layers.Layer) -> keras.Model:
    """Make a network with a frozen weight and regularizers of every kind."""
    glorot = [keras.initializers.GlorotUniform(10 * start + i) for i in range(2)]
    hidden = keras.layers.Dense(
        4, "tanh", kernel_initializer=glorot[0], activity_regularizer="l2"
    )
    last = keras.layers.Dense(1, kernel_initializer=glorot[1], kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((3,)), hidden, *state, last])
    if not state:
        hidden.bias.trainable = False
    return model


def with_state(start: int) -> keras.Model:
    """Make a network with averages and a generator that move in every step."""
    layers = keras.layers.BatchNormalization(), keras.layers.Dropout(0.5, seed=1)
    return network(start, *layers)


def tokens(start: int) -> keras.Model:
    """Make a model that looks ids up, and masks the padding."""
    glorot = keras.initializers.GlorotUniform(start)
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Embedding(5, 3, mask_zero=True, embeddings_initializer=glorot),
            keras.layers.Dense(3, kernel_initializer=glorot),
        ]
    )


# Cases

SPARSE = {
    "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "metrics": ["accuracy"],
}
TEST = {"test_data": numbers(5), "metrics": ["mae"]}

# Each with its rows, and its rows a step: odd and even, with a rest that is uneven, and
# with fewer rows than there are devices or workers.
LOSSES = {
    "name": ("mse", 8, None),
    "class name": ("MeanSquaredError", 7, None),
    "function": (keras.losses.mean_squared_error, 7, 3),
    "object": (keras.losses.MeanSquaredError(), 10, 4),
    "sum": (keras.losses.MeanSquaredError(reduction="sum"), 5, 2),
    "own sum": (own_sum, 3, 1),
    "own mean": (own_mean, 7, 4),
    "ratio": (ratio, 7, 4),
    "neighbours": (neighbours, 7, 4),
}


def cases() -> dict[str, dict[str, Any]]:
    """Say what is trained; nothing of TensorFlow's may come before workers connect."""
    return {
        **{
            f"loss: {name}": {
                "train_data": numbers(rows),
                "batch_size": size,
                "loss": loss,
                "optimizer": lambda: keras.optimizers.SGD(0.01),
            }
            for name, (loss, rows, size) in LOSSES.items()
        },
        "decayed Adam, weights": {
            "train_data": numbers(7, weighted=True),
            "batch_size": 3,
            "optimizer": decayed,
            **TEST,
        },
        "accumulating": {
            "train_data": numbers(7),
            "batch_size": 4,
            "optimizer": accumulating,
        },
        "optimizer of one's own": {"train_data": numbers(7), "optimizer": Halving},
        "ids and weights": {
            "make": tokens,
            "train_data": words(7, weighted=True),
            "test_data": words(5),
            "optimizer": lambda: keras.optimizers.Adam(0.1),
            "batch_size": 3,
            **SPARSE,
        },
        "ids, rows merged": {
            "make": tokens,
            "train_data": words(7),
            "optimizer": lambda: optimizers.Adam(0.1),
            **SPARSE,
        },
        "batches that all read": {"train_data": in_batches(numbers(7), 3), **TEST},
        "shares in turn": {
            "train_data": in_turn(numbers(22, weighted=True), 12),
            "test_data": in_turn(numbers(5), 6),
            "metrics": ["mae"],
        },
        "shares in line": {
            "train_data": in_line(numbers(10), 6),
            "loss": neighbours,
            **TEST,
        },
        "shares of ids": {
            "make": tokens,
            "train_data": in_line(words(10, weighted=True), 6),
            "optimizer": lambda: keras.optimizers.Adam(0.1),
            **SPARSE,
        },
        # Each share is normalized by itself: one device computes something else.
        "state": {"make": with_state, "train_data": numbers(12), "batch_size": 8},
        "state, shares": {"make": with_state, "train_data": in_line(numbers(12), 8)},
    }


def train(strategy: Any, start: int, **case: Any) -> list[np.ndarray]:
    """Train, and return the history and all that has moved."""
    model = case.pop("make", network)(start)
    optimizer = case.pop("optimizer", lambda: keras.optimizers.SGD(0.1))()
    history = training.train(
        model, optimizer=optimizer, epochs=5, record_every=2, strategy=strategy, **case
    )
    moved = [*model.variables, *optimizer.variables]
    return [history.to_numpy(), *(variable.numpy() for variable in moved)]


def train_all(strategy: Any, path: Path, start: int = 0) -> None:
    """Train all cases, and leave in a file what they end with."""
    np.savez(
        path,
        **{
            f"{name}/{i}": array
            for name, case in cases().items()
            for i, array in enumerate(train(strategy, start, **case))
        },
    )


def main(*kinds: str, folder: str) -> None:
    """Train on devices of this process, or as one of several workers."""
    if kinds == ("workers",):
        strategy = training.connect_workers(timeout=200)
        place = strategy.cluster_resolver.task_id
        # Each worker makes other weights: those of the first are the ones that count.
        path = Path(folder, f"{strategy.num_replicas_in_sync}_worker_{place}.npz")
        train_all(strategy, path, start=place)
        return
    cpu = tf.config.list_physical_devices("CPU")[0]
    # TensorFlow groups devices once: no process can have groups of two and of three.
    devices = [tf.config.LogicalDeviceConfiguration() for _ in range(3)]
    tf.config.set_logical_device_configuration(cpu, devices)
    for kind in kinds:
        names = [f"CPU:{i}" for i in range(int(kind))]
        strategy = tf.distribute.MirroredStrategy(names) if len(names) > 1 else None
        train_all(strategy, Path(folder, f"{kind}_devices.npz"))


if __name__ == "__main__":
    *given, into = sys.argv[1:]
    main(*given, folder=into)

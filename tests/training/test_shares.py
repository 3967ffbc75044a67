"""Data that a function makes for each worker, where there is one process."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import training
from tfbook.training import batches

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


def share(worker, workers, drop_remainder=False):
    rows = tf.data.Dataset.from_tensor_slices((X, Y)).shard(workers, worker)
    return rows.batch(8 // workers, drop_remainder=drop_remainder)


def train(data, strategy=None, **arguments):
    zeros = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((3,)), zeros])
    history = training.train(
        *(model, data), optimizer="sgd", epochs=2, strategy=strategy, **arguments
    )
    return [history.to_numpy(), *model.get_weights()]


def test_one_process_is_the_only_worker():
    expected = train(share(0, 1), test_data=share(0, 1))
    one_device = tf.distribute.MirroredStrategy(["CPU:0"])
    for strategy in (None, one_device):
        found = train(share, strategy, test_data=functools.partial(share))
        for left, right in zip(found, expected, strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_run_is_known_again_with_another_number_of_workers():
    def evidence(place):
        whole = functools.partial(share, drop_remainder=True)
        return batches.read("train_data", whole, place=place).evidence()

    assert evidence((0, 1)) == evidence((1, 2)) == evidence((3, 4))
    assert evidence((0, 1))[1] == "batches: 1"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda worker, workers: (X, Y), "returns batches, got one that returns array"),
        (lambda worker, workers: None, "returns batches, got one that returns None"),
        (lambda: share(0, 1), "which does not take two numbers; pass lambda worker"),
        (tf.data.Dataset, "expected a pair"),
    ],
)
def test_what_gives_no_batches_is_refused(data, message):
    with pytest.raises(ValueError, match=rf"^train_data: .*{message}"):
        train(data)


def test_its_batches_have_their_size_already():
    with pytest.raises(ValueError, match=r"^train: expected no batch_size with a _Bat"):
        train(share, batch_size=4)

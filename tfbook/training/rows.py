"""Rows of arrays and of batches, inside a compiled program."""

from typing import Any

import tensorflow as tf


def row_order(seed: tf.Tensor, rows: int) -> tf.Tensor:
    """Return the rows in a random order, the same for the same two numbers in `seed`.

    It is computed in the graph, by sorting random numbers.
    """
    return tf.argsort(tf.random.stateless_uniform((rows,), seed))


def count_rows(batch: tuple) -> tf.Tensor:
    """Return how many rows a batch has: as many as its first feature array."""
    part = next(each for each in tf.nest.flatten(batch) if each is not None)
    if isinstance(part, tf.SparseTensor):
        return part.dense_shape[0]
    return tf.shape(part)[0] if isinstance(part, tf.Tensor) else part.nrows()


def count_static(data: tuple) -> int:
    """Return the number of rows of arrays, which is known while tracing."""
    return tf.nest.flatten(data)[0].shape[0]


def take(data: tuple, rows: tf.Tensor) -> tuple:
    """Take rows of arrays."""
    return tf.nest.map_structure(lambda part: tf.gather(part, rows), data)


def part_of(data: tuple, start: Any, size: int) -> tuple:
    """Take neighbouring rows of arrays; their number is known while tracing."""

    def cut(part: tf.Tensor) -> tf.Tensor:
        # Not part[start : start + size]: XLA wants a length that it can read off.
        behind = part.shape[1:]
        return tf.slice(part, [start, *[0] * len(behind)], [size, *behind])

    return tf.nest.map_structure(cut, data)

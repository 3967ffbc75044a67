"""The ids that embeddings look up: whole numbers, from 0 to one less than there are."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import tensorflow as tf

from tfbook.training.forward import forward, plain_errors


def embeddings(model: keras.Model) -> list[keras.layers.Embedding]:
    """Return the embeddings of a model."""
    # A layer derived from one may do something else with what it is given.
    kind = keras.layers.Embedding
    return [layer for layer in model._flatten_layers() if type(layer) is kind]


def wrong_ids(layer: keras.layers.Embedding, ids: Any) -> tf.Tensor:
    """Whether each id is none that the layer has: out of range, or no whole number."""
    ids = tf.cast(ids, tf.float64)
    return (ids < 0) | (ids >= layer.input_dim) | (ids != tf.floor(ids))


def message(layer: keras.layers.Embedding) -> str:
    """Say what is wrong with an id."""
    return (
        f"expected whole numbers from 0 to {layer.input_dim - 1} as ids for "
        f"{layer.name!r}, got {{got:g}}; number them anew, or make its input_dim larger"
    )


@contextmanager
def watched(model: keras.Model, look: Callable) -> Iterator[None]:
    """Have `look(layer, ids)` called before an embedding looks ids up."""
    with ExitStack() as stack:
        for layer in embeddings(model):
            stack.enter_context(watched_layer(layer, look))
        yield


@contextmanager
def watched_layer(layer: keras.layers.Embedding, look: Callable) -> Iterator[None]:
    """Do the same for one of them."""
    lookup = layer.call

    def call(inputs: tf.Tensor) -> tf.Tensor:
        look(layer, inputs)
        return lookup(inputs)

    layer.call = call
    try:
        yield
    finally:
        del layer.call


def check_ids(name: str, model: keras.Model, x: Any) -> None:
    """Check that embeddings are given ids that they have.

    It is enough to look at the rows with the smallest and the largest number of each
    feature array, and at one that is no whole number.

    Raises:
        ValueError: If an id is out of range, or would be cut to a whole number.
    """
    if not embeddings(model):
        return

    def look(layer: keras.layers.Embedding, ids: tf.Tensor) -> None:
        found = tf.cast(ids, tf.float64).numpy()[wrong_ids(layer, ids).numpy()]
        if found.size:
            raise ValueError(f"{name}: {message(layer).format(got=found[0])}")

    rows = sorted({row for part in tf.nest.flatten(x) for row in extreme_rows(part)})
    chosen = tf.nest.map_structure(lambda part: tf.gather(part, rows), x)
    with watched(model, look), plain_errors():
        forward(model, chosen, training=False)


def extreme_rows(part: tf.Tensor) -> list[int]:
    """Find the rows that hold the smallest, the largest and a broken number."""
    values = part.numpy()
    if values.dtype.kind not in "iuf":
        return [0]
    values = values.reshape(len(values), -1)
    found = [values.argmin(), values.argmax(), (values % 1 != 0).argmax()]
    return [int(place) // values.shape[1] for place in found]

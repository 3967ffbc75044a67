"""What is looked at in each batch that comes from elsewhere.

Arrays are looked at before training starts. Batches are known only when they come: so
the compiled program looks at each of them, and remembers the worst that it has met.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.training import lookups, targets
from tfbook.training.tallies import Tallies

NOTHING = -np.inf
MISSING = (
    "expected finite numbers, got NaN or infinity in {got:g} places of a batch; drop "
    "or fill those rows first"
)
# A compiled loop carries as many numbers as it begins with: room for so many kinds.
ROOM = 16


class Guard:
    """Looks at batches inside a compiled call.

    Attributes:
        messages: What is wrong if there is a number at this place of what it notes.
    """

    def __init__(self, tallies: Tallies) -> None:
        self.model = tallies.model
        self.objective = tallies.objective
        self.messages: list[str] = []

    def watch(self, step: Callable, batch: tuple, *arguments: Any) -> tuple:
        """Take a step; return what it returns, and the worst of each kind, a vector."""
        noted: dict[str, tf.Tensor] = {MISSING: count_missing(batch)}
        graph = tf.compat.v1.get_default_graph()

        def note(wrong: tf.Tensor, values: Any, message: str) -> None:
            # What is inside of a loop of the model cannot be seen from out here.
            if wrong.graph is graph:
                values = tf.where(wrong, tf.cast(values, tf.float64), NOTHING)
                worst = tf.reduce_max(values)
                noted[message] = tf.maximum(worst, noted.get(message, worst))

        def look(layer: keras.layers.Embedding, ids: tf.Tensor) -> None:
            note(lookups.wrong_ids(layer, ids), ids, lookups.message(layer))

        with lookups.watched(self.model, look):
            found = step(batch, *arguments)
        y, predicted, _ = self.objective.compared or (None, None, None)
        if y is not None:
            for fault in targets.faults(self.objective.loss, y, predicted):
                note(*fault)
        self.messages = list(noted)[:ROOM]
        worst = [noted[message] for message in self.messages]
        unused = [tf.constant(NOTHING, tf.float64)] * (ROOM - len(worst))
        return *found, tf.stack([*worst, *unused])

    def complain(self, name: str, worst: np.ndarray, finite: bool) -> None:
        """Say what was wrong with batches, if anything was.

        NaN is wrong only if it gets through: a loss may skip it.
        """
        for message, got in zip(self.messages, worst, strict=False):
            if got > NOTHING and not (finite and message == MISSING):
                raise ValueError(f"{name}: {message.format(got=got)}")


def count_missing(batch: tuple) -> tf.Tensor:
    """Count what is no finite number, or return `NOTHING`."""
    counts = [
        tf.math.count_nonzero(~tf.math.is_finite(part), dtype=tf.float64)
        for part in tf.nest.flatten(batch, expand_composites=True)
        if part.dtype.is_floating
    ]
    number = tf.add_n(counts) if counts else tf.constant(0.0, tf.float64)
    return tf.where(number > 0, number, NOTHING)

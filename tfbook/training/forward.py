"""A call of a model that changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import tensorflow as tf


class Forward(NamedTuple):
    """What a call of a model returns, and what it would have changed."""

    predicted: Any
    penalties: list[tf.Tensor]  # from add_loss first, then from the regularizers
    state: list[tf.Tensor | None]  # of the variables handed over; None if untouched


def forward(
    model: keras.Model, x: Any, training: bool, state: list | None = None
) -> Forward:
    """Call a model so that it changes nothing, and return what it would have changed.

    `model.stateless_call` is no substitute: it leaves out what `__call__` does around
    `call`, such as masks, casts and activity regularizers.
    """
    # Each weight stands for itself, and not for a copy of its value: so the tape
    # sees the variable, in the layers as well as in the regularizers.
    current = [(variable, variable) for variable in model.trainable_variables]
    with keras.StatelessScope(current, collect_losses=True) as scope:
        predicted = model(x, training=training)
        penalties = list(model.losses)
    touched = model.non_trainable_variables if state is None else state
    return Forward(predicted, penalties, [*map(scope.get_current_value, touched)])


@contextmanager
def plain_errors() -> Iterator[None]:
    """Let an error from inside a model through as it is.

    Keras wraps it in a dump of the arguments, unless it is told not to.
    """
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        yield
    finally:
        if filtering:
            keras.config.enable_traceback_filtering()

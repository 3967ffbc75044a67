"""Weights for a model that has none yet, and tensors of arrays."""

from typing import Any

import keras
import tensorflow as tf

from tfbook.training.arrays import Arrays
from tfbook.training.forward import plain_errors
from tfbook.training.streams import Stream


def prepare_data(
    model: keras.Model, data: dict[str, Arrays | Stream], strict: bool
) -> None:
    """Make the model's weights if it has none, and tensors of the arrays."""
    train_data = data["training"]
    if not model.built:
        try:
            build(model, features(train_data))
        except NotImplementedError:
            if strict:
                raise
            # A model without `call` is for a step of one's own, which calls its parts.
    weights = {variable.dtype for variable in model.variables}
    float_type = "float64" if "float64" in weights else keras.config.floatx()
    for each in data.values():
        if isinstance(each, Arrays):
            each.convert(float_type)


def features(data: Arrays | Stream) -> Any:
    """Return the form of a batch of features, to build a model with."""
    floats = keras.config.floatx()

    def form(spec: tf.TypeSpec) -> keras.KerasTensor:
        shape = spec.shape
        if isinstance(data, Stream):
            return keras.KerasTensor(shape, spec.dtype.name)
        dtype = floats if spec.dtype.is_floating else spec.dtype.name
        return keras.KerasTensor((None, *shape[1:]), dtype)

    return tf.nest.map_structure(form, data.spec[0])


def build(model: keras.Model, x: Any) -> None:
    """Make the weights of a model that has none yet, and leave its state as it is."""
    if model.built:
        return
    with plain_errors():
        model(x)

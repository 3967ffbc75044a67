"""Layers applied one after the other."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.layers import check_input

__all__ = ["Sequential"]


@keras.saving.register_keras_serializable("tfbook")
class Sequential(keras.Model):
    r"""Layers applied one after the other, $\hat y = f_n(\dots f_2(f_1(x)))$.

    Args:
        layers: The layers $f_1, \dots, f_n$, at least one; any layers or models of
            Keras, one of them more than once if weights are to be shared. An
            `InputLayer`, or what `keras.Input` returns, may come first: then the
            weights are made at once.
        **kwargs: `name` and `trainable`, as for every Keras model. Each layer has a
            `dtype` of its own.

    Raises:
        ValueError: If there is no layer, or one of them is not a Keras layer; if an
            input has another rank or width than the first layer was built for.

    Shape:
        What the first layer takes, and what the last one returns.

    Example:
        >>> from tfbook.layers import Linear
        >>> model = Sequential([Linear(3), Linear(1)])
        >>> model(tf.ones((2, 5))).shape
        TensorShape([2, 1])
        >>> [tuple(weight.shape) for weight in model.weights]
        [(5, 3), (3,), (3, 1), (1,)]

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, chapter 6.
    """

    def __init__(
        self, layers: Sequence[keras.layers.Layer | keras.KerasTensor], **kwargs: Any
    ) -> None:
        stack = list(layers) if np.iterable(layers) else []
        first, entry = stack[0] if stack else None, None
        if isinstance(first, keras.KerasTensor | keras.layers.InputLayer):
            entry = getattr(stack.pop(0), "output", first)
        wrong = [
            layer
            for layer in stack
            if not isinstance(layer, keras.layers.Layer)
            or isinstance(layer, keras.layers.InputLayer)
        ]
        if wrong or not stack:
            raise ValueError(
                "Sequential: expected a list of one or more Keras layers, got "
                f"{wrong or layers!r}; pass for example [Linear(3), ReLU(), Linear(1)]"
            )
        super().__init__(**kwargs)
        self.stack = stack
        self.supports_masking = True
        if entry is not None:
            self.build(entry.shape)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Check the width of the input, build on first use, and run `call`."""
        check_input(self, inputs)
        return super().__call__(inputs, *args, **kwargs)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights of each layer for what the layer before it returns."""
        # A symbolic tensor has a shape and no numbers: each layer is built for it.
        self.call(self._symbolic(input_shape))
        self.input_spec = self.stack[0].input_spec

    def call(self, inputs: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Apply the layers in turn."""
        outputs = inputs
        if tf.is_tensor(mask):  # Keras's masks travel on the tensors
            outputs = tf.identity(inputs)
            outputs._keras_mask = mask
        for layer in self.stack:
            outputs = layer(outputs)
        return outputs

    @property
    def input_dtype(self) -> str:
        """The type that an input is cast to, which is that of the first layer."""
        return self.stack[0].input_dtype

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """Add no mask: the layers have put theirs on the output, or none."""

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """Return the shape and the type of the output, without its numbers."""
        outputs = inputs
        for layer in self.stack:
            outputs = layer.compute_output_spec(outputs)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for an input of that shape."""
        outputs = self.compute_output_spec(self._symbolic(input_shape))
        return keras.tree.map_structure(lambda output: output.shape, outputs)

    def _symbolic(self, input_shape: Any) -> Any:
        dtype = self.stack[0].compute_dtype
        return keras.tree.map_shape_structure(
            lambda shape: keras.KerasTensor(shape, dtype=dtype), input_shape
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, for saving."""
        different = list(dict.fromkeys(self.stack))
        return {
            **super().get_config(),
            "layers": [
                keras.saving.serialize_keras_object(layer) for layer in different
            ],
            # A layer that comes twice is written once, and stays one layer.
            "order": [different.index(layer) for layer in self.stack],
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "Sequential":
        """Make the model that `get_config` described."""
        config = dict(config)
        layers = keras.saving.deserialize_keras_object(
            config.pop("layers"), custom_objects=custom_objects
        )
        order = config.pop("order", range(len(layers)))
        return cls(layers=[layers[place] for place in order], **config)

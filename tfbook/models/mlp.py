"""The fully connected network."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook import activations
from tfbook.layers import Linear, check_input
from tfbook.models.sequential import Sequential

__all__ = ["MLP"]


@keras.saving.register_keras_serializable("tfbook")
class MLP(keras.Model):
    r"""A multilayer perceptron.

    Hidden layers extract features, and a linear layer predicts from them: $h_0 = x$,
    $h_i = f(h_{i-1} W_i + b_i)$ for every hidden layer, $\hat y = h_l W + b$.

    Args:
        num_hidden_units: The width of the hidden layer, or a list of widths, one a
            hidden layer.
        num_targets: The number of outputs.
        hidden_activation: The function $f$: a name or a callable; see
            `tfbook.activations.get`.
        **kwargs: `name`, `dtype` and `trainable`, as for every Keras model.

    Attributes:
        feature_extractor: The hidden layers, a `Sequential`.
        last_linear: The last layer, a `Linear`.

    Raises:
        ValueError: If a width is not a positive integer, or there is none; if the
            activation is unknown.

    Shape:
        `(..., features)` to `(..., num_targets)`.

    Example:
        >>> model = MLP([64, 64], 1)
        >>> model(tf.ones((2, 13))).shape
        TensorShape([2, 1])
        >>> model.feature_extractor(tf.ones((2, 13))).shape
        TensorShape([2, 64])

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, chapter 6.
    """

    def __init__(
        self,
        num_hidden_units: int | Sequence[int],
        num_targets: int,
        hidden_activation: str | Callable | dict[str, Any] | None = "relu",
        **kwargs: Any,
    ) -> None:
        widths: Any = num_hidden_units
        widths = [widths] if np.ndim(widths) == 0 else list(widths)
        if not widths:
            raise ValueError(
                "MLP: expected one hidden layer or more, got []; use Linear for a "
                "model without one"
            )
        super().__init__(**kwargs)
        self.supports_masking = True
        self.hidden_activation = activations.get(hidden_activation)
        self.feature_extractor = Sequential(
            [
                Linear(
                    units,
                    activation=self.hidden_activation,
                    name=f"hidden_{index}",
                    dtype=self.dtype_policy,
                )
                for index, units in enumerate(widths)
            ],
            name="feature_extractor",
            dtype=self.dtype_policy,
        )
        self.last_linear = Linear(
            num_targets, name="last_linear", dtype=self.dtype_policy
        )

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Check the width of the input, build on first use, and run `call`."""
        check_input(self, inputs)
        return super().__call__(inputs, *args, **kwargs)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of shape `(..., features)`."""
        self.call(keras.KerasTensor(input_shape))
        self.input_spec = self.feature_extractor.input_spec

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Predict from the extracted features."""
        return self.last_linear(self.feature_extractor(inputs))

    def compute_output_shape(
        self, input_shape: Sequence[int | None]
    ) -> tuple[int | None, ...]:
        """Return the shape of the output for an input of that shape."""
        return self.last_linear.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, for saving."""
        return {
            **super().get_config(),
            "num_hidden_units": [layer.units for layer in self.feature_extractor.stack],
            "num_targets": self.last_linear.units,
            "hidden_activation": activations.serialize(self.hidden_activation),
        }

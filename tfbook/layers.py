"""Layers: a fully connected one, and ReLU as a layer of its own.

Both follow the order of every Keras layer: the constructor stores, `build` makes the
weights once the width of the input is known, `call` is the mathematics.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook import activations

__all__ = ["Linear", "ReLU"]


@keras.saving.register_keras_serializable("tfbook")
class Linear(keras.layers.Layer):
    """A fully connected layer, $h = f(x W + b)$.

    The kernel $W$, of shape `(features, units)`, and the bias $b$, of shape `(units,)`,
    are made when the layer first sees an input. For equal weights the layer equals
    `keras.layers.Dense`.

    Args:
        units: The number of outputs.
        use_bias: Whether there is a bias $b$.
        activation: The function $f$: a name or a callable; see
            `tfbook.activations.get`.
        kernel_initializer: What the kernel starts at: a name or a
            `keras.initializers.Initializer`.
        bias_initializer: The same for the bias.
        **kwargs: `name`, `dtype` and `trainable`, as for every Keras layer.

    Raises:
        ValueError: If `units` is not a positive integer; if an input has rank 0 or 1,
            an unknown last axis, or another width than the first one had.

    Shape:
        `(..., features)` to `(..., units)`, any rank from 2 up.

    Example:
        >>> layer = Linear(3)
        >>> layer.weights
        []
        >>> layer(tf.ones((2, 5))).shape
        TensorShape([2, 3])
        >>> [weight.name for weight in layer.weights]
        ['kernel', 'bias']

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, chapter 6.
    """

    def __init__(
        self,
        units: int,
        use_bias: bool = True,
        activation: str | Callable | dict[str, Any] | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        if not isinstance(units, int | np.integer) or units < 1:
            raise ValueError(
                f"Linear: expected units to be a positive integer, got {units!r}; pass "
                "for example units=64"
            )
        super().__init__(**kwargs)
        self.units = int(units)
        self.use_bias = use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> tf.Tensor:
        """Check the input, build on first use, and run `call`."""
        # Here and not in `call`: Keras wraps an error raised in `call` in a dump of the
        # arguments.
        self._check_input_shape(np.shape(inputs))
        return super().__call__(inputs, *args, **kwargs)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of shape `(..., features)`."""
        self._check_input_shape(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.units),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.units,), initializer=self.bias_initializer
            )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return $f(x W + b)$."""
        outputs = tf.matmul(inputs, self.kernel)
        if self.use_bias:
            # Not +: TensorFlow runs this, the product and a ReLU as one operation.
            outputs = tf.nn.bias_add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(
        self, input_shape: Sequence[int | None]
    ) -> tuple[int | None, ...]:
        """Return the shape of the output for an input of that shape."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, for saving."""
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "activation": activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }

    def _check_input_shape(self, shape: Sequence[int | None]) -> None:
        shape = tuple(shape)
        if len(shape) < 2:
            raise ValueError(
                f"Linear {self.name!r}: expected an input of rank 2 or more, got shape "
                f"{shape}; "
                f"put one example into a batch with x[None]"
            )
        if shape[-1] is None:
            raise ValueError(
                f"Linear {self.name!r}: expected a known last axis, got shape {shape}; "
                f"pass keras.Input(shape=(n,))"
            )
        if self.built and shape[-1] != self.kernel.shape[0]:
            raise ValueError(
                f"Linear {self.name!r}: expected {self.kernel.shape[0]} features, the "
                "width it was built with, "
                f"got shape {shape}; pass inputs of that width or make a new layer"
            )


@keras.saving.register_keras_serializable("tfbook")
class ReLU(keras.layers.Layer):
    r"""The rectified linear unit as a layer, $y = \max(x, 0)$, without weights.

    Args:
        **kwargs: `name`, `dtype` and `trainable`, as for every Keras layer.

    Shape:
        Any, and the output has the same.

    Example:
        >>> ReLU()(tf.constant([[-1.0, 2.0]])).numpy().tolist()
        [[0.0, 2.0]]

    Reference:
        Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann
        machines, ICML.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        r"""Return $\max(x, 0)$."""
        return activations.relu(inputs)

    def compute_output_shape(
        self, input_shape: Sequence[int | None]
    ) -> tuple[int | None, ...]:
        """Return the shape of the output for an input of that shape."""
        return tuple(input_shape)

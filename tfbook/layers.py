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

__all__ = ["Linear", "ReLU", "check_input"]


def check_input(layer: keras.layers.Layer, inputs: Any) -> None:
    """Refuse an input of another rank or width than a built layer takes, in one line.

    Keras makes the same check of `input_spec`. But for a layer inside a model it raises
    too late for a message that one can read: an error on the way through a model is
    wrapped in a list of all arguments.

    Args:
        layer: A layer or a model, which `input_spec` describes.
        inputs: What it is called with. What has no shape is left to Keras.

    Raises:
        ValueError: If the rank is too small or unknown, or the width is another.

    Example:
        >>> layer = keras.layers.Dense(3, name="hidden")
        >>> layer.build((None, 5))
        >>> check_input(layer, tf.ones((2, 4)))
        Traceback (most recent call last):
        ValueError: Dense 'hidden': expected 5 features, the width it was built with,
        got shape (2, 4); pass inputs of that width or make a new one
    """
    spec, shape = layer.input_spec, getattr(inputs, "shape", None)
    if shape is None or not isinstance(spec, keras.layers.InputSpec):
        return
    rank, who = tf.TensorShape(shape).rank, f"{type(layer).__name__} {layer.name!r}"
    if spec.min_ndim and (rank is None or rank < spec.min_ndim):
        got = "an unknown rank" if rank is None else f"shape {tuple(shape)}"
        raise ValueError(
            f"{who}: expected an input of rank {spec.min_ndim} or more, got {got}; "
            f"put one example into a batch with x[None]"
        )
    width = (spec.axes or {}).get(-1)
    if width is not None and shape[-1] not in (width, None):
        raise ValueError(
            f"{who}: expected {width} features, the width it was built with, got shape "
            f"{tuple(shape)}; pass inputs of that width or make a new one"
        )


@keras.saving.register_keras_serializable("tfbook")
class Linear(keras.layers.Layer):
    """A fully connected layer, $h = f(x W + b)$.

    The kernel $W$, of shape `(features, units)`, and the bias $b$, of shape `(units,)`,
    are made when the layer first sees an input. For equal weights the layer equals
    `keras.layers.Dense`, for integers, masks and half precision too.

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
        if type(units) is bool or not isinstance(units, int | np.integer) or units < 1:
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
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        self.supports_masking = True  # steps that are padding stay padding

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> tf.Tensor:
        """Check the input, build on first use, and run `call`."""
        check_input(self, inputs)
        return super().__call__(inputs, *args, **kwargs)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of shape `(..., features)`.

        Raises:
            ValueError: If the last axis is unknown, the rank below 2, or the layer was
                built for another width.
        """
        check_input(self, keras.KerasTensor(input_shape))
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"Linear {self.name!r}: expected a known last axis, got shape "
                f"{tuple(input_shape)}; pass keras.Input(shape=(n,))"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(features, self.units),
            initializer=self.kernel_initializer,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.units,), initializer=self.bias_initializer
            )
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return $f(x W + b)$."""
        # Not tf.matmul: Keras's product takes integers, too.
        outputs = keras.ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            # Not +: TensorFlow runs this, the product and a ReLU as one operation.
            outputs = tf.nn.bias_add(outputs, tf.cast(self.bias, outputs.dtype))
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

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True  # there is nothing to build

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        r"""Return $\max(x, 0)$."""
        return activations.relu(inputs)

    def compute_output_shape(
        self, input_shape: Sequence[int | None]
    ) -> tuple[int | None, ...]:
        """Return the shape of the output for an input of that shape."""
        return tuple(input_shape)

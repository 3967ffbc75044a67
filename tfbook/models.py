"""Models: linear regression, a chain of layers, and the fully connected network.

All are Keras models: they can be trained by any loop, inspected with `summary()` and
saved to a `.keras` file. A subclass of `keras.Model` has to write its own `get_config`,
and its `build` so that a file can be loaded into it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook import activations
from tfbook.layers import Linear

__all__ = ["MLP", "LinearRegression", "Sequential"]


@keras.saving.register_keras_serializable("tfbook")
class LinearRegression(keras.Model):
    r"""Linear regression with one target, $\hat y = X w + b$.

    The weights are made at once, since the number of features is known.

    Args:
        num_features: The number of columns of $X$.
        use_bias: Whether there is an intercept $b$.
        bias_initializer: What the intercept starts at: a name or a
            `keras.initializers.Initializer`.
        **kwargs: `name`, `dtype` and `trainable`, as for every Keras model.

    Raises:
        ValueError: If `num_features` is not a positive integer, or an input has another
            width.

    Shape:
        `(examples, num_features)` to `(examples, 1)`.

    Example:
        >>> model = LinearRegression(5)
        >>> tuple(model.kernel.shape)
        (5, 1)
        >>> model(tf.ones((32, 5))).shape
        TensorShape([32, 1])

    Reference:
        Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
        Springer, section 3.2.
    """

    def __init__(
        self,
        num_features: int,
        *,
        use_bias: bool = False,
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        if not isinstance(num_features, int | np.integer) or num_features < 1:
            raise ValueError(
                "LinearRegression: expected num_features to be a positive integer, "
                f"got {num_features!r}; "
                f"pass the number of columns, x.shape[1]"
            )
        super().__init__(**kwargs)
        self.num_features = int(num_features)
        self.linear = Linear(
            1, use_bias=use_bias, bias_initializer=bias_initializer, name="linear"
        )
        self.build((None, self.num_features))

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights, unless they are there."""
        if not self.linear.built:
            self.linear.build(input_shape)

    @property
    def kernel(self) -> keras.Variable:
        """The weights $w$, of shape `(num_features, 1)`."""
        return self.linear.kernel

    @property
    def bias(self) -> keras.Variable:
        """The intercept $b$, of shape `(1,)`."""
        return self.linear.bias

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return $X w + b$."""
        return self.linear(inputs)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, for saving."""
        linear = self.linear.get_config()
        return {
            **super().get_config(),
            "num_features": self.num_features,
            "use_bias": linear["use_bias"],
            "bias_initializer": linear["bias_initializer"],
        }


@keras.saving.register_keras_serializable("tfbook")
class Sequential(keras.Model):
    r"""Layers applied one after the other, $\hat y = f_n(\dots f_2(f_1(x)))$.

    Args:
        layers: The layers $f_1, \dots, f_n$, at least one.
        **kwargs: `name`, `dtype` and `trainable`, as for every Keras model.

    Raises:
        ValueError: If there is no layer, or one of them is not a Keras layer.

    Shape:
        What the first layer takes to what the last one gives.

    Example:
        >>> model = Sequential([Linear(3), Linear(1)])
        >>> model(tf.ones((2, 5))).shape
        TensorShape([2, 1])
        >>> [tuple(weight.shape) for weight in model.weights]
        [(5, 3), (3,), (3, 1), (1,)]

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, chapter 6.
    """

    def __init__(self, layers: Sequence[keras.layers.Layer], **kwargs: Any) -> None:
        layers = list(layers)
        if not layers or not all(
            isinstance(layer, keras.layers.Layer) for layer in layers
        ):
            raise ValueError(
                "Sequential: expected a list of one or more Keras layers, got "
                f"{layers!r}; "
                f"pass for example [Linear(3), ReLU(), Linear(1)]"
            )
        super().__init__(**kwargs)
        self.stack = layers

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights of each layer for what the layer before it gives."""
        for layer in self.stack:
            if not layer.built:
                layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Apply the layers in turn."""
        outputs = inputs
        for layer in self.stack:
            outputs = layer(outputs)
        return outputs

    def compute_output_shape(
        self, input_shape: Sequence[int | None]
    ) -> Sequence[int | None]:
        """Return the shape of the output for an input of that shape."""
        for layer in self.stack:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, for saving."""
        return {
            **super().get_config(),
            "layers": [
                keras.saving.serialize_keras_object(layer) for layer in self.stack
            ],
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "Sequential":
        """Make the model that `get_config` described."""
        layers = keras.saving.deserialize_keras_object(
            config["layers"], custom_objects=custom_objects
        )
        return cls(**{**config, "layers": layers})


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
        hidden_layers = [
            Linear(units, activation=hidden_activation, name=f"hidden_{index}")
            for index, units in enumerate(widths)
        ]
        last_linear = Linear(num_targets, name="last_linear")
        super().__init__(**kwargs)
        self.hidden_activation = activations.get(hidden_activation)
        self.feature_extractor = Sequential(hidden_layers, name="feature_extractor")
        self.last_linear = last_linear

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of shape `(..., features)`."""
        self.feature_extractor.build(input_shape)
        self.last_linear.build(self.feature_extractor.compute_output_shape(input_shape))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Predict from the extracted features."""
        return self.last_linear(self.feature_extractor(inputs))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, for saving."""
        return {
            **super().get_config(),
            "num_hidden_units": [layer.units for layer in self.feature_extractor.stack],
            "num_targets": self.last_linear.units,
            "hidden_activation": activations.serialize(self.hidden_activation),
        }

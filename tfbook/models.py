"""Models: linear regression, a chain of layers, and the fully connected network.

All are Keras models: they can be trained by any loop, inspected with `summary()` and
saved to a `.keras` file. A subclass of `keras.Model` has to write its own `get_config`,
and its `build` so that a file can be loaded into it. To build is to call the model with
a tensor that has a shape and no numbers: each layer then makes its weights.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook import activations
from tfbook.layers import Linear, check_input

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
        whole = isinstance(num_features, int | np.integer)
        if not whole or type(num_features) is bool or num_features < 1:
            raise ValueError(
                "LinearRegression: expected num_features to be a positive integer, "
                f"got {num_features!r}; "
                f"pass the number of columns, x.shape[1]"
            )
        super().__init__(**kwargs)
        self.num_features = int(num_features)
        self.supports_masking = True
        self.linear = Linear(
            1,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            name="linear",
            dtype=self.dtype_policy,
        )
        self.build((None, self.num_features))

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Check the width of the input, and run `call`."""
        check_input(self, inputs)
        return super().__call__(inputs, *args, **kwargs)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights, unless they are there."""
        self.linear(keras.KerasTensor(input_shape))
        self.input_spec = self.linear.input_spec

    @property
    def kernel(self) -> keras.Variable:
        """The weights $w$, of shape `(num_features, 1)`."""
        return self.linear.kernel

    @property
    def bias(self) -> keras.Variable | None:
        """The intercept $b$, of shape `(1,)`, if there is one."""
        return self.linear.bias

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return $X w + b$."""
        return self.linear(inputs)

    def compute_output_shape(
        self, input_shape: Sequence[int | None]
    ) -> tuple[int | None, ...]:
        """Return the shape of the output for an input of that shape."""
        return self.linear.compute_output_shape(input_shape)

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
        layers: The layers $f_1, \dots, f_n$, at least one; any layers or models of
            Keras, one of them more than once if weights are to be shared. An
            `InputLayer`, or what `keras.Input` returns, may come first: then the
            weights are made at once.
        **kwargs: `name`, `dtype` and `trainable`, as for every Keras model.

    Raises:
        ValueError: If there is no layer, or one of them is not a Keras layer; if an
            input has another rank or width than the first layer was built for.

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

    def __init__(
        self, layers: Sequence[keras.layers.Layer | keras.KerasTensor], **kwargs: Any
    ) -> None:
        layers = [layers] if isinstance(layers, keras.layers.Layer) else list(layers)
        entry = None
        if layers and isinstance(layers[0], keras.layers.InputLayer):
            entry = layers.pop(0).output
        elif layers and isinstance(layers[0], keras.KerasTensor):
            entry = layers.pop(0)
        for layer in layers or [layers]:
            if not isinstance(layer, keras.layers.Layer) or isinstance(
                layer, keras.layers.InputLayer
            ):
                raise ValueError(
                    f"Sequential: expected a list of one or more Keras layers, got "
                    f"{layer!r}; pass for example [Linear(3), ReLU(), Linear(1)]"
                )
        super().__init__(**kwargs)
        self.stack = layers
        self.supports_masking = True
        if entry is not None:
            self.build(entry.shape)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Check the width of the input, build on first use, and run `call`."""
        check_input(self, inputs)
        return super().__call__(inputs, *args, **kwargs)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights of each layer for what the layer before it returns."""
        self.call(self._symbolic(input_shape))
        self.input_spec = self.stack[0].input_spec

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Apply the layers in turn."""
        outputs = inputs
        for layer in self.stack:
            outputs = layer(outputs)
        return outputs

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
            "build_config": self.get_build_config(),
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
        build_config = config.pop("build_config", None)
        model = cls(layers=[layers[place] for place in order], **config)
        model.build_from_config(build_config)
        return model


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

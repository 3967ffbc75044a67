"""Linear regression, the smallest model."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.layers import Linear, check_input

__all__ = ["LinearRegression"]


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

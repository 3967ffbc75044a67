"""Models: linear regression, a chain of layers, and the fully connected network.

All are Keras models: they can be trained by any loop, inspected with `summary()` and
saved to a `.keras` file. A subclass of `keras.Model` has to write its own `get_config`,
and its `build` so that a file can be loaded into it. To build is to call the model with
a tensor that has a shape and no numbers: each layer then makes its weights.
"""

from tfbook.models.mlp import MLP
from tfbook.models.regression import LinearRegression
from tfbook.models.sequential import Sequential

__all__ = ["MLP", "LinearRegression", "Sequential"]

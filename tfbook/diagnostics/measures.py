"""Measures: figures of a model, whatever they may say about it.

They know any Keras model with one input.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfbook.data import Split

__all__ = [
    "constant_baseline",
    "dead_units",
    "gradient_norms",
    "layer_calls",
]


def constant_baseline(split: Split) -> float:
    r"""Return the test error of the model that always predicts the training mean.

    It is $\frac{1}{n} \sum_i (y_i - \bar y)^2$ over the test rows, with $\bar y$ the
    mean of the training targets. A model that does no better has learned nothing from
    the features.

    Args:
        split: Training and test rows; only the targets are used.

    Returns:
        The mean squared error, in squared units of the target.

    Example:
        >>> from tfbook import data
        >>> round(constant_baseline(data.boston_housing()), 5)
        83.71086

    Reference:
        Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
        Springer, section 3.2.
    """
    # In float64, since float32 targets carry seven digits and their sum has to keep
    # them.
    constant = split.y_train.mean(axis=0, dtype=np.float64)
    return float(np.mean((split.y_test - constant) ** 2))


def layer_calls(
    model: keras.Model, x: np.ndarray
) -> list[tuple[keras.layers.Layer, Any, tf.Tensor]]:
    """Run a model, and note what goes into each layer and what comes out.

    Layers within layers are seen too, however deep, since all are called in one way.
    Functions are not layers: `tf.nn.relu` inside a model's own `call` is not seen.

    Args:
        model: A Keras model with one input.
        x: Features, of shape `(examples, ...)`.

    Returns:
        A triple `(layer, input, output)` a call, in the order in which they ended, the
        model itself last.

    Raises:
        TypeError: If the model is not a Keras model or layer.
        ValueError: If it has more than one output.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(1)])
        >>> [output.shape[-1] for _, _, output in layer_calls(model, tf.ones((2, 5)))]
        [3, 1, 1]

    Reference:
        The idea is that of PyTorch's forward hooks: `torch.nn.Module`, documentation.
    """
    if not isinstance(model, keras.layers.Layer):
        raise TypeError(
            f"layer_calls: expected a Keras model, got {model!r}; pass the model "
            "itself, not its predictions"
        )
    calls = []
    layer_call = keras.layers.Layer.__call__
    filtering = keras.config.is_traceback_filtering_enabled()

    def recording_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        output = layer_call(layer, *args, **kwargs)
        # A recurrent layer calls its cell inside a compiled loop, without values.
        if tf.executing_eagerly() and tf.is_tensor(output):
            calls.append((layer, args[0] if args else None, output))
        return output

    # Else Keras would wrap an error from inside the model in a dump of its arguments.
    keras.config.disable_traceback_filtering()
    try:
        model(x[:1], training=False)  # makes the weights, which takes calls of its own
        keras.layers.Layer.__call__ = recording_call
        model(x, training=False)
    finally:
        keras.layers.Layer.__call__ = layer_call
        if filtering:
            keras.config.enable_traceback_filtering()
    if not calls or calls[-1][0] is not model:
        raise ValueError(
            f"layer_calls: expected a model with one output, got {model.name!r} with "
            "several; pass one for each output, keras.Model(inputs, output)"
        )
    return calls


def dead_units(model: keras.Model, x: np.ndarray) -> pd.DataFrame:
    """Count on how many inputs each hidden unit fires: returns anything but 0.

    A unit that fires on none is dead: it passes nothing on, and no gradient comes back
    through a ReLU that is flat there, so gradient descent leaves its own weights alone.
    In the first hidden layer it stays dead; further up it may fire again when the
    layers before it change. A unit of a convolution is a channel; it fires on an image
    if it does so anywhere, and a unit of a layer that is called more than once if it
    does so in any call.

    Args:
        model: Any Keras model with one input. Hidden units are the outputs of its
            layers that have an `activation`, and of ReLU layers; not its predictions.
        x: Features, of shape `(examples, ...)`.

    Returns:
        One row per unit, with `layer`, `unit`, and `fires`, a share of inputs, 0 to 1.

    Raises:
        ValueError: If `x` has no rows.

    Example:
        >>> hidden = keras.layers.Dense(2, "relu", name="hidden")
        >>> model = keras.Sequential([hidden, keras.layers.Dense(1)])
        >>> x = np.array([[1.0], [2.0]])
        >>> model.build(x.shape)
        >>> hidden.set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
        >>> dead_units(model, x)
            layer  unit  fires
        0  hidden     0    1.0
        1  hidden     1    0.0

    Reference:
        Lu, Shin, Su and Karniadakis (2020), Dying ReLU and initialization: theory and
        numerical examples, Communications in Computational Physics 28.
    """
    if len(x) == 0:
        raise ValueError(
            f"dead_units: expected one row or more, got shape {np.shape(x)}; pass the "
            "training features"
        )
    counts: dict[keras.layers.Layer, np.ndarray] = {}
    for start in range(0, len(x), 256):
        batch = x[start : start + 256]
        *calls, (_, _, predictions) = layer_calls(model, batch)
        fired: dict[keras.layers.Layer, np.ndarray] = {}
        for layer, _, output in calls:
            function = getattr(layer, "activation", None)
            bends = function is not None and function.__name__ != "linear"
            if output is predictions or not (
                bends or "relu" in type(layer).__name__.lower()
            ):
                continue
            fires = output.numpy() != 0
            fires = fires.reshape(len(batch), -1, fires.shape[-1]).any(axis=1)
            fired[layer] = fired.get(layer, False) | fires
        for layer, fires in fired.items():
            counts[layer] = counts.get(layer, 0) + fires.sum(axis=0)
    rows = [
        (layer.name, unit, count / len(x))
        for layer, fired in counts.items()
        for unit, count in enumerate(fired)
    ]
    return pd.DataFrame(rows, columns=["layer", "unit", "fires"])


def gradient_norms(
    model: keras.Model, loss: str | Callable, x: np.ndarray, y: np.ndarray
) -> pd.DataFrame:
    r"""Measure the gradient of the mean loss, weight by weight.

    The norm of a gradient $g$ is its length, $\lVert g \rVert = \sqrt{\sum_i g_i^2}$. A
    step of plain gradient descent moves the weight $W$ by $\eta \lVert g \rVert$, so
    the relative norm times the learning rate $\eta$ says by which part of its own
    length. Dropout and batch normalisation behave as in testing.

    Args:
        model: Any Keras model with one input.
        loss: A name that Keras knows or a function `(y_true, y_pred)`; what the model's
            regularizers add comes on top, as in training.
        x: Features, of shape `(examples, ...)`.
        y: Targets, one row per example.

    Returns:
        A row a trainable weight, in the model's order, with `weight` (the names of its
        layer and itself), `shape`, `norm`, and `relative`, the norm divided by that of
        the weight.

    Raises:
        ValueError: If there are no rows, or `x` and `y` differ in their number; if the
            rank of `y` is not that of the predictions.

    Example:
        >>> dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
        >>> model = keras.Sequential([dense])
        >>> frame = gradient_norms(model, "mse", np.array([[3.0]]), np.array([[1.0]]))
        >>> frame.norm.tolist(), frame.relative.tolist()  # 2 (3 - 1) 3
        ([12.0], [12.0])

    Reference:
        Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent
        neural networks, ICML.
    """
    if len(x) == 0 or len(x) != len(y):
        raise ValueError(
            "gradient_norms: expected one row or more, as many in x as in y, got "
            f"{len(x)} and {len(y)}; pass features and targets of the same examples"
        )
    rank = layer_calls(model, x[:1])[-1][-1].ndim
    if np.ndim(y) != rank:
        raise ValueError(
            f"gradient_norms: expected y of rank {rank} like the predictions, got "
            f"shape {np.shape(y)}; pass y.reshape(-1, 1)"
        )
    function = keras.losses.get(loss)
    weights = model.trainable_variables
    total = [np.zeros(weight.shape) for weight in weights]
    for start in range(0, len(x), 256):
        rows = slice(start, start + 256)
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(function(y[rows], model(x[rows], training=False)))
            value += sum(model.losses)
        gradients = tape.gradient(value, weights, unconnected_gradients="zero")
        for each, gradient in zip(total, gradients, strict=True):
            each += len(x[rows]) / len(x) * tf.convert_to_tensor(gradient).numpy()
    norms = np.array([np.linalg.norm(gradient) for gradient in total])
    lengths = np.array([np.linalg.norm(weight.numpy()) for weight in weights])
    relative = np.divide(norms, lengths, np.full_like(norms, np.nan), where=lengths > 0)
    return pd.DataFrame(
        {
            "weight": ["/".join(w.path.split("/")[-2:]) for w in weights],
            "shape": [tuple(weight.shape) for weight in weights],
            "norm": norms,
            "relative": relative,
        }
    )

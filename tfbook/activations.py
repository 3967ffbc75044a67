"""Activation functions: pure functions from a tensor to a tensor of the same shape.

An activation is what makes a stack of linear layers more than one linear layer. Each
function below is a line or two of TensorFlow; all but `softmax` act on one number at a
time. They are written so that neither their value nor their gradient overflows, and
so that both keep their digits far from 0: the textbook formula is in the docstring, the
stable one in the code.
"""

import difflib
import functools
from collections.abc import Callable
from typing import Any

import keras
import pandas as pd
import tensorflow as tf

__all__ = [
    "FUNCTIONS",
    "SURVEY",
    "activation",
    "elu",
    "gelu",
    "get",
    "leaky_relu",
    "linear",
    "relu",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]


def activation(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of a float tensor take whatever Keras hands to an activation.

    Lists and arrays become tensors. Integers and Booleans become floats: the curve
    between two integers does not run through integers. A symbolic tensor, which has a
    shape and no numbers, becomes the output of a `keras.layers.Activation`, so that the
    function is a node of a functional model.

    Args:
        function: A function of one float tensor, and perhaps of options.

    Returns:
        A function of the same name and the same docstring. It raises a `TypeError` for
        what is not real numbers.

    Raises:
        TypeError: When the new function is given strings or complex numbers.

    Example:
        >>> @activation
        ... def cube(x):
        ...     return x**3
        >>> cube([1, 2]).numpy().tolist()
        [1.0, 8.0]
    """

    @functools.wraps(function)
    def wrapper(x: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(x, keras.KerasTensor):
            plain = not args and not kwargs
            node = wrapper if plain else lambda x: wrapper(x, *args, **kwargs)
            return keras.layers.Activation(node)(x)
        x = x if tf.is_tensor(x) else tf.convert_to_tensor(x)
        if x.dtype.is_integer or x.dtype.is_bool:
            x = tf.cast(x, keras.config.floatx())
        if not x.dtype.is_floating:
            raise TypeError(
                f"{function.__name__}: expected real numbers, got {x.dtype.name}; "
                f"turn them into floats first"
            )
        return function(x, *args, **kwargs)

    return wrapper


def linear(x: tf.Tensor) -> tf.Tensor:
    """Return the input unchanged, $f(x) = x$.

    Args:
        x: A tensor of any shape.

    Returns:
        The same tensor.

    Example:
        >>> linear(tf.constant([-1.0, 2.0])).numpy().tolist()
        [-1.0, 2.0]
    """
    return x if isinstance(x, keras.KerasTensor) else tf.convert_to_tensor(x)


@activation
def relu(x: tf.Tensor) -> tf.Tensor:
    r"""Rectified linear unit, $f(x) = \max(x, 0)$.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with every negative number replaced by 0.

    Example:
        >>> relu(tf.constant([-1.0, 0.0, 2.0])).numpy().tolist()
        [0.0, 0.0, 2.0]

    Reference:
        Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann
        machines, ICML.
    """
    # tf.maximum(x, 0) takes the slope at 0 to be 1; tf.nn.relu takes it to be 0.
    return tf.nn.relu(x)


@activation
def leaky_relu(x: tf.Tensor, negative_slope: float = 0.2) -> tf.Tensor:
    r"""ReLU with a small slope below zero, $f(x) = x$ if $x > 0$, else $\alpha x$.

    Args:
        x: A tensor of any shape.
        negative_slope: The slope $\alpha$ for negative inputs.

    Returns:
        A tensor of the same shape.

    Example:
        >>> leaky_relu(tf.constant([-10.0, 2.0])).numpy().tolist()
        [-2.0, 2.0]

    Reference:
        Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network
        acoustic models, ICML.
    """
    return tf.where(x > 0, x, negative_slope * x)


@activation
def elu(x: tf.Tensor) -> tf.Tensor:
    """Exponential linear unit, $f(x) = x$ if $x > 0$, else $e^x - 1$.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with numbers above -1.

    Example:
        >>> elu(tf.constant([-100.0, 2.0])).numpy().tolist()
        [-1.0, 2.0]

    Reference:
        Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network
        learning by exponential linear units (ELUs), ICLR.
    """
    # The branch that tf.where drops still gets a gradient, 0 x e^x, which is NaN once
    # e^x overflows: hence tf.minimum.
    return tf.where(x > 0, x, tf.math.expm1(tf.minimum(x, 0)))


@activation
def selu(x: tf.Tensor) -> tf.Tensor:
    r"""Scaled exponential linear unit.

    $f(x) = \lambda x$ if $x > 0$, else $f(x) = \lambda \alpha (e^x - 1)$.

    With $\lambda \approx 1.0507$ and $\alpha \approx 1.6733$ a layer that is given
    inputs of mean 0 and variance 1 gives outputs of mean 0 and variance 1, if its
    weights are drawn with mean 0 and variance 1 / inputs.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape.

    Example:
        >>> [round(float(y), 4) for y in selu(tf.constant([-100.0, 1.0]))]
        [-1.7581, 1.0507]

    Reference:
        Klambauer, Unterthiner, Mayr and Hochreiter (2017), Self-normalizing neural
        networks, NeurIPS.
    """
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0)))


@activation
def gelu(x: tf.Tensor) -> tf.Tensor:
    r"""Gaussian error linear unit, $f(x) = x \, \Phi(x)$.

    $\Phi$ is the distribution function of the standard normal distribution.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with numbers above -0.17.

    Example:
        >>> gelu(tf.constant([-40.0, 0.0, 40.0])).numpy().tolist()
        [-0.0, 0.0, 40.0]

    Reference:
        Hendrycks and Gimpel (2016), Gaussian error linear units (GELUs),
        arXiv:1606.08415.
    """
    # Not 1 + erf(x): where the two nearly cancel, few digits are left. In half
    # precision x / 2^0.5 has too few digits to begin with.
    wide = tf.cast(x, tf.float32) if x.dtype.size < 4 else x
    return tf.cast(0.5 * wide * tf.math.erfc(-wide / 2**0.5), x.dtype)


@activation
def silu(x: tf.Tensor) -> tf.Tensor:
    r"""Sigmoid linear unit, $f(x) = x \, \sigma(x)$; also called swish.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with numbers above -0.28.

    Example:
        >>> silu(tf.constant([0.0, 100.0])).numpy().tolist()
        [0.0, 100.0]

    Reference:
        Elfwing, Uchibe and Doya (2018), Sigmoid-weighted linear units for neural
        network function approximation in reinforcement learning, Neural Networks 107.
    """
    return x * sigmoid(x)


@activation
def softplus(x: tf.Tensor) -> tf.Tensor:
    r"""Smooth version of ReLU, $f(x) = \ln(1 + e^x)$.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with positive numbers.

    Example:
        >>> [round(float(y), 3) for y in softplus(tf.constant([-200.0, 0.0, 200.0]))]
        [0.0, 0.693, 200.0]

    Reference:
        Dugas, Bengio, Bélisle, Nadeau and Garcia (2001), Incorporating second-order
        functional knowledge for better option pricing, NeurIPS.
    """
    return tf.math.softplus(x)


@activation
def softsign(x: tf.Tensor) -> tf.Tensor:
    """Squash to (-1, 1) with slow tails, $f(x) = x / (1 + |x|)$.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with numbers between -1 and 1.

    Example:
        >>> softsign(tf.constant([-3.0, 1.0])).numpy().tolist()
        [-0.75, 0.5]

    Reference:
        Glorot and Bengio (2010), Understanding the difficulty of training deep
        feedforward neural networks, AISTATS.
    """
    # Not x / (1 + |x|): the tape would take its slope for the difference of two numbers
    # that are nearly equal for large x. In half precision x^2 would overflow.
    wide = tf.cast(x, tf.float32) if x.dtype.size < 4 else x
    return tf.cast(tf.nn.softsign(wide), x.dtype)


@activation
def sigmoid(x: tf.Tensor) -> tf.Tensor:
    r"""Squash to (0, 1), $\sigma(x) = 1 / (1 + e^{-x})$.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with numbers between 0 and 1.

    Example:
        >>> sigmoid(tf.constant([-200.0, 0.0, 200.0])).numpy().tolist()
        [0.0, 0.5, 1.0]

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 3.10.
    """
    # Not 1 / (1 + e^-x): e^-x overflows at x = -89, and the gradient there would be
    # inf / inf.
    return tf.math.sigmoid(x)


@activation
def tanh(x: tf.Tensor) -> tf.Tensor:
    """Squash to (-1, 1), $f(x) = (e^x - e^{-x}) / (e^x + e^{-x})$.

    Args:
        x: A tensor of any shape.

    Returns:
        A tensor of the same shape, with numbers between -1 and 1.

    Example:
        >>> tanh(tf.constant([-100.0, 0.0, 100.0])).numpy().tolist()
        [-1.0, 0.0, 1.0]

    Reference:
        LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, in Neural Networks:
        Tricks of the Trade, Springer.
    """
    return tf.math.tanh(x)


@activation
def softmax(x: tf.Tensor) -> tf.Tensor:
    r"""Turn the last axis into probabilities, $f(x)_i = e^{x_i} / \sum_j e^{x_j}$.

    Args:
        x: A tensor of logits, of rank 1 or more.

    Returns:
        A tensor of the same shape; the numbers along its last axis are positive and sum
        to 1.

    Example:
        >>> softmax(tf.constant([0.0, 0.0, 1000.0])).numpy().tolist()
        [0.0, 0.0, 1.0]

    Reference:
        Bridle (1990), Probabilistic interpretation of feedforward classification
        network outputs, Neurocomputing, Springer.
    """
    # Subtracting the largest logit cancels in the fraction and keeps e^x from
    # overflowing.
    exponentials = tf.exp(x - tf.reduce_max(x, axis=-1, keepdims=True))
    return exponentials / tf.reduce_sum(exponentials, axis=-1, keepdims=True)


FUNCTIONS: dict[str, Callable] = {
    function.__name__: function
    for function in (
        linear,
        relu,
        leaky_relu,
        elu,
        selu,
        gelu,
        silu,
        softplus,
        softsign,
        sigmoid,
        tanh,
        softmax,
    )
}
"""Every activation of this module by its name."""


def get(identifier: str | Callable | dict[str, Any] | None) -> Callable:
    """Look an activation up.

    Args:
        identifier: The name of a function of this module, any callable, what
            `serialize` made of one, or `None` for `linear`.

    Returns:
        The function.

    Raises:
        ValueError: If no activation has that name; the message lists the names, and the
            nearest one.
        TypeError: If the identifier is neither a name nor a callable.

    Example:
        >>> get("relu") is relu, get(None) is linear
        (True, True)
    """
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if callable(identifier):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            f"activation: expected a name, a callable or None, got {identifier!r}; "
            f"pass a name such as 'relu' or a function of one tensor"
        )
    if identifier not in FUNCTIONS:
        (nearest,) = difflib.get_close_matches(identifier, FUNCTIONS, n=1, cutoff=0)
        raise ValueError(
            f"activation: expected one of {', '.join(FUNCTIONS)}, got {identifier!r}; "
            f"did you mean {nearest!r}?"
        )
    return FUNCTIONS[identifier]


def serialize(activation: Callable) -> str | dict[str, Any]:
    """Describe an activation so that `get` finds it again, for a layer's `get_config`.

    Args:
        activation: A function of this module, or a callable that Keras can serialize.

    Returns:
        The function's name, or for other callables Keras's description of it.

    Example:
        >>> serialize(relu)
        'relu'
    """
    name = getattr(activation, "__name__", "")
    if FUNCTIONS.get(name) is activation:
        return name
    return keras.saving.serialize_keras_object(activation)


SURVEY = pd.DataFrame(
    columns=[
        "function",
        "range",
        "monotone",
        "saturates",
        "gradient at 0",
        "zero-gradient region",
        "paper",
    ],
    data=[
        ("linear", "(-∞, ∞)", True, "no", 1.0, "none", "none"),
        ("relu", "[0, ∞)", True, "below", 0.0, "x ≤ 0", "Nair and Hinton 2010"),
        ("leaky_relu", "(-∞, ∞)", True, "no", 0.2, "none", "Maas et al. 2013"),
        ("elu", "(-1, ∞)", True, "below", 1.0, "none", "Clevert et al. 2016"),
        ("selu", "(-1.76, ∞)", True, "below", 1.7581, "none", "Klambauer et al. 2017"),
        (
            "gelu",
            "[-0.17, ∞)",
            False,
            "below",
            0.5,
            "one point, x ≈ -0.75",
            "Hendrycks and Gimpel 2016",
        ),
        (
            "silu",
            "[-0.28, ∞)",
            False,
            "below",
            0.5,
            "one point, x ≈ -1.28",
            "Elfwing et al. 2018",
        ),
        ("softplus", "(0, ∞)", True, "below", 0.5, "none", "Dugas et al. 2001"),
        (
            "softsign",
            "(-1, 1)",
            True,
            "both sides",
            1.0,
            "none",
            "Glorot and Bengio 2010",
        ),
        (
            "sigmoid",
            "(0, 1)",
            True,
            "both sides",
            0.25,
            "none",
            "Goodfellow et al. 2016",
        ),
        ("tanh", "(-1, 1)", True, "both sides", 1.0, "none", "LeCun et al. 1998"),
        ("softmax", "(0, 1)", True, "both sides", float("nan"), "none", "Bridle 1990"),
    ],
).set_index("function")
"""The twelve functions in a table.

Its columns are range, monotone, saturates, gradient at 0, zero-gradient region, paper.

The gradient of `softmax` at 0 depends on the number of logits, hence NaN.
"""

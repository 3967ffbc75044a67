"""Checks for the exercises of the page *Layers*."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.exercises._answers import letters

__all__ = [
    "collapse_with_bias",
    "equal_units",
    "feature_scale",
    "num_weights",
    "remembering_linear",
    "wide_rank",
]


def num_weights(answer: Any) -> str | None:
    """Check the number of weights of a chain 13 → 8 → 8 → 1 without biases.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> num_weights(17)
        'those are the units, 8 + 8 + 1; each has a weight to every one of its inputs'
    """
    if isinstance(answer, list | tuple):
        return "one number is wanted; add up the weights of the layers"
    number = np.asarray(answer)
    if number.ndim or number.dtype.kind not in "iuf" or number != np.round(number):
        return "a count is a whole number, such as 18"
    hints = {
        17: "those are the units, 8 + 8 + 1; each has a weight to every one of its "
        "inputs",
        30: "those are the circles of the picture; count its lines",
        193: "that counts a bias for each unit; these layers have none",
        832: "one layer's weights do not multiply another's; add the layers up",
        168: "the last layer has weights too, one for each of its 8 inputs",
        112: "the second layer has weights too, 8 for each of its 8 units",
    }
    if number != 13 * 8 + 8 * 8 + 8 * 1:
        return hints.get(int(number), "add up inputs times units, layer by layer")
    return None


def wide_rank(answer: Any) -> str | None:
    """Check the shapes that a layer of 4 units makes of an input of shape (7, 32, 5).

    Args:
        answer: A pair of shapes (tuples or lists): the kernel's, and the output's.

    Returns:
        `None` if both are right, else a hint.

    Example:
        >>> wide_rank(((5, 4), (7, 4)))
        'the kernel is right; only the last axis changes, the others all stay'
    """
    try:
        kernel, output = (tuple(int(size) for size in shape) for shape in answer)
    except (TypeError, ValueError):
        return "two shapes are wanted, such as ((2, 3), (4, 5, 6))"
    if (kernel, output) == ((7, 32, 4), (5, 4)):
        return "the shapes are right; put the kernel's first, and the output's second"
    if kernel == (4, 5):
        return "inputs come first in a kernel's shape, and units second"
    if kernel != (5, 4):
        return f"the kernel's shape is (last axis of the input, units), not {kernel}"
    if output != (7, 32, 4):
        return "the kernel is right; only the last axis changes, the others all stay"
    return None


def equal_units(answer: Any) -> str | None:
    """Check which of four starts leave the hidden units equal for ever.

    Args:
        answer: A string of letters from A to D, or a list or set of them.

    Returns:
        `None` if they are the right ones, else a hint.

    Example:
        >>> equal_units("A")
        'one more: where both gradients are zero, nothing moves'
    """
    given = letters(answer, "ABCD")
    if given is None:
        return 'answer with letters from A to D, such as "BC"'
    if "B" in given:
        return (
            "in B column j of the first gradient has the factor W₂[j], and these differ"
        )
    if "C" in given:
        return (
            "in C the columns of W₁ differ at the start; what should make them equal?"
        )
    if not given:
        return "two of them do; look for a start in which no unit differs from another"
    if "A" not in given:
        return "one more: equal columns of W₁ and equal weights of W₂ get equal steps"
    if "D" not in given:
        return "one more: where both gradients are zero, nothing moves"
    return None


def _unfinished(answer: Any) -> str | None:
    """Say what an answer lacks to be a layer: the class, or what it computes."""
    if not (isinstance(answer, type) and issubclass(answer, keras.layers.Layer)):
        return "a class is wanted that inherits from keras.layers.Layer"
    if getattr(answer, "call", None) is not keras.layers.Layer.call:
        return None
    if getattr(answer, "build", None) is keras.layers.Layer.build:
        return "nothing to check yet; a layer needs a build and a method call"
    return "a layer needs a method call; this one has none yet"


def remembering_linear(answer: Any) -> str | None:
    """Check a linear layer that makes its kernel once and keeps it.

    Args:
        answer: A subclass of `keras.layers.Layer`, made with the number of units.

    Returns:
        `None` if it has one trainable kernel and multiplies with it, else a hint.

    Example:
        >>> remembering_linear(keras.layers.ReLU)
        'after the first call it has no weight; make one in build, with add_weight'
    """
    if hint := _unfinished(answer):
        return hint
    layer, x = answer(2), tf.constant([[1.0, 2.0, 3.0]])
    if layer.weights:
        return "a new layer has weights already; make them in build, not in __init__"
    output = layer(x)
    if not layer.weights:
        return (
            "after the first call it has no weight; make one in build, with add_weight"
        )
    shapes = [tuple(weight.shape) for weight in layer.weights]
    if shapes != [(3, 2)]:
        return f"for 3 features and 2 units a kernel (3, 2) is wanted, got {shapes}"
    if not layer.trainable_weights:
        return "the kernel is kept, but it is not trainable, so nothing can learn it"
    if output.shape != (1, 2):
        return f"of an input of shape (1, 3) it made the shape {output.shape}"
    layer.set_weights([np.array([[1.0, 0.0], [0.0, 1.0], [10.0, 0.0]])])
    if not np.allclose(layer(x), [[31, 2]]):
        return (
            "there is a kernel now, but the output does not follow it; use it in call"
        )
    if not np.allclose(layer(x * [[1.0, -1.0, 1.0]]), [[31, -2]]):
        return "of the features 1, -2, 3 it should make 31, -2; only multiply"
    if not np.allclose(layer(np.eye(2, 3)), [[1, 0], [0, 1]]):
        return "of two rows it should make two, each from its own row; only multiply"
    with tf.GradientTape() as tape:
        output = layer(x)
    if tape.gradient(output, layer.trainable_variables) == [None]:
        return (
            "the output follows the kernel, but no gradient reaches it; multiply with "
            "the kernel itself"
        )
    return _not_lazy(answer(2))


def _not_lazy(layer: keras.layers.Layer) -> str | None:
    """Say that a layer takes 3 features only, if it does."""
    try:
        layer(tf.ones((2, 4)))
        wide = 4 in layer.weights[0].shape
    except (ValueError, tf.errors.InvalidArgumentError):
        wide = False
    if wide:
        return None
    return "it works for 3 features and not for 4; take their number from input_shape"


def collapse_with_bias(answer: Any) -> str | None:
    """Check a function that makes one kernel and one bias of two layers with biases.

    Args:
        answer: A function of `W1, b1, W2, b2`.

    Returns:
        `None` if the pair it returns predicts what the two layers predict, else a hint.

    Example:
        >>> collapse_with_bias(lambda w1, b1, w2, b2: (w1 @ w2, b2))
        'the kernel is right; the first bias goes through the second layer and is lost'
    """
    rng = np.random.default_rng(0)
    w1, w2 = rng.standard_normal((5, 3)), rng.standard_normal((3, 2))
    b1, b2 = rng.standard_normal(3), rng.standard_normal(2)
    made = answer(w1, b1, w2, b2)
    if not isinstance(made, tuple | list) or len(made) != 2:
        return "return two things, a kernel and a bias: return W, b"
    kernel, bias = map(np.asarray, made)
    if bias.shape == (1, 2):
        bias = bias[0]  # a row; it predicts the same
    if kernel.shape != (5, 2) or not np.allclose(kernel, w1 @ w2):
        return (
            f"the kernel should be W1 @ W2, of shape (5, 2); got shape {kernel.shape}"
        )
    if bias.shape == b2.shape and np.allclose(bias, b2):
        return (
            "the kernel is right; the first bias goes through the second layer and is "
            "lost"
        )
    if bias.shape != b2.shape:
        return (
            f"the bias needs one number per unit, shape (2,), got {bias.shape}; b1 has "
            "to pass the second kernel first"
        )
    if not np.allclose(bias, b1 @ w2 + b2):
        return "multiply out (x W1 + b1) W2 + b2: which terms are without x?"
    return None


def feature_scale(answer: Any) -> str | None:
    """Check a lazy layer that multiplies each feature with a weight of its own.

    Args:
        answer: A subclass of `keras.layers.Layer` without arguments.

    Returns:
        `None` if it makes its weights at the first call and scales, else a hint.

    Example:
        >>> feature_scale(keras.layers.Identity)
        'after the first call it has no weight; make one in build, with add_weight'
    """
    if hint := _unfinished(answer):
        return hint
    layer = answer()
    if layer.weights:
        return "a new layer has weights already; make them in build, not in __init__"
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    output = layer(x)
    if not layer.weights:
        return (
            "after the first call it has no weight; make one in build, with add_weight"
        )
    if len(layer.weights) > 1 or tuple(layer.weights[0].shape) not in {(3,), (1, 3)}:
        shapes = [tuple(weight.shape) for weight in layer.weights]
        return f"for 3 features one weight of shape (3,) is wanted, got {shapes}"
    if output.shape != x.shape:
        return f"of an input of shape (2, 3) it made the shape {output.shape}; use *"
    if not np.allclose(output, x):
        return "a new layer should leave the features alone; start the weights at ones"
    layer.set_weights([np.reshape([1.0, 0.0, -2.0], layer.weights[0].shape)])
    if not np.allclose(layer(x), x * [1.0, 0.0, -2.0]):
        return "with weights 1, 0, -2 the row 1, 2, 3 should become 1, 0, -6"
    if not np.allclose(layer(-x), -x * [1.0, 0.0, -2.0]):
        return "with weights 1, 0, -2 the row -1, -2, -3 should become -1, 0, 6"
    if not layer.trainable_weights:
        return "it scales, but the weight is not trainable, so nothing can learn it"
    return _not_lazy(answer())

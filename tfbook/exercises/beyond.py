"""Checks for the exercises of the page *Beyond a chain*."""

import itertools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "shared_count",
    "skip_factors",
    "symmetric_model",
    "training_norms",
    "widening_block",
]


def shared_count(answer: Any) -> str | None:
    """Check how many weights a model has whose first layer reads two inputs.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> shared_count(113)
        'the first layer is called twice, but has its weights once'
    """
    hints = {
        113: "the first layer is called twice, but has its weights once",
        57: "the last layer reads both outputs, 16 numbers and not 8",
        105: "count the first layer once, and all 16 inputs of the last one",
        56: "the biases count too, of both layers",
        64: "the last layer has a bias too",
        48: "that is the first layer; add the last one",
    }
    if float(answer) != 65:
        exact = hints if float(answer) % 1 == 0 else {}
        return exact.get(int(answer), "count a kernel and a bias for each layer")
    return None


def skip_factors(answer: Any) -> str | None:
    """Check the factors of a gradient through ten blocks, without and with skips.

    Args:
        answer: A pair of numbers, for the chain and for the skips.

    Returns:
        `None` if both are right, else a hint.

    Example:
        >>> skip_factors((0.25**10, 3.5))
        'with skips the ten factors 1 + 1/4 are multiplied, not added up'
    """
    pair = np.asarray(answer, dtype=float)
    if pair.shape != (2,):
        return "expected a pair, for the chain and for the skips"
    chain, skips = pair.tolist()
    if np.allclose([chain, skips], [1.25**10, 0.25**10], rtol=1e-3, atol=0):
        return "exchange the two; the chain comes first"
    if np.isclose(chain, 2.5):
        return "in a chain the ten factors are multiplied, not added up"
    if not np.isclose(chain, 0.25**10, rtol=1e-2, atol=0):
        return "the slope of h/4 is 1/4, once for each of ten blocks"
    if np.isclose(skips, 3.5) or np.isclose(skips, 12.5):
        return "with skips the ten factors 1 + 1/4 are multiplied, not added up"
    if np.isclose(skips, 1 + 0.25**10, rtol=1e-9):
        return "each block has a skip of its own, so the 1 is in each of the factors"
    if not np.isclose(skips, 1.25**10, rtol=1e-2):
        return "the slope of h + h/4 is 1 + 1/4, once for each of ten blocks"
    return None


def widening_block(answer: Any) -> str | None:
    """Check a block with a skip that may change the width.

    Args:
        answer: A function of a `KerasTensor` and a number of units.

    Returns:
        `None` if it adds what it should at an equal and at another width, else a hint.

    Example:
        >>> widening_block(lambda h, units: keras.layers.Dense(units, "relu")(h))
        'from 4 features to 4 there is no skip; add h to the output of the layer'
    """
    for features, units in ((4, 4), (4, 7), (7, 7), (6, 3)):
        case = f"from {features} features to {units}"
        x = np.random.default_rng(0).standard_normal((6, features)).astype(np.float32)
        inputs = keras.Input((features,))
        given = answer(inputs, units)
        if not isinstance(given, keras.KerasTensor):
            return f"expected a KerasTensor, got {type(given).__name__}; call layers"
        if tuple(given.shape) != (None, units):
            return f"{case} it made the shape {tuple(given.shape)}, not (None, {units})"
        model = keras.Model(inputs, given)
        shapes = sorted(tuple(weight.shape) for weight in model.weights)
        kernel = (features, units)
        wanted = sorted([kernel, (units,)] + [kernel] * (units != features))
        if units == features and shapes == sorted([kernel, (units,), kernel]):
            return f"{case} the skip needs no layer; add h as it is"
        if shapes == sorted([kernel, (units,)] * 2):
            return "the layer in the skip should have no bias"
        dense = [each for each in model.layers if isinstance(each, keras.layers.Dense)]
        rng = np.random.default_rng(1)
        values = [rng.standard_normal(weight.shape) for weight in model.weights]
        model.set_weights(values)
        by_layer = [each.get_weights() for each in dense]
        inner = [w for w in by_layer if len(w) == 2]
        outer = [w[0] for w in by_layer if len(w) == 1]
        found = np.asarray(model(x))
        if len(inner) == 1:
            z = x @ inner[0][0] + inner[0][1]
            skip = x if units == features else x @ outer[0] if outer else 0 * z
            if np.allclose(found, np.maximum(z, 0) + skip, atol=1e-4) and np.any(skip):
                continue
            if np.allclose(found, np.maximum(z, 0), atol=1e-4):
                return f"{case} there is no skip; add h to the output of the layer"
            if np.allclose(found, z + skip, atol=1e-4):
                return "the layer in the block should have the activation relu"
            if np.allclose(found, np.maximum(z + skip, 0), atol=1e-4):
                return "relu comes before the sum, so that the skip stays as it is"
            if np.allclose(found, np.maximum(z, 0) + np.maximum(skip, 0), atol=1e-4):
                return "the layer in the skip should have no activation"
        if shapes != wanted:
            return f"{case} its weights have the shapes {shapes}"
        return f"{case} it is not relu(x W + b) plus the skip"
    return None


def symmetric_model(answer: Any) -> str | None:
    """Check a model of two inputs whose order does not matter.

    Args:
        answer: A function that makes the model, or the model.

    Returns:
        `None` if both orders have one output, for any weights, else a hint.

    Example:
        >>> left, right = keras.Input((3,)), keras.Input((3,))
        >>> joined = keras.layers.Concatenate()([left, right])
        >>> symmetric_model(keras.Model([left, right], keras.layers.Dense(1)(joined)))
        'exchanged inputs change the output; join them by a sum, not a concatenation'
    """
    model = answer if isinstance(answer, keras.Model) else answer()
    if not isinstance(model, keras.Model):
        return f"expected a keras.Model, got {type(model).__name__}"
    if len(model.inputs) != 2:
        return f"expected two inputs, got {len(model.inputs)}; pass a list of both"
    rng = np.random.default_rng(0)
    one, two, other = rng.standard_normal((3, 6, 3)).astype(np.float32)
    found = np.asarray(model([one, two]))
    if found.shape != (6, 1):
        return f"for 6 rows it returns the shape {found.shape}, not (6, 1)"
    if not model.weights:
        return "the model has no weights; let a shared layer read both inputs"
    for scale in (1.0, 0.5):
        model.set_weights([scale * rng.standard_normal(w.shape) for w in model.weights])
        found = np.asarray(model([one, two]))
        changed = [np.asarray(model(pair)) for pair in ([other, two], [one, other])]
        if not np.allclose(found, np.asarray(model([two, one])), atol=1e-4):
            if any(isinstance(e, keras.layers.Concatenate) for e in model.layers):
                return (
                    "exchanged inputs change the output; join them by a sum, not a "
                    "concatenation"
                )
            return "exchanged inputs change the output; read both with the same layer"
        if any(np.allclose(found, each, atol=1e-6) for each in changed):
            return "the output does not depend on both inputs"
    return None


def training_norms(answer: Any) -> str | None:
    """Check the lengths of the gradients of kernels, as they are in training.

    Args:
        answer: A function of a model, features and targets.

    Returns:
        `None` if it measures with the statistics of the batch, else a hint.

    Example:
        >>> training_norms(lambda model, x, y: [1.0])
        'expected one number for each of 3 Dense kernels, got 1'
    """
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([keras.Input((3,))])
    for _ in range(2):
        model.add(layers.Dense(4, use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
    model.add(layers.Dense(1, use_bias=False))
    rng = np.random.default_rng(0)
    x = (5 * rng.standard_normal((20, 3))).astype(np.float32)
    y = rng.standard_normal((20, 1)).astype(np.float32)
    kernels = [each.kernel for each in model.layers if isinstance(each, layers.Dense)]
    start = model.get_weights()

    def lengths(training: bool) -> list[tf.Tensor]:
        model.set_weights(start)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=training) - y) ** 2)
        return tape.gradient(loss, kernels)

    right = [float(tf.norm(each)) for each in lengths(True)]
    testing = [float(tf.norm(each)) for each in lengths(False)]
    squares = [value**2 for value in right]
    model.set_weights(start)
    given = np.ravel(np.asarray([float(each) for each in answer(model, x, y)]))
    if given.shape != (3,):
        return f"expected one number for each of 3 Dense kernels, got {given.size}"
    for wrong, hint in itertools.chain(
        [(testing, "so it is in testing; call the model with training=True")],
        [(squares, "those are squared lengths; take the root")],
        [(right[::-1], "the first kernel should come first")],
    ):
        if np.allclose(given, wrong, rtol=1e-3):
            return hint
    if not np.allclose(given, right, rtol=1e-3):
        ratio = given / right
        if np.allclose(ratio, ratio[0], rtol=1e-3):
            return "all are off by one factor; the loss is the mean over the rows"
        return "not the lengths of the gradients of the mean squared error"
    return None

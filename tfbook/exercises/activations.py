"""Checks for the exercises of the page *Activations*."""

import dis
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

__all__ = [
    "absolute",
    "can_bend",
    "compiled_call",
    "hat",
    "piece_slopes",
    "steps_at_best_rate",
]


def _values(answer: Any, z: list[float]) -> np.ndarray:
    """Return what a function computes for a float32 tensor, as an array."""
    return np.asarray(answer(tf.constant(z)))


def _has_relu(answer: Any) -> bool:
    """Say whether a function of a tensor has a ReLU in it, under any of its names."""
    function = getattr(answer, "python_function", answer)
    try:
        traced = tf.function(lambda z: function(z), autograph=False)
        graph = traced.get_concrete_function(tf.TensorSpec([3])).graph
    except Exception:  # computed by NumPy, which cannot be traced
        return _has_relu_of_numpy(function)
    without = {"Abs", "Sign", "Sqrt"}  # an absolute value by another way
    if any(operation.type in without for operation in graph.get_operations()):
        return False
    choices = {"Maximum", "Select", "SelectV2"}  # with a zero they are a ReLU too
    zeros = {"Const", "ZerosLike", "Fill"}
    return any(
        operation.type in {"Relu", "PartitionedCall", "StatefulPartitionedCall"}
        or (
            operation.type in choices
            and any(tensor.op.type in zeros for tensor in operation.inputs)
        )
        for operation in graph.get_operations()
    )


def _has_relu_of_numpy(function: Any) -> bool:
    """Say whether a function may have a ReLU: it compares with zero, not with `-z`."""
    code = getattr(function, "__code__", None)
    if code is None or {"abs", "absolute", "fabs", "sign", "sqrt"} & {*code.co_names}:
        return False
    constants = [
        each.argval
        for each in dis.get_instructions(code)
        if each.opname == "LOAD_CONST"
    ]
    zeros = sum(type(each) in (int, float) and each == 0 for each in constants)
    # What it calls may compare with zero; without a call, each of the two sides does.
    if "maximum" in code.co_names:
        return zeros > 0
    return "where" not in code.co_names or zeros > 1


def absolute(answer: Any) -> str | None:
    """Check an absolute value made of ReLUs.

    Args:
        answer: A function of a tensor.

    Returns:
        `None` if it returns the absolute value, else a hint.

    Example:
        >>> absolute(lambda z: tf.nn.relu(z))
        'of -3.0 it made 0; a second ReLU has to catch the negative side'
    """
    values = _values(answer, [-3.0, 0.0, 4.0])
    if values.shape != (3,):
        return f"of 3 numbers it made the shape {values.shape}; the shape should stay"
    if values[2] == 4 and values[0] == 0:
        return "of -3.0 it made 0; a second ReLU has to catch the negative side"
    if values[0] == -3:
        return "relu(z) - relu(-z) is z itself; the two sides have to be added"
    if not np.allclose(values, [3, 0, 4]):
        return f"of -3, 0, 4 it made {values}; the absolute values are 3, 0, 4"
    if not _has_relu(answer):
        return "the values are right, but no ReLU is in it; build it from two of them"
    return None


def hat(answer: Any) -> str | None:
    """Check a hat: 0 up to 0, 1 at 1, 0 again from 2 on, straight between.

    Args:
        answer: A function of a tensor.

    Returns:
        `None` if it has that form, else a hint.

    Example:
        >>> hat(lambda z: tf.nn.relu(z) - tf.nn.relu(z - 1))
        'right up to 1, but at 2.0 it is 1; after the bend at 1 it has to fall'
    """
    z = [-3.0, 0.0, 0.5, 1.0, 1.5, 2.0, 5.0]
    values = _values(answer, z)
    if values.shape != (7,):
        return f"of 7 numbers it made the shape {values.shape}; the shape should stay"
    wrong = ~np.isclose(values, [0, 0, 0.5, 1, 0.5, 0, 0], atol=1e-6)
    if not wrong.any():
        fine = np.linspace(-20, 20, 401, dtype=np.float32)
        apart = _values(answer, fine.tolist()) - np.interp(fine, [0, 1, 2], [0, 1, 0])
        if abs(apart).max() > 1e-4:
            place = int(abs(apart).argmax())
            at = f"{fine[place]:.1f} it is off by {apart[place]:.3g}"
            return f"right at {z}, but at {at}"
        return None
    if wrong[:4].any():
        first = int(np.argmax(wrong))
        return (
            f"at {z[first]} it is {values[first]:.4g}; it should be 0 up to 0 and then "
            "rise to 1 at 1"
        )
    if np.isclose(values[5], 1):
        return "right up to 1, but at 2.0 it is 1; after the bend at 1 it has to fall"
    if wrong[6] and not wrong[:6].any():
        value = f"at 5.0 it is {values[6]:.4g}"
        return f"right up to 2, but {value}; a third bend should stop the fall"
    return f"right up to 1, but at 1.5 it is {values[4]:.4g} instead of 0.5"


def piece_slopes(answer: Any) -> str | None:
    """Check the slopes of a curve that three units with ReLU add up to.

    Args:
        answer: The slopes of the four pieces, from left to right.

    Returns:
        `None` if they are right, else a hint.

    Example:
        >>> piece_slopes([-2, -1, 1, -1])
        'the third unit is relu(2 x - 4): its slope is 2 before it is multiplied by -2'
    """
    if np.shape(answer) != (4,):
        return "four slopes in a list are wanted, one for each piece"
    slopes = np.array(answer, float)
    if np.allclose(slopes, [-2, -1, 1, -3]):
        return None
    hints = {
        (-2, -1, 1, -1): (
            "the third unit is relu(2 x - 4): its slope is 2 before it is multiplied "
            "by -2"
        ),
        (0, 1, 3, -1): "relu(1 - x) is positive on the left of its bend, where x < 1",
        (2, 3, 1, -3): "1 - x falls where x rises, so the slope of relu(1 - x) is -1",
        (-1, 0, 1, -3): "the second unit is multiplied by 2, its slope too",
        (-2, -1, 1, 5): "the third unit is multiplied by -2; it pulls the curve down",
        (-2, 1, 0, -4): "a piece is the sum of all units that are positive there",
        (-3, 1, -1, -2): "the slopes are right; list them from left to right",
    }
    for wrong, hint in hints.items():
        if np.allclose(slopes, wrong):
            return hint
    piece = int(np.argmax(~np.isclose(slopes, [-2, -1, 1, -3])))
    where = ["left of 0", "from 0 to 1", "from 1 to 2", "right of 2"][piece]
    return f"{where} it is not {slopes[piece]:g}; which units are positive there?"


def can_bend(answer: Any) -> str | None:
    """Check which of five functions keep two linear layers from being one.

    Args:
        answer: A list of five booleans.

    Returns:
        `None` if all are right, else a hint for the first that is wrong.

    Example:
        >>> can_bend([False, True, True, False, True])
        'function 2: its graph is a straight line, and so is a sum of such lines'
    """
    if np.shape(answer) != (5,):
        return "five answers in a list are wanted, True or False for each function"
    if np.asarray(answer).dtype.kind not in "biuf":
        return "write True and False without quotation marks"
    right = [False, False, True, False, True]
    hints = [
        "it multiplies all numbers by the same 3, as a larger weight would",
        "its graph is a straight line, and so is a sum of such lines",
        "the square of a line is a parabola, which is not straight",
        "try a positive and a negative number: both come back as they were",
        "it is the absolute value, with a bend at 0",
    ]
    for number, (given, wanted) in enumerate(zip(answer, right, strict=True)):
        if given != wanted:
            return f"function {number + 1}: {hints[number]}"
    return None


def compiled_call(answer: Any) -> str | None:
    """Check three statements on a model with a compiled `call`.

    Args:
        answer: A list of three booleans.

    Returns:
        `None` if all are right, else a hint for the first that is wrong.

    Example:
        >>> compiled_call([True, False, True])
        'statement 1: set the weights to 0 and call it; does the graph read them?'
    """
    if np.shape(answer) != (3,):
        return "three answers in a list are wanted, True or False for each statement"
    if np.asarray(answer).dtype.kind not in "biuf":
        return "write True and False without quotation marks"
    hints = [
        "set the weights to 0 and call it; does the graph read them?",
        "ask a tape; a graph that reads no weight leaves no path to one",
        "take the line away and try both again; plain Python reads the weights",
    ]
    right = [False, False, True]
    for number, (given, wanted) in enumerate(zip(answer, right, strict=True)):
        if given != wanted:
            return f"statement {number + 1}: {hints[number]}"
    return None


def steps_at_best_rate(answer: Any) -> str | None:
    """Check a comparison that gives each activation its own best rate.

    Args:
        answer: A function of a table of steps, one row per seed, with one column for
            each pair of an activation and a rate.

    Returns:
        `None` if it returns the median at the best rate of each activation, else a
        hint.

    Example:
        >>> steps_at_best_rate(lambda t: {k: t[k, 0.1].median() for k in ("a", "b")})
        'both have the same rate; each activation has a best rate of its own'
    """
    rates = (0.1, 0.2, 0.3)
    columns = pd.MultiIndex.from_product([("a", "b"), rates])
    rows = [
        [90, 30, 90, 50, 20, 60],
        [80, 400, 90, 45, 30, 65],
        [75, 20, 90, 40, 99, 10],
        [90, 35, 99, 41, 70, 55],
        [72, 40, 20, 42, 98, 99],
    ]
    table = pd.DataFrame(rows, columns=columns)
    found = answer(table.copy())
    if not isinstance(found, dict | pd.Series):
        return "a dictionary is wanted, with one number for each activation"
    if sorted(found.keys(), key=str) != ["a", "b"]:
        return f"for the activations a and b it has the keys {[*found.keys()]}"
    if not all(np.ndim(found[kind]) == 0 for kind in "ab"):
        return "one number is wanted for each activation"
    got = np.array([found["a"], found["b"]], float)

    def like(wanted: Any) -> bool:
        return np.allclose(got, wanted)

    medians = table.median()
    best = medians.groupby(level=0)  # of each activation, over its rates
    if like(best.min()):
        return None
    if any(like(medians.xs(rate, level=1)) for rate in rates):
        return "both have the same rate; each activation has a best rate of its own"
    if like(medians[table.mean().groupby(level=0).idxmin()]):
        return "the rate was chosen by the mean; choose it by the median as well"
    if like(table.min().groupby(level=0).min()):
        return "it takes the luckiest seed; take the median over the seeds first"
    if like(table.T.groupby(level=0).min().T.median()):
        return "each seed chose a rate of its own; take the median over the seeds first"
    if like([np.median(table[kind]) for kind in "ab"]):
        return "that is the median over all rates; take it for each rate, then the best"
    if like(table.mean().groupby(level=0).min()):
        return "that is the mean over the seeds; one run that fails moves it far"
    if like([rate for _, rate in best.idxmin()]):
        return "these are the best rates; the steps at those rates are wanted"
    if like(best.max()):
        return "fewer steps are better: take the smallest median, not the largest"
    return f"for a it is {got[0]:g}, and {best.min()['a']:g} is right"

"""Checks for the exercises of the page *Your loop and Keras's*."""

from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfbook.exercises._answers import letters

__all__ = [
    "flaws",
    "history_table",
    "last_epoch",
    "penalty_step",
    "silent_targets",
    "weighted_odds",
]


def last_epoch(answer: Any) -> str | None:
    """Check where early stopping ends the losses 9, 7, 6, 8, 5, 6, 7, 4.

    Args:
        answer: A pair: the last epoch, and the one whose weights come back.

    Returns:
        `None` if it is (7, 5), else a hint.

    Example:
        >>> last_epoch((8, 8))
        'the run ends before it gets to the 4; count the epochs without improvement'
    """
    hints = {
        (8, 8): "the run ends before it gets to the 4; count the epochs without "
        "improvement",
        (6, 4): "that counts epochs from 0, as callbacks do; count from 1",
        (7, 7): "it puts back the best weights, and not the last ones",
        (4, 3): "one epoch without improvement is not two; the patience is 2",
        (5, 3): "epoch 5 is better than epoch 3, so the count starts again there",
        (6, 5): "after one epoch without improvement it goes on; the patience is 2",
        (5, 5): "nobody knows at epoch 5 that it is the best; two more are needed",
        (5, 7): "the other way round: first the last epoch, and then the best",
    }
    try:
        pair = tuple(map(int, answer))
    except (TypeError, ValueError):
        return "expected a pair of whole numbers, such as (8, 8)"
    if len(pair) != 2:
        return f"expected a pair of whole numbers, got {len(pair)} of them"
    if pair == (7, 5):
        return None
    return hints.get(pair, "go through the losses, and note the best one so far")


def history_table(answer: Any) -> str | None:
    """Check a function that turns Keras's history into the table of `train`.

    Args:
        answer: A function of the dictionary `History.history`, to a DataFrame.

    Returns:
        `None` if names, index and values are those of `train`, else a hint.

    Example:
        >>> history_table(pd.DataFrame)
        "column 'loss' is named as in Keras; it is 'training_loss' in a table of train"
    """
    values = {
        "loss": [3.0, 2.0],
        "val_loss": [4.0, 5.0],
        "interval_error": [0.5, 0.25],
        "val_interval_error": [1.0, 2.0],
    }
    names = [
        "training_loss",
        "validation_loss",
        "training_interval_error",
        "validation_interval_error",
    ]
    table = answer(dict(values))
    if not isinstance(table, pd.DataFrame):
        return f"expected a DataFrame, got {type(table).__name__}"
    columns = list(table.columns)
    for theirs, ours in zip(values, names, strict=True):
        if theirs in columns:
            return (
                f"column {theirs!r} is named as in Keras; it is {ours!r} in a table of "
                "train"
            )
        if ours not in columns:
            return f"there is no column {ours!r} for {theirs!r}; there are {columns}"
    if len(columns) > len(names):
        return f"expected {len(names)} columns, got {columns}"
    if list(table.index) != [1, 2]:
        return f"the epochs count from 1, got the index {list(table.index)}"
    if table.index.name != "epoch":
        return f"the index is named 'epoch', got {table.index.name!r}"
    for theirs, ours in zip(values, names, strict=True):
        if table[ours].tolist() != values[theirs]:
            return f"{ours} should be {values[theirs]}, got {table[ours].tolist()}"
    return None


def weighted_odds(answer: Any) -> str | None:
    """Check what a model says that was trained with a weight for each positive.

    Args:
        answer: A function `(p, w)`, to a probability.

    Returns:
        `None` if it multiplies the odds by the weight, else a hint.

    Example:
        >>> weighted_odds(lambda p, w: w * p)
        'for p = 0.5 and w = 3 that is 1.5, which is no probability; multiply the odds'
    """
    for p, w in [(0.5, 3.0), (0.2, 1.0), (0.05, 19.0), (0.9, 0.5), (0.0, 4.0)]:
        given = float(answer(p, w))
        wanted = w * p / (w * p + 1 - p)
        case = f"for p = {p:g} and w = {w:g} that is {given:g}"
        if not 0 <= given <= 1:
            return f"{case}, which is no probability; multiply the odds"
        if np.isclose(given, wanted):
            continue
        if np.isclose(given, p / (p + w * (1 - p))):
            return f"{case}; that weighs the negatives, so the odds became smaller"
        if np.isclose(given, p):
            return f"{case}, as without weights; the odds are multiplied by w"
        return f"{case}; odds of {p / (1 - p):.3g} should become {w} times that"
    return None


def flaws(answer: Any) -> str | None:
    """Check what is wrong with a comparison of `fit` and `train`.

    Args:
        answer: A set of letters.

    Returns:
        `None` if it names the flaws, else a hint.

    Example:
        >>> flaws({"a", "b", "c"})
        'also a flaw: e; every turn of Python takes time, so give both as many'
    """
    reasons = {
        "a": "smaller batches are more steps, and other ones",
        "b": "the second run starts where the first has ended",
        "c": "a metric is work, and only one of the two does it",
        "d": "the string 'adam' makes the same optimizer in both calls",
        "e": "every turn of Python takes time, so give both as many",
    }
    given = letters(answer, reasons)
    if given is None:
        return 'expected a set of the letters a to e, such as {"a", "e"}'
    for letter, reason in reasons.items():
        if letter != "d" and letter not in given:
            return f"also a flaw: {letter}; {reason}"
    return f"no flaw: d; {reasons['d']}" if "d" in given else None


def silent_targets(answer: Any) -> str | None:
    """Check targets for 3 outputs and 8 rows that `fit` repeats without a word.

    Args:
        answer: An array.

    Returns:
        `None` if `fit` takes them and the loss repeats them, else a hint.

    Example:
        >>> silent_targets(np.ones((8, 3)))
        'these have one target per output, as was meant; change their shape'
    """
    targets = np.asarray(answer)
    if targets.dtype.kind not in "biuf":
        return f"expected an array of numbers, got {type(answer).__name__}"
    if targets.shape == (8, 3):
        if not np.isfinite(targets).all():
            return "then the loss is no number, and one sees it; change their shape"
        return "these have one target per output, as was meant; change their shape"
    if targets.shape[:1] != (8,):
        return f"fit asks for as many targets as rows, 8, got shape {targets.shape}"
    if not np.isfinite(targets).all():
        return "then the loss is no number, and one sees it; use finite numbers"
    if targets.ndim > 2:
        return f"{targets.shape} have an axis more than the outputs; keep two"
    if targets.shape != (8, 1):
        return f"fit stops with an error: {targets.shape} and (8, 3) do not fit"
    return None


def penalty_step(answer: Any) -> str | None:
    """Check a step whose loss has a penalty on the sizes of the weights.

    Args:
        answer: A function `(model, optimizer, loss, x, y)`.

    Returns:
        `None` if one step moves two weights as it should, else a hint.

    Example:
        >>> penalty_step(lambda *arguments: {"loss": tf.constant(0.0)})
        'the dictionary has no "penalty"; return both numbers'
    """
    layer = keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((1,)), layer])
    layer.set_weights([np.array([[2.0]]), np.array([-1.0])])
    x, y = tf.constant([[1.0], [3.0]]), tf.constant([[0.0], [4.0]])
    # Errors 1 and 1: the loss is 1, its gradient (4, 2), and that of the penalty
    # (0.1, -0.1).
    sgd = keras.optimizers.SGD(0.5)
    given = answer(model, sgd, keras.losses.mean_squared_error, x, y)
    if given is None:
        return "nothing to check yet; the step returns nothing"
    if not isinstance(given, dict):
        return f"expected a dictionary of two numbers, got {type(given).__name__}"
    for name in ("loss", "penalty"):
        if name not in given:
            return f'the dictionary has no "{name}"; return both numbers'
    loss, penalty = np.asarray(given["loss"]), np.asarray(given["penalty"])
    if loss.shape != ():
        return f"the loss should be one number, got shape {loss.shape}; take its mean"
    if np.isclose(loss, 1.3):
        return "the loss contains the penalty; return it without"
    kernel, bias = (float(weight.numpy().squeeze()) for weight in layer.weights)
    if (kernel, bias) == (2.0, -1.0):
        return "the weights have not moved; call optimizer.apply"
    if np.isclose(penalty, 3.0):
        return "the penalty is 0.1 times the sum of the absolute values, got the sum"
    if np.isclose(penalty, 0.2) or np.isclose(penalty, 0.1):
        return f"for a kernel of 2 and a bias of -1 the penalty is 0.3, got {penalty:g}"
    moved = np.array([2.0 - kernel, -1.0 - bias]) / 0.5
    if np.allclose(moved, [4.0, 2.0]):
        return "the weights moved as without a penalty; compute it inside of the tape"
    if np.allclose(moved, [0.1, -0.1]):
        return "the weights moved for the penalty alone; take the gradient of the sum"
    if not np.allclose(moved, [4.1, 1.9]):
        return f"the gradient should be 4.1 and 1.9, got {moved[0]:g} and {moved[1]:g}"
    if not (np.isclose(loss, 1.0) and np.isclose(penalty, 0.3)):
        return (
            f"loss and penalty before the step are 1 and 0.3, got {loss:g}, {penalty:g}"
        )
    return None

"""The arguments of a run that are not data: looked up, and checked."""

import difflib
import functools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def check_model(model: Any, step: Any, loss: Any) -> None:
    """Check that something is a Keras model, and that the loop will do it justice."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "train: expected Keras to run on TensorFlow, got "
            f"{keras.backend.backend()!r}; set KERAS_BACKEND=tensorflow"
        )
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"train: expected a keras.Model, got {type(model).__name__}; pass for "
            "example MLP(64, 1)"
        )
    if step is not None:
        return
    for method in ("train_step", "test_step", "compute_loss", "compute_metrics"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise ValueError(
                f"train: expected a model without a {method} of its own, got "
                f"{type(model).__name__}, whose {method} train would not call; pass "
                "step=, a function (model, optimizer, loss, x, y), or use fit"
            )


def check_integers(positive: bool, **values: Any) -> list[Any]:
    """Check that arguments are integers, and return them as Python's own."""
    wanted, remedy = (
        ("a positive integer", "1 or more") if positive else ("an integer", "0 or any")
    )
    for name, value in values.items():
        is_integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not is_integer or (positive and value < 1):
            raise ValueError(
                f"train: expected {name} to be {wanted}, got {shorten(value)}; pass "
                f"{remedy}"
            )
        if not -(2**63) <= value < 2**63:
            raise ValueError(
                f"train: expected {name} to fit into 64 bits, got {value!r}; pass "
                "one nearer to 0"
            )
    return [int(value) for value in values.values()]


def check_strategy(strategy: Any, jit_compile: bool, step: Any) -> None:
    """Check that a strategy is one that training can use, with the other arguments."""
    if strategy is None:
        return
    known = tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy
    if not isinstance(strategy, known):
        raise TypeError(
            "strategy: expected a MirroredStrategy or a MultiWorkerMirroredStrategy, "
            f"got {shorten(strategy)}; pass for example "
            "tf.distribute.MirroredStrategy()"
        )
    if jit_compile:
        raise ValueError(
            "train: expected jit_compile=False with a strategy, got True; XLA compiles "
            "for one device, so drop one of the two"
        )
    if step is not None:
        raise ValueError(
            "train: expected no step with a strategy, got one; only train's own step "
            "can be shared out, so drop one of the two"
        )
    if isinstance(strategy, known[1]) and tf.config.functions_run_eagerly():
        raise ValueError(
            "train: expected compiled functions with several workers, got "
            "tf.config.run_functions_eagerly(True); look for errors with one process"
        )


def check_scope(variables: Iterable = ()) -> None:
    """Check that variables were made outside the scope of every strategy.

    A scope makes a copy of each variable for every device. Training needs none: it
    moves the weights once, and every replica reads them.
    """
    inside = [
        variable.name
        for variable in variables
        if isinstance(
            variable.value if isinstance(variable, keras.Variable) else variable,
            tf.distribute.DistributedValues,
        )
    ]
    if inside or tf.distribute.has_strategy():
        got = repr(inside[0].split(":")[0]) if inside else "a call"
        raise ValueError(
            f"train: expected variables made outside strategy.scope(), got {got} "
            "inside; make model and optimizer without the scope, train(strategy=...) "
            "is enough"
        )


# Losses and metrics


def check_loss(loss: Any) -> None:
    """Check a loss, or each in a structure of several.

    Raises:
        ValueError: If Keras knows no loss of that name, or the loss does not reduce a
            batch to one number.
        TypeError: If it is neither callable nor a name.
    """
    for one in tf.nest.flatten(loss):
        if isinstance(one, str):
            try:
                keras.losses.get(one)
            except ValueError:
                raise unknown("loss", "a Keras loss", one, loss_names()) from None
        elif isinstance(one, type) or not (callable(one) or one is None):
            raise TypeError(
                "loss: expected a function (y_true, y_pred) or a name, got "
                f"{shorten(one)}; pass for example 'mse'"
            )
        elif getattr(one, "reduction", "mean") in (None, "none"):
            raise ValueError(
                f"loss: expected {type(one).__name__} to reduce a batch to one number, "
                "got reduction='none', of which fit follows the sum and shows the "
                "mean; pass reduction='sum_over_batch_size' or 'sum'"
            )


def check_metrics(metrics: Any) -> None:
    """Check metrics, in the list or dictionary that holds them."""
    if not isinstance(metrics, list | tuple | dict):
        raise TypeError(
            f"metrics: expected a list, or a dictionary for several outputs, got "
            f"{shorten(metrics)}; pass for example ['accuracy']"
        )
    for one in tf.nest.flatten(metrics):
        if isinstance(one, str) and one not in ("accuracy", "acc"):
            try:
                keras.metrics.get(one)
            except ValueError:
                names = ["accuracy", *public(keras.metrics)]
                raise unknown("metrics", "a Keras metric", one, names) from None
        elif isinstance(one, type) or not (
            callable(one) or isinstance(one, str) or one is None
        ):
            raise TypeError(
                "metrics: expected names, functions (y_true, y_pred) or Keras metrics, "
                f"got {shorten(one)}; pass for example ['accuracy']"
            )


def public(module: Any) -> list[str]:
    """Name what a module of Keras offers."""
    return [name for name in dir(module) if not name.startswith("_")]


@functools.cache
def loss_names() -> list[str]:
    """Name the losses that `keras.losses.get` finds."""
    found = []
    for name in ["mse", "mae", *public(keras.losses)]:
        try:
            keras.losses.get(name)
        except (ValueError, TypeError):
            continue
        found.append(name)
    return found


# Messages


def unknown(what: str, kind: str, got: str, names: Iterable[str]) -> ValueError:
    """Make the error for a name that nobody knows, with the nearest one."""
    (nearest,) = difflib.get_close_matches(got.lower(), [*names], n=1, cutoff=0)
    return ValueError(
        f"{what}: expected the name of {kind}, got {got!r}; did you mean {nearest!r}?"
    )


def first_few(differing: list[str], number: int = 3) -> str:
    """Show the first of what differs, and say how much more there is."""
    more = len(differing) - number
    rest = [f"and {more} more that differ"] if more > 0 else []
    return "; ".join([*differing[:number], *rest])


def shorten(value: Any, length: int = 80) -> str:
    """Show a value in one line of an error."""
    if isinstance(value, Exception):
        text = str(value)
    elif isinstance(value, np.ndarray | tf.Tensor):
        return f"an array of shape {tuple(value.shape)}"
    else:
        text = repr(value)
    return shorten_text(" ".join(text.split()), length)


def shorten_text(text: str, length: int) -> str:
    """Show a text in part of a line."""
    return text if len(text) <= length else text[:length] + " ..."

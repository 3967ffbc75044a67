"""Lookup: optimizers and losses by name, or as they are."""

import difflib
from collections.abc import Callable
from typing import Any

import keras

__all__ = ["build", "get_loss", "get_optimizer"]


def build(optimizer: Any, variables: list) -> None:
    """Make the state of an optimizer for the variables that it is to move.

    Args:
        optimizer: An optimizer, which may have been built for them before.
        variables: The trainable ones of a model.

    Raises:
        ValueError: If a Keras optimizer was built for other variables.

    Example:
        >>> optimizer = keras.optimizers.SGD()
        >>> build(optimizer, [keras.Variable(0.0)])
        >>> build(optimizer, [keras.Variable(0.0)])
        Traceback (most recent call last):
            ...
        ValueError: optimizer: expected one that is new or was built for this model, ...
    """
    optimizer.build(variables)
    # Keras itself would say so in the middle of compiling, in many lines.
    known = getattr(optimizer, "_trainable_variables", variables)
    if not {id(variable) for variable in variables} <= {id(each) for each in known}:
        raise ValueError(
            "optimizer: expected one that is new or was built for this model, got "
            f"{type(optimizer).__name__} built for other weights; make a new one for "
            "each model"
        )


def get_loss(identifier: str | Callable) -> Callable:
    """Look a loss up.

    Args:
        identifier: A function `(y_true, y_pred)` that gives one number, or one an
            example; or a name that Keras knows.

    Returns:
        The function.

    Raises:
        ValueError: If Keras knows no loss of that name; the message gives the nearest
            one.
        TypeError: If it is neither callable nor a name.

    Example:
        >>> get_loss("mse") is keras.losses.mean_squared_error
        True
    """
    if callable(identifier):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            "loss: expected a function (y_true, y_pred) or a name, got "
            f"{identifier!r}; pass for example 'mse'"
        )
    try:
        return keras.losses.get(identifier)
    except ValueError:
        names = ["mse", "mae", *(name for name in dir(keras.losses) if "_" in name)]
        (nearest,) = difflib.get_close_matches(identifier.lower(), names, n=1, cutoff=0)
        raise ValueError(
            f"loss: expected the name of a Keras loss, got {identifier!r}; did you "
            f"mean {nearest!r}?"
        ) from None


def get_optimizer(identifier: Any) -> Any:
    """Look an optimizer up.

    Args:
        identifier: A Keras optimizer, the name of one, or any object that has, like
            those, the methods `build(variables)`, `apply(gradients, variables)` and
            `get_config()`, and once it is built a list `variables`.

    Returns:
        The optimizer.

    Raises:
        ValueError: If there is none of that name; the message gives the nearest one.
        TypeError: If it is neither an optimizer nor a name.

    Example:
        >>> type(get_optimizer("sgd")).__name__
        'SGD'
    """
    if isinstance(identifier, keras.optimizers.LossScaleOptimizer):
        raise TypeError(
            "optimizer: expected one that takes the gradients of the loss itself, got "
            "a LossScaleOptimizer; pass the optimizer inside it"
        )
    methods = ("build", "apply", "get_config")
    if not isinstance(identifier, str | type) and all(
        hasattr(identifier, method) for method in methods
    ):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            f"optimizer: expected a Keras optimizer or its name, got {identifier!r}; "
            f"pass for example keras.optimizers.SGD(learning_rate=0.01)"
        )
    try:
        return keras.optimizers.get(identifier)
    except ValueError:
        names = [name.lower() for name in dir(keras.optimizers) if name[0].isupper()]
        (nearest,) = difflib.get_close_matches(identifier.lower(), names, n=1, cutoff=0)
        raise ValueError(
            f"optimizer: expected the name of a Keras optimizer, got {identifier!r}; "
            f"did you mean {nearest!r}?"
        ) from None

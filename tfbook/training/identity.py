"""Identity: what makes a training run the one that it is, in plain values.

A checkpoint carries it, so that a run is not continued by another one.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

__all__ = ["describe", "flatten", "run_identity"]


def describe(thing: Any) -> dict[str, Any]:
    """Name the class of an object, and the arguments that it was made with.

    Args:
        thing: A function, or an object; its `get_config` is asked if it has one.

    Returns:
        The name, and the arguments unless the object cannot tell them.

    Example:
        >>> describe(np.zeros(3))
        {'class': 'ndarray'}
    """
    name = getattr(thing, "__name__", type(thing).__name__)
    try:
        return {"class": name, **thing.get_config()}
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        return {"class": name}


def flatten(value: Any, name: str = "") -> dict[str, Any]:
    """Describe a value by plain entries that can be compared one by one.

    The numbers at the end of names are left out: Keras counts them up in a process, so
    the same layer has another one in the next.

    Args:
        value: Dictionaries and lists of plain values, as deep as you like.
        name: What to call it.

    Returns:
        The plain values by the path that leads to them, such as JSON can hold.

    Example:
        >>> flatten({"seed": 1, "layers": [{"name": "dense_7"}, {"units": 8}]})
        {'seed': 1, 'layers 0 name': 'dense', 'layers 1 units': 8}
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        parts = value
    elif isinstance(value, list | tuple):
        parts = dict(enumerate(value))
    elif isinstance(value, str):
        return {name: re.sub(r"_\d+$", "", value)}
    elif value is None or isinstance(value, bool | int | float):
        return {name: value}
    else:
        return {name: getattr(value, "__name__", type(value).__name__)}
    flat: dict[str, Any] = {}
    for key, part in parts.items():
        flat |= flatten(part, f"{name} {key}".strip())
    return flat


def run_identity(
    model: keras.Model,
    optimizer: Any,
    loss: Callable,
    arrays: Sequence[np.ndarray],
    **settings: Any,
) -> dict[str, Any]:
    """Describe a run, so that a checkpoint of another one can be told from its own.

    Args:
        model: A Keras model whose weights exist.
        optimizer: The optimizer that moves them.
        loss: The function that it makes small.
        arrays: The data; of a dataset the first batch.
        **settings: Other arguments that the result depends on.

    Returns:
        Names and values that JSON can hold. The data are there as checksums.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> mse = keras.losses.mean_squared_error
        >>> found = run_identity(model, keras.optimizers.SGD(0.5), mse, [], seed=0)
        >>> found["loss class"], found["weights 0"], found["seed"]
        ('mean_squared_error', 'kernel (2, 1)', 0)
    """
    return flatten(
        {
            **settings,
            "loss": describe(loss),
            "optimizer": describe(optimizer),
            "weights": [f"{v.name} {tuple(v.shape)}" for v in model.variables],
            "data": [f"{a.shape} {zlib.crc32(a.tobytes()):08x}" for a in arrays],
            "model": describe(model),
        }
    )

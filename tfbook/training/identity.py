"""What makes a run the one that it is, in plain values that hold in every process.

A checkpoint carries it, so that no other run goes on from there.
"""

import functools
import re
import types
import zlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.training.arguments import first_few
from tfbook.training.frozen import PLAIN, checksum, internal


def run_identity(
    model: keras.Model, optimizer: Any, data: dict[str, list[str]], **settings: Any
) -> dict[str, Any]:
    """Describe a run by names and values that JSON can hold; of data, by checksums."""
    weights = [f"{v.name} {tuple(v.shape)} {v.dtype}" for v in model.variables]
    return flatten(
        {
            **settings,
            "optimizer": describe(optimizer),
            "weights": weights,
            **data,
            "model": describe(model),
        }
    )


def call_identity(call: dict[str, Any], data: dict[str, list[str]]) -> dict[str, Any]:
    """Describe a call of `train` by all its arguments, as workers have to share them.

    All start from the weights of the first, so that how they begin does not matter; nor
    does the name by which each knows the folder of the checkpoints.
    """
    known = {**data, "has checkpoint_dir": call["checkpoint_dir"] is not None}
    apart = {"train_data", "validation_data", "test_data", "strategy", "checkpoint_dir"}
    described = {
        name: describe(value) for name, value in call.items() if name not in apart
    }
    return {
        name: value
        for name, value in flatten(known | described).items()
        if "initializer" not in name
    }


def describe(thing: Any, depth: int = 8) -> Any:
    """Describe an object by its class, its arguments, its attributes and its code."""
    if isinstance(thing, PLAIN) or depth == 0:
        return thing if isinstance(thing, PLAIN) else type(thing).__name__
    if isinstance(thing, np.generic | np.ndarray):
        return thing.tolist() if thing.size < 100 else checksum(np.asarray(thing))
    if isinstance(thing, keras.Variable | tf.Variable | tf.Tensor):
        return f"{tuple(thing.shape)} {thing.dtype}"
    deeper = functools.partial(describe, depth=depth - 1)
    if isinstance(thing, dict):
        return {str(key): deeper(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [*map(deeper, thing)]
    if isinstance(thing, functools.partial):
        return [*map(deeper, (thing.func, thing.args, thing.keywords))]
    if isinstance(thing, types.MethodType):
        return [deeper(thing.__func__), deeper(thing.__self__)]
    if isinstance(thing, types.FunctionType):
        return {"function": thing.__qualname__, **code_of(thing, deeper)}
    if isinstance(thing, type):
        return f"{thing.__module__}.{thing.__qualname__}"
    return {"class": type(thing).__name__, **arguments_of(thing, deeper)}


def code_of(function: types.FunctionType, deeper: Any) -> dict[str, Any]:
    """Describe what a function does: two of one name may do different things.

    Python's own functions, and those of libraries, are known by their names.
    """
    if is_library(function):
        return {}
    cells = function.__closure__ or ()
    enclosed = []
    for cell in cells:
        try:
            enclosed.append(deeper(cell.cell_contents))
        except ValueError:  # a name that is bound later
            enclosed.append(None)
    used = {
        name: function.__globals__[name]
        for name in function.__code__.co_names
        if isinstance(function.__globals__.get(name, function), PLAIN)
    }
    return {
        "code": f"{zlib.crc32(repr(code_parts(function.__code__)).encode()):08x}",
        "defaults": deeper([function.__defaults__, function.__kwdefaults__]),
        "enclosed": [enclosed, used],
    }


def is_library(thing: Any) -> bool:
    """Whether a function or a class is known well enough by its name."""
    root = (getattr(thing, "__module__", None) or "").split(".")[0]
    return root in ("keras", "tensorflow", "numpy", "tfbook", "builtins")


def code_parts(code: types.CodeType) -> list:
    """List the parts of compiled code that say what it does, and not where it is."""
    constants = [
        code_parts(each) if isinstance(each, types.CodeType) else each
        for each in code.co_consts
    ]
    return [code.co_code, code.co_names, code.co_varnames, constants]


def arguments_of(thing: Any, deeper: Any) -> dict[str, Any]:
    """Describe what an object was made with, as far as it can be told.

    A configuration may leave out what matters, such as a loss's own arguments; plain
    attributes are looked at, too.
    """
    try:
        config = thing.get_config()
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        config = {}
    if isinstance(thing, keras.Layer):
        kind = type(thing)
        methods = {} if is_library(kind) else {"methods": methods_of(kind, deeper)}
        inner = [] if config else list(thing._layers)
        return {"config": deeper(config), "layers": deeper(inner), **methods}
    attributes = {
        key: deeper(value)
        for key, value in getattr(thing, "__dict__", {}).items()
        if isinstance(value, PLAIN)
        or "kwargs" in key
        or (not config and key not in internal())
    }
    return {"config": deeper(config), **attributes}


def methods_of(kind: type, deeper: Any) -> dict[str, Any]:
    """Describe the methods that a class defines itself."""
    return {
        name: deeper(value)
        for name, value in vars(kind).items()
        if isinstance(value, types.FunctionType)
    }


def flatten(value: Any, name: str = "") -> dict[str, Any]:
    """Give each plain value the path that leads to it.

    Keras counts up the names of layers in a process, so that the same layer has
    another one in the next: the numbers at the end of names are left out.
    """
    if isinstance(value, dict):
        parts = value
    elif isinstance(value, list | tuple):
        parts = dict(enumerate(value))
    elif isinstance(value, str) and ("name" in name or name.startswith("weights")):
        return {name: re.sub(r"_\d+\b", "", value)}
    else:
        value = repr(value) if isinstance(value, bytes | complex) else value
        return {name: value if isinstance(value, PLAIN) else str(value)}
    flat: dict[str, Any] = {}
    for key, part in parts.items():
        flat |= flatten(part, f"{name} {key}".strip())
    return flat


def compare(epoch: int, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Check that a checkpoint belongs to this run.

    Raises:
        ValueError: If they differ; the message says in what.
    """
    differing = [
        f"{name} {wanted.get(name)!r}, got {found.get(name)!r}"
        # In the order of what the run is now: the broad things come first.
        for name in {**wanted, **found}
        if wanted.get(name) != found.get(name)
    ]
    if differing:
        raise ValueError(
            f"checkpoint of epoch {epoch}: expected {first_few(differing)}; "
            f"repeat the first call's arguments, or pass another checkpoint_dir"
        )

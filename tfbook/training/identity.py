"""What makes a run the one that it is, in plain values.

Twice somebody asks whether two runs are the same. A checkpoint carries a description
that holds in every process, so that it is not continued by another run (`run_identity`
and `compare`). And a compiled program is found again only if it would be the same
program (`frozen`), which is a question within one process.
"""

import functools
import re
import types
import zlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

PLAIN = (bool, int, float, complex, str, bytes, type(None))


# In every process


def run_identity(
    model: keras.Model, optimizer: Any, data: Sequence[Any], **settings: Any
) -> dict[str, Any]:
    """Describe a run by names and values that JSON can hold; of data, by checksums."""
    weights = [f"{v.name} {tuple(v.shape)} {v.dtype}" for v in model.variables]
    return flatten(
        {
            **settings,
            "optimizer": describe(optimizer),
            "weights": weights,
            "data": [checksum(part) for part in data],
            "model": describe(model),
        }
    )


def checksum(part: Any) -> str:
    """Describe an array by its shape, its type and a checksum of what is in it."""
    if not isinstance(part, np.ndarray):
        return str(part)
    if part.dtype.kind == "O":  # strings: the array itself holds addresses
        content = zlib.crc32(repr(part.tolist()).encode())
    else:
        content = zlib.crc32(part.tobytes())
    return f"{part.shape} {part.dtype} {content:08x}"


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
        shown = differing[:3]
        if len(differing) > 3:
            shown.append(f"and {len(differing) - 3} more that differ")
        raise ValueError(
            f"checkpoint of epoch {epoch}: expected {'; '.join(shown)}; "
            f"repeat the first call's arguments, or pass another checkpoint_dir"
        )


# In one process


def frozen(thing: Any, held: list) -> Any:
    """Describe what a trace would hold of an object, as a key.

    Numbers and strings that are attributes become constants of a compiled program.
    Other objects are known by their identity, and are put into `held`: as long as
    somebody holds them, nothing else can get the same identity.
    """
    if isinstance(thing, PLAIN):
        return type(thing), thing
    if isinstance(thing, np.generic):
        return thing.dtype.str, thing.item()
    if isinstance(thing, list | tuple):
        return type(thing), *(frozen(part, held) for part in thing)
    if isinstance(thing, dict):
        return dict, *((str(key), frozen(part, held)) for key, part in thing.items())
    held.append(thing)
    if isinstance(thing, np.ndarray) and thing.size < 10_000:
        return id(thing), checksum(thing)
    if isinstance(thing, functools.partial):
        return id(thing), frozen([thing.func, thing.args, thing.keywords], held)
    if isinstance(thing, has_settings()):
        return id(thing), frozen(settings_of(thing), held)
    return id(thing)


def settings_of(thing: Any) -> dict[str, Any]:
    """Return the attributes of an object that its makers or its users have set."""
    return {
        key: value
        for key, value in vars(thing).items()
        if key not in internal() and value is not thing
    }


@functools.cache
def internal() -> set[str]:
    """Name the attributes that Keras keeps books with; they change with every use."""
    books = {*vars(keras.Model()), *vars(keras.optimizers.SGD()), *vars(keras.Layer())}
    ours = {"_programs", "_built_optimizers", "_loss_scale", "_inbound_nodes"}
    ours |= {"optimizer", "stop_training"}
    settings = {
        "_trainable",
        "_dtype_policy",
        "_learning_rate",
        *(key for key in vars(keras.optimizers.SGD()) if key[0] != "_"),
    }
    return (books | ours | {"_outbound_nodes"}) - settings


def has_settings() -> tuple[type, ...]:
    """Name the classes whose attributes are part of a program."""
    return (
        keras.regularizers.Regularizer,
        keras.constraints.Constraint,
        keras.optimizers.schedules.LearningRateSchedule,
        keras.losses.Loss,
        keras.DTypePolicy,
    )


def frozen_model(model: keras.Model, held: list) -> tuple:
    """Describe what a trace would hold of a model: its layers, and what they are."""
    layers = model._flatten_layers()
    return tuple((id(layer), frozen(settings_of(layer), held)) for layer in layers)

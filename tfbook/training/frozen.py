"""What a compiled program would hold of an object: a key, within one process.

A program is found again only if it would be the same program.
"""

import functools
import zlib
from typing import Any

import keras
import numpy as np

PLAIN = (bool, int, float, complex, str, bytes, type(None))


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


def checksum(part: Any) -> str:
    """Describe an array by its shape, its type and a checksum of what is in it."""
    if not isinstance(part, np.ndarray):
        return str(part)
    if part.dtype.kind == "O":  # strings: the array itself holds addresses
        content = zlib.crc32(repr(part.tolist()).encode())
    else:
        content = zlib.crc32(part.tobytes())
    return f"{part.shape} {part.dtype} {content:08x}"

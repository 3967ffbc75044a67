"""The optimizer of a run: looked up, checked, and built."""

import functools
from collections.abc import Callable
from typing import Any

import keras

from tfbook.training.arguments import shorten, unknown


def get_optimizer(identifier: Any) -> Any:
    """Look an optimizer up: a Keras one, the name of one, or an object like those.

    Raises:
        ValueError: If there is none of that name; the message names the nearest one.
        TypeError: If it is neither an optimizer nor a name.
    """
    methods = ("build", "apply", "get_config")
    if not isinstance(identifier, str | type) and all(
        hasattr(identifier, method) for method in methods
    ):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            f"optimizer: expected a Keras optimizer or its name, got "
            f"{shorten(identifier)}; pass for example "
            "keras.optimizers.SGD(learning_rate=0.01)"
        )
    kinds = optimizer_classes()
    if identifier.lower() not in kinds:
        raise unknown("optimizer", "a Keras optimizer", identifier, kinds)
    return kinds[identifier.lower()]()


@functools.cache
def optimizer_classes() -> dict[str, Callable]:
    """Return Keras's optimizers by their names.

    `keras.optimizers.get` does not know all of them.
    """
    found = {
        name.lower(): getattr(keras.optimizers, name) for name in dir(keras.optimizers)
    }
    base, wrapper = keras.optimizers.Optimizer, keras.optimizers.LossScaleOptimizer
    return {
        name: kind
        for name, kind in found.items()
        if isinstance(kind, type)
        and issubclass(kind, base)
        and kind not in (base, wrapper)
    }


# What no rule can do anything with, by the name of the setting.
POSITIVE = ("clipnorm", "clipvalue", "global_clipnorm")
FRACTIONS = ("beta_1", "beta_2", "ema_momentum", "momentum", "rho")


def check_settings(optimizer: keras.optimizers.Optimizer) -> None:
    """Check the numbers of a Keras optimizer, which takes any.

    Raises:
        ValueError: If one is impossible: a learning rate below 0 climbs the loss.
    """
    rules: list[tuple[tuple[str, ...], str, Callable[[float], bool]]] = [
        (POSITIVE, "positive", lambda value: value > 0),
        (FRACTIONS, "from 0 to 1", lambda value: 0 <= value <= 1),
        (("_learning_rate",), "0 or more", lambda value: value >= 0),
    ]
    for names, wanted, holds in rules:
        for name in names:
            value = getattr(optimizer, name, None)
            if isinstance(value, keras.Variable):
                value = float(value.numpy())
            if isinstance(value, int | float) and not holds(value):
                raise ValueError(
                    f"optimizer: expected {name.strip('_')} to be {wanted}, got "
                    f"{value:g} in {type(optimizer).__name__}; its default is a good "
                    "start"
                )


def build(optimizer: Any, model: keras.Model) -> None:
    """Make the state of an optimizer for the weights that it is to move.

    An optimizer that is no Keras one is built once for the same weights: nothing asks
    its `build` to keep the state that it has made before.

    Raises:
        ValueError: If a Keras optimizer was built for other weights.
    """
    variables = model.trainable_variables
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    known = {id(each) for each in getattr(inner, "_trainable_variables", ())}
    if isinstance(inner, keras.optimizers.Optimizer):
        check_settings(inner)
        optimizer.build(variables)
        if known and not {id(variable) for variable in variables} <= known:
            own = known <= {id(variable) for variable in model.variables}
            got, remedy = (
                (
                    f"one built for {len(known)} of them, while others were frozen",
                    "make a new one after unfreezing, or build it before freezing",
                )
                if own
                else ("one built for other weights", "make a new one for each model")
            )
            raise ValueError(
                f"optimizer: expected one that is new or was built for this model's "
                f"{len(variables)} trainable weights, got {type(inner).__name__}, "
                f"{got}; {remedy}"
            )
        return
    built = vars(model).setdefault("_built_optimizers", [])
    weights = [id(variable) for variable in variables]
    if not any(one is optimizer and those == weights for one, those in built):
        optimizer.build(variables)
        built.append((optimizer, weights))


def scaled(optimizer: Any, model: keras.Model) -> Any:
    """Wrap an optimizer so that it scales the loss, where half precision needs it.

    `compile` does the same. The wrapper is kept with the optimizer, since the scale
    that it has found is part of the state of the run.
    """
    half = model.dtype_policy.name == "mixed_float16"
    wrapper = keras.optimizers.LossScaleOptimizer
    if not half or not isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    if isinstance(optimizer, wrapper):
        return optimizer
    if "_loss_scale" not in vars(optimizer):
        vars(optimizer)["_loss_scale"] = wrapper(optimizer)
    return vars(optimizer)["_loss_scale"]

"""The compiled programs of a model: made once, and found again.

A program is kept with the model in whose weights it is compiled. It is found again
only if it would be the same program; the key says all that a trace depends on.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfbook.training import arguments, dry_run, lookups, optimizers, steps
from tfbook.training.arrays import Arrays
from tfbook.training.batches import test_rows
from tfbook.training.frozen import frozen, frozen_model, settings_of
from tfbook.training.objective import Objective
from tfbook.training.program import Program
from tfbook.training.replicas import Replicas
from tfbook.training.streams import Stream
from tfbook.training.tallies import Tallies

NUM_KEPT = 16

Data = Arrays | Stream


class Kept(NamedTuple):
    """A program, and what it was made for."""

    program: Program
    objective: Objective
    optimizer: Any
    state: list[np.ndarray]  # of an optimizer given by name, as it was when it was new
    predicted: Any  # what the model returns: shapes and types
    held: list  # objects that the key knows by identity, kept alive with it


def get_program(
    model: keras.Model,
    data: dict[str, Data],
    *,
    optimizer: Any,
    loss: Any,
    metrics: Any,
    step: Callable | None,
    jit_compile: bool,
    strategy: tf.distribute.Strategy | None,
) -> tuple[Program, Any]:
    """Find the compiled program of a run, or make it."""
    found = optimizer
    if step is None or not tf.nest.is_nested(optimizer):
        found = optimizers.scaled(optimizers.get_optimizer(optimizer), model)
    # In the model's own __dict__, past Keras's tracking: the programs are not part of
    # what is saved, and go when the model goes.
    programs: dict[Any, Kept] = vars(model).setdefault("_programs", {})

    def key_of(held: list) -> tuple:
        held += [optimizer, loss, metrics, step, strategy]
        return (
            optimizer if isinstance(optimizer, str) else frozen_optimizer(found, held),
            *(frozen(each, held) for each in (loss, metrics, step)),
            jit_compile,
            id(strategy),
            keras.config.floatx(),
            tuple((name, form_of(each)) for name, each in data.items()),
            frozen_model(model, held),
            frozen([weight_of(each) for each in model.trainable_variables], held),
        )

    kept = programs.pop(key := key_of([]), None)
    if kept is None:
        kept = make(model, data, found, loss, metrics, step, jit_compile, strategy)
        # Anew: an optimizer that was built has more attributes than before.
        key = key_of(kept.held)
        if not isinstance(optimizer, str):
            kept.state.clear()
    programs[key] = kept  # the last one used is the last to go
    if len(programs) > NUM_KEPT:
        del programs[next(iter(programs))]
    for variable, value in zip(variables_of(kept.optimizer), kept.state, strict=False):
        variable.assign(value)
    for each in data.values():
        if isinstance(each, Arrays):
            dry_run.check_data(each, model, loss, kept)
    return kept.program, kept.optimizer


def weight_of(variable: keras.Variable) -> tuple:
    """Name what a program holds of a weight besides its value."""
    return id(variable), variable.constraint, variable.regularizer


def form_of(data: Data) -> tuple:
    """Describe the shapes and types of data, and how they are nested."""
    spec = data.spec
    parts = tuple(
        (part.shape, part.dtype) if isinstance(part, tf.TensorSpec) else part
        for part in tf.nest.flatten(spec)
    )
    nesting = repr(tf.nest.map_structure(lambda _: 0, spec))
    return parts, nesting, getattr(data, "batch_size", None)


def frozen_optimizer(optimizer: Any, held: list) -> Any:
    """Describe what a trace would hold of an optimizer, or of several."""
    if tf.nest.is_nested(optimizer):
        flat = tf.nest.flatten(optimizer)
        return tuple(frozen_optimizer(each, held) for each in flat)
    held.append(optimizer)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    settings = settings_of(inner) if hasattr(inner, "__dict__") else {}
    return id(optimizer), frozen(settings, held)


def variables_of(optimizer: Any) -> list:
    """Return the state of an optimizer, or of several."""
    return [v for each in tf.nest.flatten(optimizer) for v in each.variables]


def make(
    model: keras.Model,
    data: dict[str, Data],
    optimizer: Any,
    loss: Any,
    metrics: Any,
    step: Callable | None,
    jit_compile: bool,
    strategy: tf.distribute.Strategy | None,
) -> Kept:
    """Try a step, then compile a program of many."""
    arguments.check_scope(model.variables)
    objective = Objective(model, loss, metrics)
    test_data = {name: each for name, each in data.items() if name != "training"}
    names: tuple[str, ...] = ("loss",)
    train_data = data["training"]
    if step is None:
        for each in data.values():
            if isinstance(each, Arrays):
                lookups.check_ids(each.name, model, each.parts[0])
        replicas = 1 if strategy is None else strategy.num_replicas_in_sync
        predicted, masks = dry_run.try_batch(
            train_data, model, objective, loss, replicas
        )
        optimizers.build(optimizer, model)
    else:
        predicted, masks, names = (
            None,
            [],
            dry_run.try_step(step, train_data, model, optimizer, objective),
        )
    arguments.check_scope(variables_of(optimizer))
    for each in test_data.values():
        if isinstance(each, Arrays):
            rows = each.first_rows(test_rows(model, train_data))
            dry_run.try_test(each.name, rows, model, objective, loss)
    train_step, test_step = step or steps.train_step, steps.test_step
    if strategy is not None:
        shared = Replicas(strategy, model, objective, train_data.spec, predicted, masks)
        train_step, test_step = shared.train_step, shared.test_step
    state = [variable.numpy() for variable in variables_of(optimizer)]
    tallies = Tallies(
        model,
        objective,
        functools.partial(train_step, model, optimizer, objective),
        functools.partial(test_step, model, objective),
        names,
    )
    program = Program(tallies, data, jit_compile, strategy is not None)
    objective.forget()
    return Kept(program, objective, optimizer, state, predicted, [])

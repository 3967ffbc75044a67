"""Every optimizer of Keras, with its options and schedules, as with `fit`."""

import keras
import numpy as np
import pytest
from keras import layers, optimizers
from keras.optimizers import schedules

RNG = np.random.default_rng(0)
X = RNG.normal(size=(11, 4)).astype("float32")
Y = 3 * RNG.normal(size=(11, 1)).astype("float32")


def dense() -> keras.Model:
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "tanh"), layers.Dense(1)]
    )


def embedded() -> keras.Model:
    return keras.Sequential(
        [keras.Input((3,), dtype="int32"), layers.Embedding(6, 2), layers.Dense(1)]
    )


NO_RULES = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}
CLASSES = [
    name
    for name in dir(optimizers)
    if isinstance(getattr(optimizers, name), type) and name not in NO_RULES
]


# Keras does not know Lamb by its name. In a graph its ScheduleFreeAdamW begins anew at
# each step, unless it was built before, as `train` builds it.
@pytest.mark.parametrize(
    "name", [name for name in CLASSES if name not in ("Lamb", "ScheduleFreeAdamW")]
)
def test_an_optimizer_by_name_is_that_of_fit(same_as_fit, name):
    same_as_fit(dense, (X, Y), optimizer=name.lower, epochs=4)


@pytest.mark.parametrize("name", CLASSES)
def test_an_optimizer_is_that_of_fit(same_as_fit, name):
    same_as_fit(
        dense,
        (X, Y),
        optimizer=lambda: getattr(optimizers, name)(learning_rate=0.02),
        batch_size=4,
        build_first=name == "ScheduleFreeAdamW",
    )


OPTIONS = {
    "clipnorm": {"clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.05},
    "global_clipnorm": {"global_clipnorm": 0.1},
    "weight_decay": {"weight_decay": 0.1},
    "use_ema": {"use_ema": True, "ema_momentum": 0.8},
    "use_ema, overwritten": {
        "use_ema": True,
        "ema_momentum": 0.8,
        "ema_overwrite_frequency": 2,
    },
    "gradient_accumulation_steps": {"gradient_accumulation_steps": 2},
    "loss_scale_factor": {"loss_scale_factor": 1024.0},
    "all of them": {
        "global_clipnorm": 0.5,
        "weight_decay": 0.1,
        "use_ema": True,
        "gradient_accumulation_steps": 3,
        "loss_scale_factor": 8.0,
    },
}


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_that_of_fit(same_as_fit, name, option):
    make = getattr(optimizers, name)
    same_as_fit(
        dense, (X, Y), optimizer=lambda: make(0.05, **OPTIONS[option]), batch_size=4
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        lambda: optimizers.Adam(0.05, amsgrad=True),
        lambda: optimizers.RMSprop(0.05, momentum=0.5, centered=True),
        lambda: optimizers.Ftrl(0.05, l1_regularization_strength=0.1),
        lambda: optimizers.LossScaleOptimizer(optimizers.SGD(0.05)),
    ],
    ids=["nesterov", "amsgrad", "centered", "ftrl with l1", "loss scale"],
)
def test_a_variant_is_that_of_fit(same_as_fit, make):
    same_as_fit(dense, (X, Y), optimizer=make, batch_size=4)


def excluded() -> optimizers.Optimizer:
    optimizer = optimizers.AdamW(0.05, weight_decay=0.2)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def test_weights_that_are_left_out_of_decay_are_those_of_fit(same_as_fit):
    same_as_fit(dense, (X, Y), optimizer=excluded)


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adagrad", "RMSprop"])
def test_an_embedding_moves_as_with_fit(same_as_fit, name):
    ids, y = RNG.integers(0, 6, (8, 3)), RNG.normal(size=(8, 3, 1)).astype("float32")
    make = getattr(optimizers, name)
    same_as_fit(embedded, (ids, y), optimizer=lambda: make(0.05), batch_size=4)


SCHEDULES = {
    "CosineDecay": lambda: schedules.CosineDecay(
        0.01, 6, warmup_target=0.1, warmup_steps=3
    ),
    "CosineDecayRestarts": lambda: schedules.CosineDecayRestarts(0.1, 4),
    "ExponentialDecay": lambda: schedules.ExponentialDecay(0.1, 3, 0.5, staircase=True),
    "InverseTimeDecay": lambda: schedules.InverseTimeDecay(0.1, 3, 0.5),
    "PiecewiseConstantDecay": lambda: schedules.PiecewiseConstantDecay(
        [2, 5], [0.1, 0.05, 0.01]
    ),
    "PolynomialDecay": lambda: schedules.PolynomialDecay(0.1, 8, cycle=True),
}


class Halving(schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 * 0.5 ** keras.ops.cast(step // 2, "float32")


def test_the_table_has_every_schedule_of_keras():
    known = {
        name
        for name in dir(schedules)
        if isinstance(getattr(schedules, name), type) and name != "LearningRateSchedule"
    }
    assert known == set(SCHEDULES)


@pytest.mark.parametrize("name", [*SCHEDULES, "one's own"])
def test_a_schedule_is_that_of_fit(same_as_fit, name):
    make = SCHEDULES.get(name, Halving)
    same_as_fit(dense, (X, Y), optimizer=lambda: optimizers.SGD(make()), batch_size=4)


# Policies

POLICIES = {
    "float32": 2e-5,
    "float64": 2e-6,  # the loss is in single precision
    # A rounding of half precision can tip the next one; `fit` differs from itself
    # by as much between a graph and eager steps.
    "mixed_bfloat16": 4e-3,
    "mixed_float16": 1e-3,
    "bfloat16": 4e-2,
    "float16": 4e-3,
}


def policy_model() -> keras.Model:
    # `fit` adds penalties of another precision than the loss to none.
    penalty = "l2" if keras.config.dtype_policy().variable_dtype == "float32" else None
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, "relu", kernel_regularizer=penalty),
            layers.LayerNormalization(),
            layers.Dropout(0.2),
            layers.Dense(1, dtype="float32"),
        ]
    )


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_that_of_fit(same_as_fit, name):
    keras.config.set_dtype_policy(name)
    tolerance = POLICIES[name]
    same_as_fit(
        policy_model,
        (X, Y),
        optimizer=lambda: optimizers.SGD(0.05),
        batch_size=4,
        validation=(X, Y),
        metrics=lambda: ["mae"],
        atol=tolerance,
        rtol=tolerance,
    )


@pytest.mark.parametrize("make", [dense, embedded], ids=["dense", "embedding"])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_double_precision_throughout_is_that_of_fit(same_as_fit, make, optimizer):
    keras.config.set_floatx("float64")
    x = X.astype("float64") if make is dense else RNG.integers(0, 6, (11, 3))
    y = Y.astype("float64") if make is dense else np.repeat(Y[:, None], 3, axis=1)
    same_as_fit(
        make,
        (x, y),
        optimizer=lambda: getattr(optimizers, optimizer)(0.05),
        atol=1e-12,
        rtol=1e-12,
    )


def test_large_targets_under_half_precision_are_those_of_fit(same_as_fit):
    keras.config.set_dtype_policy("mixed_float16")
    same_as_fit(
        dense,
        (X, Y + 400),
        optimizer=lambda: optimizers.SGD(1e-4),
        atol=1e-3,
        rtol=1e-3,
    )

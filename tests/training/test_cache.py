"""When a program is found again, and that what is not needed any more goes."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.python.framework import ops
from tensorflow.python.framework.func_graph import FuncGraph

from tfbook import optimizers, training
from tfbook.training import cache

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, "relu", kernel_regularizer=keras.regularizers.L2(0.1)),
            layers.Dropout(0.5),
            layers.BatchNormalization(),
            layers.Dense(1),
        ]
    )


def train(model, data=(X, Y), **arguments):
    given = {"optimizer": "sgd", "epochs": 2, "record_every": 1, **arguments}
    return training.train(model, data, **given)


def programs(model):
    return len(vars(model)["_programs"])


# Each, made between two calls, gives what a model gives that never had a program.

CHANGES = {
    "the rate of a dropout": lambda m: setattr(m.layers[1], "rate", 0.0),
    "a momentum": lambda m: setattr(m.layers[2], "momentum", 0.5),
    "a regularizer": lambda m: setattr(
        m.layers[0], "kernel_regularizer", keras.regularizers.L2(0.5)
    ),
    "the number in a regularizer": lambda m: setattr(
        m.layers[0].kernel.regularizer, "l2", 0.7
    ),
    "an activation": lambda m: setattr(m.layers[0], "activation", keras.ops.tanh),
    "a constraint": lambda m: setattr(
        m.layers[0].kernel, "constraint", keras.constraints.NonNeg()
    ),
    "frozen": lambda m: setattr(m.layers[0], "trainable", False),
    "a frozen normalization": lambda m: setattr(m.layers[2], "trainable", False),
}


@pytest.mark.parametrize("jit_compile", [False, True], ids=["", "XLA"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_layer_is_noticed(change, jit_compile):
    used, new = network(), network()
    train(used, jit_compile=jit_compile)
    for one, two in zip(used.variables, new.variables, strict=True):
        one.assign(two)
    for model in (used, new):
        CHANGES[change](model)
    found = train(used, jit_compile=jit_compile)
    assert found.equals(train(new, jit_compile=jit_compile))
    assert all(map(np.array_equal, used.get_weights(), new.get_weights()))


OPTIMIZER_CHANGES = {
    "a momentum": ("momentum", 0.9),
    "nesterov": ("nesterov", True),
    "clipping": ("clipnorm", 0.01),
    "decay": ("weight_decay", 0.3),
    "a schedule": (
        "_learning_rate",
        keras.optimizers.schedules.ExponentialDecay(0.3, 1, 0.1),
    ),
}


@pytest.mark.parametrize("change", OPTIMIZER_CHANGES)
def test_a_change_of_an_optimizer_is_noticed(change):
    name, value = OPTIMIZER_CHANGES[change]
    results = []
    for before in (True, False):
        model, optimizer = network(), keras.optimizers.SGD(0.1, momentum=0.5)
        if before:
            train(model, optimizer=optimizer)
            fresh = network()
            for one, two in zip(model.variables, fresh.variables, strict=True):
                one.assign(two)
            for variable in optimizer.variables[2:]:
                variable.assign(tf.zeros_like(variable))
            optimizer.iterations.assign(0)
        else:
            optimizer.build(model.trainable_variables)
        setattr(optimizer, name, value)
        train(model, optimizer=optimizer)
        results.append(model.get_weights())
    assert all(map(np.array_equal, *results))


def test_a_learning_rate_set_between_calls_needs_no_new_program():
    model, optimizer = network(), keras.optimizers.SGD(0.1)
    train(model, optimizer=optimizer)
    optimizer.learning_rate = 0.0
    before = model.layers[0].kernel.numpy()
    train(model, optimizer=optimizer)
    assert programs(model) == 1
    assert np.array_equal(model.layers[0].kernel.numpy(), before)


def test_an_optimizer_of_ones_own_is_built_once():
    adam, model = optimizers.Adam(), network()
    for _ in range(3):
        train(model, optimizer=adam)
    assert int(adam.iterations) == 6
    assert programs(model) == 1


def test_other_numbers_in_the_same_form_need_no_new_program():
    model = network()
    for scale in (1.0, 2.0):
        train(model, (scale * X, Y), test_data=(X, scale * Y))
    assert programs(model) == 1


# Memory


def graphs() -> int:
    gc.collect()
    return sum(isinstance(each, FuncGraph) for each in gc.get_objects())


KINDS = {
    "arrays": lambda: (X, Y),
    "in batches": lambda: (X, Y),
    "a stream": lambda: tf.data.Dataset.from_tensor_slices((X, Y)).batch(5),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make_optimizer", [lambda: "adam", optimizers.Adam])
def test_models_that_are_dropped_leave_nothing(kind, make_optimizer):
    def one_more():
        model = network()
        size = 5 if kind == "in batches" else None
        train(
            model,
            KINDS[kind](),
            optimizer=make_optimizer(),
            batch_size=size,
            metrics=["mae"],
        )
        return weakref.ref(model)

    one_more()
    before = graphs(), len(ops.gradient_registry._registry)
    gone = [one_more() for _ in range(3)]
    assert (graphs(), len(ops.gradient_registry._registry)) == before
    assert [reference() for reference in gone] == [None] * 3


def test_a_model_keeps_so_many_programs_and_no_more():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    counts = []
    for rows in range(1, cache.NUM_KEPT + 5):
        x = np.ones((rows, 4), "float32")
        train(model, (x, x[:, :1]), epochs=1)
        if rows >= cache.NUM_KEPT:
            counts.append((programs(model), graphs()))
    assert len(set(counts)) == 1
    assert counts[0][0] == cache.NUM_KEPT


def test_what_is_not_public_in_tensorflow_is_where_it_was():
    # `Compiled` and `forgotten_gradients` reach for these: other releases may differ.
    function = tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec(()))
    (found,) = function.inference_fn.call_flat(tf.constant(1.0))
    assert found.numpy() == 2
    assert isinstance(ops.gradient_registry._registry, dict)

"""Schedules, held against Keras's and closed forms, alone and in an optimizer."""

import re
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import data, models, optimizers, training

keras_schedules = keras.optimizers.schedules
STEPS = np.arange(60)
TWINS = {
    "piecewise_constant": (
        partial(
            optimizers.piecewise_constant, boundaries=[10, 25], rates=[0.5, 0.3, 0.1]
        ),
        keras_schedules.PiecewiseConstantDecay([10, 25], [0.5, 0.3, 0.1]),
    ),
    "exponential_decay": (
        partial(
            optimizers.exponential_decay,
            initial_rate=0.3,
            decay_steps=7,
            decay_rate=0.8,
        ),
        keras_schedules.ExponentialDecay(0.3, 7, 0.8),
    ),
    "cosine_decay": (
        partial(optimizers.cosine_decay, initial_rate=0.3, decay_steps=40),
        keras_schedules.CosineDecay(0.3, 40),
    ),
    "warm-up": (
        partial(
            optimizers.cosine_decay,
            initial_rate=0.3,
            decay_steps=30,
            warmup_steps=10,
            alpha=0.1,
        ),
        keras_schedules.CosineDecay(
            0.0, 30, alpha=0.1, warmup_target=0.3, warmup_steps=10
        ),
    ),
}
ours = {name: schedule for name, (schedule, _) in TWINS.items()}
twins = {name: twin for name, (_, twin) in TWINS.items()}


@pytest.mark.parametrize("name", TWINS)
def test_every_step_has_the_rate_of_keras(name):
    expected = [float(twins[name](int(step))) for step in STEPS]
    one_by_one = [float(ours[name](int(step))) for step in STEPS]
    np.testing.assert_allclose(one_by_one, expected, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(ours[name](STEPS), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", TWINS)
def test_the_shape_is_that_of_the_steps(name):
    assert ours[name](3).shape == ()
    assert ours[name](np.ones((2, 3), int)).shape == (2, 3)


def test_a_cosine_has_its_ends_and_its_middle_where_they_belong():
    schedule = partial(
        optimizers.cosine_decay, initial_rate=2.0, decay_steps=10, alpha=0.5
    )
    rates = schedule([0, 5, 10, 1000])
    np.testing.assert_allclose(rates, [2, 1.5, 1, 1], rtol=1e-6)
    warm = partial(schedule, warmup_steps=4)
    np.testing.assert_allclose(warm([0, 1, 4, 9, 14]), [0, 0.5, 2, 1.5, 1], rtol=1e-6)


def path_of(optimizer, jit_compile):
    """Apply the same gradients one by one, and note the weight after each."""
    weight = keras.Variable(np.ones(3))
    optimizer.build([weight])

    def step(slope):
        optimizer.apply([slope], [weight])

    if jit_compile is not None:
        step = tf.function(step, jit_compile=jit_compile)
    path = []
    for slope in np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32):
        step(tf.constant(slope))
        path.append(weight.numpy())
    return path


@pytest.mark.parametrize("jit_compile", [None, False, True])
@pytest.mark.parametrize("name", TWINS)
def test_an_optimizer_takes_each_step_with_its_own_rate(name, jit_compile):
    own = optimizers.Momentum(ours[name], beta=0.5)
    twin = keras.optimizers.SGD(twins[name], momentum=0.5)
    paths = [path_of(optimizer, jit_compile) for optimizer in (own, twin)]
    np.testing.assert_allclose(*paths, rtol=1e-5, atol=1e-6)
    shapes = [tuple(variable.shape) for variable in own.variables]
    assert shapes == [tuple(variable.shape) for variable in twin.variables]


def test_a_schedule_of_keras_works_too():
    weight = tf.Variable(1.0)
    sgd = optimizers.SGD(keras_schedules.ExponentialDecay(0.5, 1, 0.5))
    for _ in range(3):
        sgd.apply([tf.constant(1.0)], [weight])
    assert weight.numpy() == 1 - 0.5 - 0.25 - 0.125
    assert float(sgd.learning_rate) == 0.0625  # of the next step


def trained(optimizer, epochs, **arguments):
    keras.utils.set_random_seed(0)
    model = models.MLP(8, 1, hidden_activation="tanh")
    split = data.linear(noise=0.1)
    return training.train(
        model,
        split.train,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=8,
        **arguments,
    )


def test_training_with_a_schedule_and_with_the_twin_writes_one_history():
    schedule = partial(ours["warm-up"], initial_rate=0.02)
    twin = keras_schedules.CosineDecay(
        0.0, 30, alpha=0.1, warmup_target=0.02, warmup_steps=10
    )
    histories = [
        trained(optimizers.SGD(schedule), 12),
        trained(keras.optimizers.SGD(twin), 12),
    ]
    np.testing.assert_allclose(*histories, rtol=1e-4)
    constant = trained(optimizers.SGD(0.02), 12)
    assert not np.allclose(histories[0], constant, rtol=0.01)


def test_a_run_that_was_stopped_goes_on_with_the_rate_of_its_step(tmp_path):
    whole = trained(optimizers.SGD(ours["cosine_decay"]), 10)
    trained(optimizers.SGD(ours["cosine_decay"]), 5, checkpoint_dir=tmp_path)
    later = trained(optimizers.SGD(ours["cosine_decay"]), 10, checkpoint_dir=tmp_path)
    np.testing.assert_array_equal(whole, later)


def test_another_schedule_is_another_run(tmp_path):
    trained(optimizers.SGD(ours["cosine_decay"]), 5, checkpoint_dir=tmp_path)
    with pytest.raises(ValueError, match="decay_steps"):
        trained(
            optimizers.SGD(partial(ours["cosine_decay"], decay_steps=99)),
            10,
            checkpoint_dir=tmp_path,
        )


@pytest.mark.parametrize("name", TWINS)
def test_a_config_makes_the_same_optimizer_again(name):
    config = optimizers.Momentum(ours[name]).get_config()
    assert config["learning_rate"] is ours[name]
    assert optimizers.Momentum(**config).get_config() == config


# What is refused


def refused(message):
    return pytest.raises(ValueError, match=f"^{re.escape(message)}[^\n]*; [^\n]+$")


def test_a_rate_that_follows_a_schedule_cannot_be_assigned_to():
    adam = optimizers.Adam(ours["cosine_decay"])
    with refused("Adam: expected a learning_rate that can be assigned to, got one"):
        adam.learning_rate = 0.1


@pytest.mark.parametrize(
    "schedule",
    [
        lambda step: -0.1,
        lambda step: float("nan"),
        lambda step: float("inf"),
        lambda step: [0.1, 0.2],
    ],
)
def test_a_schedule_that_returns_no_rate_is_refused(schedule):
    with refused("SGD: expected a learning_rate that is a number or returns one of 0"):
        optimizers.SGD(schedule)


@pytest.mark.parametrize("decay_steps", [0, -1, float("nan")])
def test_a_decay_over_no_steps_is_refused(decay_steps):
    with refused("cosine_decay: expected decay_steps above 0 and "):
        optimizers.cosine_decay(0, 0.1, decay_steps)
    with refused("exponential_decay: expected decay_steps above 0, got "):
        optimizers.exponential_decay(0, 0.1, decay_steps, 0.5)


def test_a_negative_warm_up_is_refused():
    with refused(
        "cosine_decay: expected decay_steps above 0 and warmup_steps of 0 or more"
    ):
        optimizers.cosine_decay(0, 0.1, 10, warmup_steps=-1)


@pytest.mark.parametrize(
    ("boundaries", "rates"),
    [
        ([10], [0.1]),
        ([10], [0.1, 0.2, 0.3]),
        ([20, 10], [3, 2, 1]),
        ([5, 5], [3, 2, 1]),
    ],
)
def test_boundaries_and_rates_that_do_not_fit_are_refused(boundaries, rates):
    with refused("piecewise_constant: expected boundaries that rise and one rate more"):
        optimizers.piecewise_constant(0, boundaries, rates)

"""A model that is started anew must train as a new one does."""

import functools
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import optimizers, training
from tfbook.training import Restart

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = X @ np.float32([[1.0], [-2.0], [0.5]])


def make_model(width: int = 5) -> keras.Model:
    """Make a model with everything that a start has to set: also averages and seeds."""
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(width, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )


def fit(model, optimizer, **options):
    """Train; return the table and all that is left in the model and the optimizer."""
    table = training.train(
        model,
        (X, Y),
        (X, Y),
        optimizer=optimizer,
        epochs=6,
        batch_size=8,
        record_every=2,
        **options,
    )
    state = [*model.variables, *optimizer.variables]
    return table, [variable.numpy() for variable in state]


OPTIMIZERS = {
    "Adam": lambda: keras.optimizers.Adam(0.01),
    "Adagrad": lambda: keras.optimizers.Adagrad(0.1),  # its slots start at 0.1
    "average": lambda: keras.optimizers.SGD(0.1, use_ema=True),  # and these at weights
    "schedule": lambda: keras.optimizers.SGD(
        keras.optimizers.schedules.CosineDecay(0.1, 30)
    ),
    "ours": lambda: optimizers.Adam(0.01),
}


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_every_start_trains_as_a_new_model_with_a_new_optimizer_does(make_optimizer):
    restart = Restart(make_model, make_optimizer())
    for seed in (3, 0, 3):
        found = fit(restart(seed), restart.optimizer)
        drawn = tf.random.uniform(()).numpy()
        keras.utils.set_random_seed(seed)
        expected = fit(make_model(), make_optimizer())
        assert found[0].equals(expected[0])
        for ours, theirs in zip(found[1], expected[1], strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert drawn == tf.random.uniform(()).numpy()


def test_starts_differ_with_the_seed():
    restart = Restart(make_model, keras.optimizers.Adam(0.01))
    losses = [
        fit(restart(seed), restart.optimizer)[0].iloc[-1].iloc[0] for seed in range(3)
    ]
    assert len(set(losses)) == 3


def test_a_rate_is_set_for_one_start_and_forgotten_at_the_next():
    restart = Restart(make_model, keras.optimizers.Adam(0.01))
    rates = [
        (restart(0, rate), float(restart.optimizer.learning_rate))[1]
        for rate in (0.5, None, 0.25)
    ]
    np.testing.assert_allclose(rates, [0.5, 0.01, 0.25])


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_the_same_start_again_trains_as_the_start_did(make_optimizer):
    restart = Restart(make_model, make_optimizer())
    expected = fit(restart(3), restart.optimizer)
    for _ in range(2):
        found = fit(restart.again(), restart.optimizer)
        assert found[0].equals(expected[0])
        for ours, theirs in zip(found[1], expected[1], strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_rate_is_set_for_the_same_start_and_forgotten_at_the_next():
    restart = Restart(make_model, keras.optimizers.Adam(0.01))
    expected = [fit(restart(1, rate), restart.optimizer)[0] for rate in (0.1, 0.01)]
    restart(1, 0.5)
    for rate, table in zip((0.1, None), expected, strict=True):
        assert fit(restart.again(rate), restart.optimizer)[0].equals(table)


def test_one_program_serves_all_starts():
    restart = Restart(make_model, keras.optimizers.Adam())
    for seed, rate in itertools.product(range(2), (0.1, 0.01)):
        fit(restart(seed, rate), restart.optimizer)
    assert len(vars(restart.model)["_programs"]) == 1


def test_a_model_can_be_started_without_an_optimizer():
    restart = Restart(make_model)
    first = restart(1).get_weights()
    restart(2)
    for value, again in zip(first, restart(1).get_weights(), strict=True):
        np.testing.assert_array_equal(value, again)


def used() -> keras.optimizers.Optimizer:
    """Make an optimizer that has taken steps."""
    optimizer = keras.optimizers.Adam()
    fit(make_model(), optimizer)
    return optimizer


one = functools.cache(make_model)
widths = itertools.count(1)


@pytest.mark.parametrize(
    ("begin", "message"),
    [
        (
            lambda: Restart(lambda: keras.Sequential([keras.layers.Dense(1)])),
            "expected a model with weights, got one without; begin with keras.Input",
        ),
        (lambda: Restart(one)(0), "got the same model twice"),
        (
            lambda: Restart(lambda: make_model(next(widths)))(0),
            "of equal shapes",
        ),
        (lambda: Restart(make_model, used()), "has taken no step, got one after 30"),
        (lambda: Restart(make_model, "adam"), "expected an optimizer, got 'adam'"),
        (lambda: Restart(make_model)(0, 0.1), "expected an optimizer for the learning"),
        (
            lambda: Restart(make_model).again(),
            "expected a start to go back to, got none",
        ),
    ],
)
def test_what_cannot_be_started_anew_is_refused(begin, message):
    with pytest.raises(ValueError, match=message):
        begin()

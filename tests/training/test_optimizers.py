"""The optimizer of a run: looked up, checked, built, and wrapped."""

import keras
import numpy as np
import pytest

from tfbook import training
from tfbook.training.optimizers import get_optimizer, optimizer_classes

X = np.ones((4, 2), "float32")
Y = np.ones((4, 1), "float32")


def dense():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def train(model, optimizer):
    return training.train(model, (X, Y), optimizer=optimizer, epochs=1)


def test_every_optimizer_of_keras_has_its_name():
    kinds = optimizer_classes()
    for name in ("sgd", "adam", "adamw", "lamb", "lion", "muon", "rmsprop"):
        assert name in kinds
    assert "optimizer" not in kinds
    assert type(get_optimizer("AdaM")) is keras.optimizers.Adam
    assert get_optimizer("adam") is not get_optimizer("adam")


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ({"learning_rate": -1.0}, "learning_rate to be 0 or more, got -1"),
        ({"beta_1": 2.0}, "beta_1 to be from 0 to 1, got 2"),
        ({"beta_2": -0.5}, r"beta_2 to be from 0 to 1, got -0\.5"),
        ({"clipnorm": -1.0}, "clipnorm to be positive, got -1"),
        ({"clipvalue": 0.0}, "clipvalue to be positive, got 0"),
        ({"global_clipnorm": -2}, "global_clipnorm to be positive, got -2"),
        ({"use_ema": True, "ema_momentum": 1.0}, None),
    ],
)
def test_a_setting_that_no_rule_can_use_is_refused(setting, wanted):
    model, optimizer = dense(), keras.optimizers.Adam(**setting)
    before = model.get_weights()
    if wanted is None:
        train(model, optimizer)
        return
    with pytest.raises(ValueError, match=f"^optimizer: expected {wanted} in Adam; "):
        train(model, optimizer)
    assert all(map(np.array_equal, model.get_weights(), before))


def test_one_built_for_another_model_is_refused():
    adam = keras.optimizers.Adam()
    train(dense(), adam)
    with pytest.raises(ValueError, match="got Adam, one built for other weights; make"):
        train(dense(), adam)


def test_one_built_while_layers_were_frozen_is_refused_by_that_reason():
    model, adam = dense(), keras.optimizers.Adam()
    model.layers[0].bias.trainable = False
    train(model, adam)
    model.layers[0].bias.trainable = True
    with pytest.raises(ValueError, match="one built for 1 of them, while others were"):
        train(model, adam)


def test_one_built_for_more_than_is_trained_goes_on():
    model, adam = dense(), keras.optimizers.Adam()
    train(model, adam)
    model.layers[0].bias.trainable = False
    bias = model.get_weights()[1]
    train(model, adam)
    assert np.array_equal(model.get_weights()[1], bias)


def test_half_precision_gets_a_scale_that_stays_with_the_optimizer():
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(1, dtype="mixed_float16")
    model = keras.Model(inputs, layer(inputs))
    model.dtype_policy = keras.DTypePolicy("mixed_float16")
    sgd = keras.optimizers.SGD(0.01)
    train(model, sgd)
    wrapper = vars(sgd)["_loss_scale"]
    train(model, sgd)
    assert isinstance(wrapper, keras.optimizers.LossScaleOptimizer)
    assert vars(sgd)["_loss_scale"] is wrapper

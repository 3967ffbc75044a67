"""Models, held against NumPy and against Keras's own."""

import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook.layers import Linear, ReLU
from tfbook.models import MLP, LinearRegression, Sequential

X = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
MODELS = {
    "regression": lambda: LinearRegression(5, use_bias=True, bias_initializer="ones"),
    "sequential": lambda: Sequential([Linear(3), ReLU(), Linear(1)]),
    "keras layers": lambda: Sequential(
        [keras.layers.Dense(3, "gelu"), keras.layers.BatchNormalization(), Linear(2)]
    ),
    "one hidden layer": lambda: MLP(4, 1),
    "two hidden layers": lambda: MLP([4, 3], 2, hidden_activation="tanh"),
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def weights_of(model: keras.Model) -> list[np.ndarray]:
    return [weight.numpy().astype(np.float64) for weight in model.weights]


def test_regression_is_a_product_and_a_sum():
    model = LinearRegression(5, use_bias=True, bias_initializer="ones")
    kernel, bias = weights_of(model)
    np.testing.assert_array_equal(bias, [1])
    np.testing.assert_allclose(model(X), X @ kernel + bias, rtol=1e-5)
    assert model.kernel is model.weights[0]
    assert model.bias is model.weights[1]


def test_regression_has_its_weights_at_once_and_no_bias_unless_asked():
    assert [tuple(weight.shape) for weight in LinearRegression(5).weights] == [(5, 1)]


def test_sequential_equals_the_one_of_keras():
    layers = [Linear(3), ReLU(), Linear(1)]
    np.testing.assert_array_equal(Sequential(layers)(X), keras.Sequential(layers)(X))


def test_a_shape_is_enough_to_build_sequential():
    model = Sequential([Linear(3), ReLU(), Linear(1)])
    model.build((None, 5))
    shapes = [tuple(weight.shape) for weight in model.weights]
    assert shapes == [(5, 3), (3,), (3, 1), (1,)]
    assert model.compute_output_shape((None, 5)) == (None, 1)


@pytest.mark.parametrize("training", [True, False])
def test_layers_in_sequential_know_whether_they_train(training):
    model = Sequential([keras.layers.Dropout(0.5, seed=1)])
    dropped = np.mean(model(np.ones((1, 1000)), training=training) == 0)
    assert dropped == pytest.approx(0.5 if training else 0, abs=0.1)


@pytest.mark.parametrize(
    ("activation", "bend"), [("relu", lambda z: np.maximum(z, 0)), ("tanh", np.tanh)]
)
def test_an_mlp_is_products_sums_and_bends(activation, bend):
    model = MLP([4, 3], 2, activation)
    predictions = model(X)
    first, first_bias, second, second_bias, last, last_bias = weights_of(model)
    hidden = bend(X @ first + first_bias)
    features = bend(hidden @ second + second_bias)
    np.testing.assert_allclose(model.feature_extractor(X), features, rtol=1e-4)
    np.testing.assert_allclose(predictions, features @ last + last_bias, rtol=1e-4)


@pytest.mark.parametrize("widths", [[4], (4,), range(4, 5), np.array([4])])
def test_one_width_is_a_list_of_one(widths):
    one, other = MLP(4, 1), MLP(widths, 1)
    one(X), other(X)
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(one(X), other(X))


def test_the_parts_of_an_mlp_have_their_names():
    model = MLP([4, 3], 2)
    assert [layer.name for layer in model.layers] == [
        "feature_extractor",
        "last_linear",
    ]
    hidden = [layer.name for layer in model.feature_extractor.layers]
    assert hidden == ["hidden_0", "hidden_1"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LinearRegression(0), "num_features to be a positive integer, got 0;"),
        (lambda: LinearRegression("5"), "num_features to be a positive .*, got '5';"),
        (lambda: LinearRegression(2.5), "num_features to be a positive .*, got 2.5;"),
        (lambda: Sequential([]), r"a list of one or more Keras layers, got \[\];"),
        (lambda: Sequential([tf.nn.relu]), "a list of one or more Keras layers, got"),
        (lambda: MLP([], 1), r"expected one hidden layer or more, got \[\];"),
        (lambda: MLP(0, 1), "expected units to be a positive integer, got 0;"),
        (lambda: MLP([4, "3"], 1), "expected units to be a positive .*, got '3';"),
        (lambda: MLP(4, -1), "expected units to be a positive integer, got -1;"),
        (lambda: MLP(4, 1, "rleu"), "did you mean 'relu'"),
    ],
)
def test_what_cannot_be_built_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@every_model
def test_a_wrong_width_is_refused(make):
    model = make()
    model(X)
    with pytest.raises(ValueError, match=re.escape("(6, 4)")):
        model(X[:, :4])


@every_model
def test_a_config_makes_a_model_with_the_same_weights(make):
    model = make()
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()
    model(X), again(X)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X), model(X))


LOAD = """
import sys
import numpy as np
import tfbook.models
import keras

model = keras.saving.load_model(sys.argv[1], safe_mode=True)
np.save(sys.argv[2], model(np.load(sys.argv[3])))
"""


@pytest.mark.filterwarnings("ignore:__array__ implement:DeprecationWarning")
def test_files_load_where_only_the_models_are_imported(tmp_path):
    np.save(tmp_path / "x.npy", X)
    runs = []
    for number, make in enumerate(MODELS.values()):
        model = make()
        expected = model(X).numpy()
        saved, loaded = tmp_path / f"{number}.keras", tmp_path / f"{number}.npy"
        model.save(saved)
        paths = [str(path) for path in (saved, loaded, tmp_path / "x.npy")]
        runs.append((subprocess.Popen([sys.executable, "-c", LOAD, *paths]), loaded))
        runs[-1] += (expected,)
    for process, loaded, expected in runs:
        assert process.wait(120) == 0
        np.testing.assert_array_equal(np.load(loaded), expected)

"""Models, held against NumPy and against Keras's own."""

import copy
import pickle
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


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def weights_of(model: keras.Model) -> list[np.ndarray]:
    return [weight.numpy().astype(np.float64) for weight in model.weights]


def test_regression_is_a_product_and_a_sum():
    model = LinearRegression(5, use_bias=True, bias_initializer="ones")
    kernel, bias = weights_of(model)
    np.testing.assert_array_equal(bias, [1])
    np.testing.assert_allclose(model(X), X @ kernel + bias, rtol=1e-5, atol=1e-6)
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


# Sequential, beside the one of Keras


@keras.saving.register_keras_serializable("test")
class Scale(keras.layers.Layer):
    """A layer as most people write one: without `compute_output_shape`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs, training=False, mask=None):
        outputs = inputs * self.scale
        if mask is not None:
            outputs = outputs * tf.cast(mask, outputs.dtype)[..., None]
        return outputs + 1 if training else outputs


@keras.saving.register_keras_serializable("test")
class Sum(keras.layers.Layer):
    """A layer with several inputs."""

    def call(self, inputs):
        return tf.add_n(tf.nest.flatten(inputs))


def shared() -> list:
    layer = Linear(5, "tanh")
    return [layer, ReLU(), layer]


WORDS = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
SERIES = np.random.default_rng(1).normal(size=(2, 4, 5)).astype(np.float32)
words = keras.layers.Embedding
STACKS = {
    "custom layer": (lambda: [Scale(), Linear(2)], X),
    "custom layer last": (lambda: [Linear(2), Scale()], X),
    "mlp": (lambda: [MLP([4], 3), ReLU()], X),
    "mlp last": (lambda: [ReLU(), MLP([4], 3)], X),
    "regression": (lambda: [LinearRegression(5), keras.layers.Dense(2)], X),
    "sequential inside": (lambda: [Sequential([Linear(3)]), Scale()], X),
    "keras sequential inside": (lambda: [keras.Sequential([Linear(3)]), Scale()], X),
    "shared layer": (shared, X),
    "batch normalization": (lambda: [keras.layers.BatchNormalization(), Linear(2)], X),
    "images": (
        lambda: [
            keras.layers.Reshape((4, 5, 1)),
            keras.layers.Conv2D(2, 3),
            keras.layers.Flatten(),
            Linear(2),
        ],
        SERIES,
    ),
    "recurrence": (
        lambda: [keras.layers.LSTM(3, return_sequences=True), Scale()],
        SERIES,
    ),
    "both ways": (
        lambda: [keras.layers.Bidirectional(keras.layers.GRU(3)), Linear(1)],
        SERIES,
    ),
    "words": (lambda: [words(5, 3), keras.layers.Flatten(), Linear(2)], WORDS),
    "masked words": (lambda: [words(5, 3, mask_zero=True), Linear(2), Scale()], WORDS),
    "masked words read": (
        lambda: [words(5, 3, mask_zero=True), ReLU(), keras.layers.LSTM(2), Linear(1)],
        WORDS,
    ),
    "float64": (lambda: [Linear(2, dtype="float64")], X.astype(np.float64) / 3),
    "mixed": (lambda: [Linear(2, dtype="mixed_bfloat16"), ReLU()], X),
    "names": (
        lambda: [keras.layers.Hashing(7), words(7, 3), keras.layers.Flatten()],
        np.array([["a", "b"], ["c", "a"]]),
    ),
    "a list": (lambda: [Sum(), Linear(2)], [X, X + 1]),
    "a dictionary": (lambda: [Sum(), Linear(2)], {"a": X, "b": X + 1}),
}
every_stack = pytest.mark.parametrize(("make", "x"), STACKS.values(), ids=STACKS)


def as_tensors(x):
    return keras.tree.map_structure(tf.constant, x)


@every_stack
@pytest.mark.parametrize("training", [True, False])
def test_sequential_is_that_of_keras_whatever_the_layers(make, x, training):
    layers, x = make(), as_tensors(x)
    model = Sequential(layers)
    outputs = model(x, training=training)
    if tf.is_tensor(x):  # without it, Keras takes strings for floats
        layers = [keras.Input(x.shape[1:], dtype=x.dtype.name), *layers]
    expected = keras.Sequential(layers)(x, training=training)
    assert outputs.dtype == expected.dtype
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)


@every_stack
def test_a_shape_is_enough_to_build_whatever_the_layers(make, x):
    x = as_tensors(x)
    shape = keras.tree.map_structure(lambda part: (None, *part.shape[1:]), x)
    model = Sequential(make())
    model.build(shape)
    built = [id(weight) for weight in model.weights]
    outputs = model(x)
    assert [id(weight) for weight in model.weights] == built
    assert model.compute_output_shape(shape) == (None, *outputs.shape[1:])


@every_stack
def test_sequential_is_a_layer_of_a_functional_model(make, x):
    x = as_tensors(x)
    names = (
        list(x) if isinstance(x, dict) else [None, None]
    )  # of a dictionary, its keys
    entries = [
        keras.Input(part.shape[1:], dtype=part.dtype.name, name=name)
        for part, name in zip(keras.tree.flatten(x), names, strict=False)
    ]
    inputs = keras.tree.pack_sequence_as(x, entries)
    inner = Sequential(make())
    model = keras.Model(inputs, inner(inputs))
    outputs = model(x)
    np.testing.assert_allclose(outputs, inner(x), rtol=1e-5)
    assert model.output.dtype == outputs.dtype.name
    assert model.output_shape == (None, *outputs.shape[1:])


@pytest.mark.filterwarnings("ignore:__array__ implement:DeprecationWarning")
@every_stack
def test_sequential_comes_back_from_a_file_whatever_the_layers(make, x, tmp_path):
    model, x = Sequential(make()), as_tensors(x)
    expected = model(x)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(x), expected)
    assert len(again.weights) == len(model.weights)


@pytest.mark.parametrize("name", ["shared layer", "custom layer", "mlp"])
def test_a_clone_has_as_many_weights_and_takes_them(name):
    make, x = STACKS[name]
    model = Sequential(make())
    expected = model(x)
    clone = keras.models.clone_model(model)
    assert len(clone.weights) == len(model.weights)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(x), expected)


@pytest.mark.filterwarnings("ignore:__array__ implement:DeprecationWarning")
@every_model
def test_a_model_can_be_copied_and_pickled(make):
    model = make()
    expected = model(X)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again(X), expected)


@pytest.mark.parametrize(
    "entry",
    [
        lambda: keras.layers.InputLayer(shape=(5,)),
        lambda: keras.Input((5,)),
        lambda: keras.Input((5,), batch_size=6),
    ],
)
def test_an_input_in_front_makes_the_weights_at_once(entry, tmp_path):
    model = Sequential([entry(), Linear(3), ReLU()])
    assert [tuple(weight.shape) for weight in model.weights] == [(5, 3), (3,)]
    assert len(model.stack) == 2
    again = Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X), model(X))


def test_the_first_call_may_be_in_a_graph():
    for make in MODELS.values():
        model = make()
        np.testing.assert_allclose(tf.function(model)(X), model(X), rtol=1e-4)


# Masks


def test_a_mask_goes_through_a_model_and_ends_where_a_layer_uses_it_up():
    table = words(5, 3, mask_zero=True)
    for hidden in (Sequential([Linear(2), ReLU()]), MLP([4], 2), LinearRegression(3)):
        outputs = hidden(table(WORDS))
        np.testing.assert_array_equal(outputs._keras_mask, WORDS != 0)
    read = Sequential([hidden, keras.layers.LSTM(2)])(table(WORDS))
    assert getattr(read, "_keras_mask", None) is None
    assert read.shape == (2, 2)


def test_a_mask_can_be_an_argument_as_with_keras():
    layers, mask = [Linear(3), Scale()], tf.constant(WORDS != 0)
    x = tf.constant(SERIES)
    outputs = Sequential(layers)(x, mask=mask)
    np.testing.assert_array_equal(outputs, layers[1](layers[0](x), mask=mask))
    assert np.any(outputs != Sequential(layers)(x))
    assert getattr(x, "_keras_mask", None) is None


# Types

TYPED = {
    "regression": lambda **how: LinearRegression(5, use_bias=True, **how),
    "mlp": lambda **how: MLP([4, 3], 2, "tanh", **how),
}
POLICIES = ["float32", "float64", "float16", "mixed_float16", "mixed_bfloat16"]


def twin_of(name: str, policy: str) -> keras.Model:
    widths = {"regression": [(1, None)], "mlp": [(4, "tanh"), (3, "tanh"), (2, None)]}
    layers = [keras.layers.Dense(*each, dtype=policy) for each in widths[name]]
    return keras.Sequential([keras.Input((5,), dtype=layers[0].compute_dtype), *layers])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", TYPED)
def test_a_model_computes_in_the_type_that_it_was_made_with(name, policy):
    model, twin = TYPED[name](dtype=policy), twin_of(name, policy)
    x = X.astype(np.float64) / 3
    model(x)
    twin.set_weights(model.get_weights())
    outputs, expected = model(x), twin(x)
    assert outputs.dtype == expected.dtype
    assert [w.dtype for w in model.weights] == [w.dtype for w in twin.weights]
    tolerance = 1e-2 if "16" in policy else 1e-5 if policy == "float32" else 1e-13
    np.testing.assert_allclose(
        tf.cast(outputs, tf.float64),
        tf.cast(expected, tf.float64),
        rtol=tolerance,
        atol=tolerance / 10,
    )


@pytest.mark.filterwarnings("ignore:__array__ implement:DeprecationWarning")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", TYPED)
def test_a_type_is_kept_in_a_file(name, policy, tmp_path):
    keras.config.set_dtype_policy(policy)  # the global one counts, too
    try:
        model = TYPED[name]()
    finally:
        keras.config.set_dtype_policy("float32")
    x = X.astype(np.float64) / 3
    expected = model(x)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again(x).dtype == expected.dtype
    assert [w.dtype for w in again.weights] == [w.dtype for w in model.weights]
    np.testing.assert_array_equal(again(x), expected)


def test_sequential_hands_an_input_on_in_the_type_of_its_first_layer():
    layers, x = [Linear(2, dtype="float64"), ReLU(dtype="float64")], X / np.float64(3)
    expected = layers[1](layers[0](x))
    np.testing.assert_array_equal(Sequential(layers)(x), expected)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", TYPED)
@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 5)])
def test_a_symbolic_output_promises_what_comes(name, policy, shape):
    model = TYPED[name](dtype=policy)
    promised = model.compute_output_shape((None, *shape[1:]))
    inputs = keras.Input(shape[1:])
    outer = keras.Model(inputs, model(inputs))
    outputs = outer(np.ones(shape, np.float32))
    assert promised == outer.output_shape == (None, *outputs.shape[1:])
    assert outer.output.dtype == outputs.dtype.name


# Refusals


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
        (lambda: LinearRegression(True), "num_features to be a .*, got True;"),
        (
            lambda: Sequential(Linear(3)),
            "list of one or more Keras layers, got <Linear",
        ),
        (lambda: Sequential([Linear(3), "relu"]), r"Keras layers, got \['relu'\];"),
        (
            lambda: Sequential([keras.layers.InputLayer((5,))]),
            "one or more Keras layers",
        ),
        (
            lambda: Sequential([Linear(3), keras.Input((5,))]),
            "one or more Keras layers",
        ),
        (
            lambda: Sequential([Linear(3), keras.layers.InputLayer((3,))]),
            "Keras layers",
        ),
        (lambda: Sequential([Linear]), "one or more Keras layers, got"),
        (lambda: MLP([True], 1), "expected units to be a positive integer, got True;"),
        (lambda: MLP(None, 1), "expected units to be a positive integer, got None;"),
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
def test_a_wrong_width_is_refused_in_one_line(make):
    model = make()
    model(X)
    who = f"{type(model).__name__} {model.name!r}"
    message = (
        f"{who}: expected 5 features, the width it was built with, got shape (6, 4)"
    )
    for run in (model, tf.function(model)):
        with pytest.raises(ValueError, match=re.escape(message)) as caught:
            run(X[:, :4])
    for run in (lambda x: model(x[0]), lambda x: make()(x[0])):
        with pytest.raises(ValueError, match=r"rank 2 or more|min_ndim=2") as caught:
            run(X)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="expected"):
        model.build((None, 4))


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
        assert process.wait(600) == 0  # they all start at once
        np.testing.assert_array_equal(np.load(loaded), expected)

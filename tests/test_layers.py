"""Layers, held against their Keras twins."""

import re
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook.layers import Linear, ReLU, check_input

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def twins(width: int = 5, **arguments: Any) -> tuple[Linear, keras.layers.Dense]:
    """Make a layer of ours and one of Keras with equal weights."""
    arguments = {"bias_initializer": "normal", **arguments}
    ours, dense = Linear(3, **arguments), keras.layers.Dense(3, **arguments)
    for layer in (ours, dense):
        layer.build((None, width))
    ours.set_weights(dense.get_weights())
    return ours, dense


@pytest.mark.parametrize("shape", [(4, 5), (2, 4, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("activation", [None, "relu", "tanh", "softmax"])
def test_linear_equals_dense_in_values_and_gradients(shape, use_bias, activation):
    ours, dense = twins(use_bias=use_bias, activation=activation)
    x = tf.constant(RNG.normal(size=shape), tf.float32)
    results = []
    for layer in (ours, dense):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x)
            total = tf.reduce_sum(outputs**2)
        sources = [x, *layer.trainable_variables]
        results.append([outputs, *tape.gradient(total, sources)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_weights_are_made_at_the_first_call_and_named():
    layer = Linear(3)
    assert layer.weights == []
    layer(tf.ones((2, 5)))
    assert [weight.name for weight in layer.weights] == ["kernel", "bias"]
    assert [tuple(weight.shape) for weight in layer.weights] == [(5, 3), (3,)]


def test_without_a_bias_there_is_only_a_kernel():
    layer = Linear(3, use_bias=False)
    layer(tf.ones((2, 5)))
    assert [weight.name for weight in layer.weights] == ["kernel"]
    assert layer.bias is None


def test_weights_start_where_the_initializers_say():
    layer = Linear(2, kernel_initializer="ones", bias_initializer="ones")
    np.testing.assert_array_equal(layer(tf.ones((1, 5))), [[6, 6]])


def test_equal_seeds_give_dense_and_linear_the_same_kernel():
    kernels = []
    for kind in (Linear, keras.layers.Dense):
        keras.utils.set_random_seed(1)
        layer = kind(3)
        layer.build((None, 5))
        kernels.append(layer.kernel.numpy())
    np.testing.assert_array_equal(*kernels)


def test_a_symbolic_input_builds_a_functional_model():
    inputs = keras.Input((5,))
    model = keras.Model(inputs, Linear(3)(inputs))
    assert model.output_shape == (None, 3)
    assert model.count_params() == 18


def test_inputs_may_be_numpy_arrays_and_lists():
    ours, dense = twins()
    x = RNG.normal(size=(2, 5)).astype("float32")
    np.testing.assert_allclose(ours(x), dense(x), rtol=1e-5)
    np.testing.assert_allclose(ours(tf.constant(x.tolist())), dense(x), rtol=1e-5)


POLICIES = ["float32", "float64", "float16", "mixed_float16", "mixed_bfloat16"]
INPUTS = {
    "floats": tf.constant(RNG.normal(size=(4, 5)), tf.float32),
    "float64": RNG.normal(size=(4, 5)),
    "half": tf.constant(RNG.normal(size=(4, 5)), tf.float16),
    "integers": tf.constant(RNG.integers(-9, 9, size=(4, 5))),
    "int8": tf.constant(RNG.integers(-9, 9, size=(4, 5)), tf.int8),
    "pixels": RNG.integers(0, 255, size=(4, 5)).astype(np.uint8),
    "Booleans": RNG.integers(0, 2, size=(4, 5)).astype(bool),
    "sparse": tf.sparse.from_dense(tf.constant(np.eye(4, 5), tf.float32)),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", INPUTS)
def test_linear_treats_types_as_dense_does(kind, policy):
    ours, dense = twins(dtype=policy)
    outputs, expected = ours(INPUTS[kind]), dense(INPUTS[kind])
    assert outputs.dtype == expected.dtype
    assert [w.dtype for w in ours.weights] == [w.dtype for w in dense.weights]
    np.testing.assert_array_equal(outputs, expected)


@pytest.mark.parametrize("autocast", [True, False])
def test_linear_casts_its_inputs_or_not_as_dense_does(autocast):
    ours, dense = twins(autocast=autocast)
    assert ours(INPUTS["float64"]).dtype == dense(INPUTS["float64"]).dtype


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5)])
@pytest.mark.parametrize(
    "make", [lambda **k: Linear(3, **k), ReLU], ids=["Linear", "ReLU"]
)
def test_a_symbolic_output_promises_what_comes(make, shape, policy):
    layer = make(dtype=policy)
    promised = layer.compute_output_spec(keras.KerasTensor((None, *shape[1:])))
    inputs = keras.Input(shape[1:])
    model = keras.Model(inputs, layer(inputs))
    outputs = model(np.ones(shape, np.float32))
    for spec in (promised, model.output):
        assert spec.shape == (None, *outputs.shape[1:])
        assert spec.dtype == outputs.dtype.name


@pytest.mark.filterwarnings("ignore:__array__ implement:DeprecationWarning")
@pytest.mark.parametrize("policy", POLICIES)
def test_a_saved_layer_comes_back_with_its_policy_and_its_weights(policy, tmp_path):
    layers = [Linear(3, activation="gelu", dtype=policy), ReLU(dtype=policy)]
    model = keras.Sequential([keras.Input((5,)), *layers])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert [layer.dtype_policy.name for layer in again.layers] == [policy] * 2
    x = RNG.normal(size=(4, 5))
    np.testing.assert_array_equal(again(x), model(x))


# Masks


@pytest.mark.parametrize("place", ["after linear", "after relu"])
def test_padding_stays_padding(place):
    words = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    table = keras.layers.Embedding(5, 3, mask_zero=True)
    reader, (ours, dense) = keras.layers.LSTM(2), twins(3)
    hidden = {"after linear": [ours], "after relu": [ours, ReLU()]}[place]
    theirs = {"after linear": [dense], "after relu": [dense, keras.layers.ReLU()]}
    outputs = keras.Sequential([table, *hidden])(words)
    np.testing.assert_array_equal(outputs._keras_mask, words != 0)
    np.testing.assert_allclose(
        keras.Sequential([table, *hidden, reader])(words),
        keras.Sequential([table, *theirs[place], reader])(words),
        rtol=1e-5,
    )


@pytest.mark.parametrize("units", [0, -1, 2.5, "3", None, True, [3]])
def test_units_that_are_no_positive_integer_are_refused(units):
    message = f"Linear: expected units to be a positive integer, got {units!r};"
    with pytest.raises(ValueError, match=re.escape(message)):
        Linear(units)


@pytest.mark.parametrize("shape", [(), (5,)])
def test_one_example_without_a_batch_is_refused(shape):
    message = f"expected an input of rank 2 or more, got shape {shape};"
    with pytest.raises(ValueError, match=re.escape(message)):
        Linear(3)(tf.ones(shape))


def test_an_unknown_last_axis_is_refused():
    message = "Linear 'hidden': expected a known last axis, got shape (None, None);"
    with pytest.raises(ValueError, match=re.escape(message)):
        Linear(3, name="hidden")(keras.Input((None,)))
    with pytest.raises(ValueError, match=re.escape(message)):
        Linear(3, name="hidden").build((None, None))


def test_another_width_than_the_first_is_refused_in_one_line():
    layer = Linear(3, name="hidden")
    layer(tf.ones((2, 5)))
    message = "Linear 'hidden': expected 5 features, .*, got shape \\(2, 4\\);"
    with pytest.raises(ValueError, match=message) as caught:
        layer(tf.ones((2, 4)))
    assert "\n" not in str(caught.value)


def test_another_width_is_refused_when_building_and_when_tracing():
    layer = Linear(3, name="hidden")
    layer.build((None, 5))
    message = re.escape("Linear 'hidden': expected 5 features")
    with pytest.raises(ValueError, match=message):
        layer.build((None, 4))
    with pytest.raises(ValueError, match=message):
        layer(keras.Input((4,)))
    with pytest.raises(ValueError, match=message):
        tf.function(layer)(tf.ones((2, 4)))


def test_a_built_layer_takes_what_has_its_width_only_when_it_runs():
    ours, dense = twins()
    unknown = [tf.TensorSpec((None, None))]
    x = tf.constant(RNG.normal(size=(2, 5)), tf.float32)
    for layer in (ours, dense):
        np.testing.assert_allclose(tf.function(layer, unknown)(x), layer(x), rtol=1e-6)


def test_an_unknown_rank_is_refused():
    @tf.function(input_signature=[tf.TensorSpec(None)])
    def run(x):
        return Linear(3, name="hidden")(x)

    message = (
        "Linear 'hidden': expected an input of rank 2 or more, got an unknown rank;"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        run(tf.ones((2, 5)))


def test_what_has_no_shape_is_left_to_keras():
    for layer in (Linear(3), keras.layers.Dense(3)):
        with pytest.raises(ValueError, match="Only input tensors may be passed"):
            layer([[1.0, 2.0]])


def test_a_check_needs_no_spec():
    check_input(keras.layers.Dropout(0.5), tf.ones(()))
    check_input(keras.layers.Add(), [tf.ones((2, 3))] * 2)
    recurrent = keras.layers.LSTM(2)  # its spec is a list
    recurrent.build((None, 4, 3))
    check_input(recurrent, tf.ones((2, 4, 3)))


def test_a_wrong_width_inside_a_model_still_says_what_was_expected():
    model = keras.Sequential([Linear(3), Linear(1)])
    model(tf.ones((2, 5)))
    with pytest.raises(ValueError, match="5"):
        model(tf.ones((2, 4)))


def test_a_config_makes_the_same_layer_again():
    layer = Linear(
        3,
        use_bias=False,
        activation="tanh",
        kernel_initializer=keras.initializers.RandomUniform(0, 1, seed=2),
        name="hidden",
    )
    again = Linear.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    x = tf.ones((2, 5))
    np.testing.assert_array_equal(again(x), layer(x))


def test_the_output_shape_is_known_without_computing():
    assert Linear(3).compute_output_shape((None, 7, 5)) == (None, 7, 3)
    assert ReLU().compute_output_shape((None, 7, 5)) == (None, 7, 5)


def test_relu_equals_its_keras_twin_and_has_no_weights():
    layer = ReLU()
    x = tf.constant(RNG.normal(size=(4, 5)), tf.float32)
    np.testing.assert_array_equal(layer(x), keras.layers.ReLU()(x))
    assert layer.weights == []
    assert ReLU().built
    assert type(ReLU.from_config(layer.get_config())) is ReLU

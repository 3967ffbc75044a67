"""Activations, held against Keras, NumPy in float64 and finite differences."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf

from tfbook import activations

SELU = 1.0507009873554805, 1.6732632423543772


def softmax(x: np.ndarray) -> np.ndarray:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# The textbook's formulas, in float64.
FORMULAS: dict[str, Callable] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: SELU[0] * np.where(x > 0, x, SELU[1] * (np.exp(x) - 1)),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
    "softmax": softmax,
}
NAMES = list(FORMULAS)
ELEMENTWISE = [name for name in NAMES if name != "softmax"]
X = np.linspace(-4, 4, 40).reshape(5, 8)  # 0 and its kinks lie between the points


def value_and_gradient(name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute a function and the gradient of the sum of its squares."""
    inputs = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = activations.FUNCTIONS[name](inputs)
        total = tf.reduce_sum(outputs**2)
    return outputs.numpy(), tape.gradient(total, inputs).numpy()


def test_the_formulas_cover_every_function():
    assert list(activations.FUNCTIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_function_gives_what_its_formula_gives(name):
    outputs, _ = value_and_gradient(name, X)
    np.testing.assert_allclose(outputs, FORMULAS[name](X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_equals_its_keras_twin(name):
    twin = getattr(keras.activations, name)
    if name == "gelu":
        expected = twin(tf.constant(X, tf.float32), approximate=False)
    else:
        expected = twin(tf.constant(X, tf.float32))
    outputs, _ = value_and_gradient(name, X)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_agrees_with_finite_differences(name):
    _, gradient = value_and_gradient(name, X)
    expected = np.empty_like(X)
    for place in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[place] = 1e-5
        above, below = (np.sum(FORMULAS[name](X + s) ** 2) for s in (step, -step))
        expected[place] = (above - below) / 2e-5
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [100.0, 1e4])
@pytest.mark.parametrize("name", NAMES)
def test_value_and_gradient_stay_finite_far_from_zero(name, size):
    outputs, gradient = value_and_gradient(name, np.array([-size, 0.0, size]))
    assert np.isfinite(outputs).all()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("name", NAMES)
def test_the_shape_stays(name, shape):
    x = tf.ones(shape if name != "softmax" else (*shape, 2))  # it needs an axis
    assert activations.FUNCTIONS[name](x).shape == x.shape


# TensorFlow takes numbers below 1e-38 for 0.
numbers = st.floats(-30, 30, width=32, allow_subnormal=False)


@given(numbers)
def test_a_number_is_its_positive_part_less_its_negative_part(x):
    assert float(activations.relu(x) - activations.relu(-x)) == x


@given(numbers)
def test_sigmoid_is_symmetric_about_one_half(x):
    left, right = activations.sigmoid(-x), 1 - activations.sigmoid(x)
    np.testing.assert_allclose(left, right, atol=1e-6)


@given(numbers)
def test_the_slope_of_softplus_is_sigmoid(x):
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = activations.softplus(inputs)
    np.testing.assert_allclose(
        tape.gradient(outputs, inputs), activations.sigmoid(inputs), rtol=1e-5
    )


@given(st.lists(numbers, min_size=2, max_size=6), numbers)
def test_softmax_forgets_what_is_added_to_all_logits(logits, shift):
    x = tf.constant(logits)
    np.testing.assert_allclose(
        activations.softmax(x + shift), activations.softmax(x), atol=1e-4
    )
    np.testing.assert_allclose(np.sum(activations.softmax(x)), 1, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_finds_its_function_and_back(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    assert activations.serialize(function) == name


def test_nothing_is_linear_and_a_callable_is_itself():
    assert activations.get(None) is activations.linear
    assert activations.get(np.sin) is np.sin


@keras.saving.register_keras_serializable("test")
def cube(x: tf.Tensor) -> tf.Tensor:
    return x**3


def test_a_registered_function_of_ones_own_survives_serializing():
    assert activations.get(activations.serialize(cube)) is cube


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("rleu", "relu"), ("sigmod", "sigmoid"), ("soft_max", "softmax"), ("", "linear")],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(typed, meant):
    message = rf"expected one of linear, .*softmax, got '{typed}'; did you mean"
    with pytest.raises(ValueError, match=message) as caught:
        activations.get(typed)
    if typed:
        assert str(caught.value).endswith(f"{meant!r}?")


@pytest.mark.parametrize("wrong", [3, 2.5, ["relu"]])
def test_what_is_no_name_and_no_function_is_refused(wrong):
    with pytest.raises(TypeError, match="activation: expected a name, a callable"):
        activations.get(wrong)


WIDE = np.linspace(-60, 60, 24001)


def survey(column: str) -> list[tuple[str, object]]:
    return [(name, activations.SURVEY.loc[name, column]) for name in ELEMENTWISE]


def on_a_wide_grid(name: str) -> np.ndarray:
    return activations.FUNCTIONS[name](tf.constant(WIDE, tf.float64)).numpy()


def test_the_survey_has_a_row_a_function():
    assert activations.SURVEY.index.tolist() == NAMES
    assert activations.SURVEY.notna().drop(columns="gradient at 0").all(axis=None)


@pytest.mark.parametrize(("name", "interval"), survey("range"))
def test_the_range_in_the_survey_is_that_of_the_function(name, interval):
    low, high = (float(end.replace("∞", "inf")) for end in interval[1:-1].split(", "))
    values = on_a_wide_grid(name)
    if np.isfinite(low):
        np.testing.assert_allclose(values.min(), low, atol=0.02)
    else:
        assert values.min() < -10
    if np.isfinite(high):
        np.testing.assert_allclose(values.max(), high, atol=0.02)
    else:
        assert values.max() > 50


@pytest.mark.parametrize(("name", "monotone"), survey("monotone"))
def test_monotone_in_the_survey_means_never_falling(name, monotone):
    assert (np.diff(on_a_wide_grid(name)) >= -1e-12).all() == monotone


@pytest.mark.parametrize(("name", "sides"), survey("saturates"))
def test_saturating_in_the_survey_means_flat_at_the_end(name, sides):
    slopes = np.gradient(on_a_wide_grid(name), WIDE)
    flat = [abs(slopes[0]) < 1e-3, abs(slopes[-1]) < 1e-3]
    expected = {"no": [False, False], "below": [True, False], "both sides": [True] * 2}
    assert flat == expected[sides]


@pytest.mark.parametrize(("name", "slope"), survey("gradient at 0"))
def test_the_gradient_at_zero_in_the_survey_is_that_of_the_tape(name, slope):
    x = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = activations.FUNCTIONS[name](x)
    np.testing.assert_allclose(tape.gradient(y, x), slope, atol=1e-4)


@pytest.mark.parametrize(("name", "region"), survey("zero-gradient region"))
def test_the_zero_gradient_region_in_the_survey_is_where_the_slope_is_zero(
    name, region
):
    x = tf.constant(np.linspace(-5, 5, 2001), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = activations.FUNCTIONS[name](x)
    slope = tape.gradient(y, x).numpy()
    if region == "none":
        assert (slope > 0).all()
    elif region == "x ≤ 0":
        assert ((slope == 0) == (x.numpy() <= 0)).all()
    else:  # one point: the slope changes its sign there, and nowhere else
        (change,) = np.flatnonzero(np.diff(np.sign(slope)))
        np.testing.assert_allclose(x[change], float(region.split()[-1]), atol=0.01)

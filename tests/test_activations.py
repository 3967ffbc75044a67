"""Activations, held against Keras, NumPy in float64 and finite differences."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erfc, expit

from tfbook import activations

SELU = 1.0507009873554805, 1.6732632423543772


def softmax(x: np.ndarray) -> np.ndarray:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# The textbook's formulas, in float64, and spelt so that they keep their digits there.
FORMULAS: dict[str, Callable] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: SELU[0] * np.where(x > 0, x, SELU[1] * FORMULAS["elu"](x)),
    "gelu": lambda x: 0.5 * x * erfc(-x / np.sqrt(2)),
    "silu": lambda x: x * expit(x),
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "sigmoid": expit,
    "tanh": np.tanh,
    "softmax": softmax,
}
# Their slopes, derived by hand.
SLOPES: dict[str, Callable] = {
    "linear": np.ones_like,
    "relu": lambda x: np.where(x > 0, 1.0, 0.0),
    "leaky_relu": lambda x: np.where(x > 0, 1.0, 0.2),
    "elu": lambda x: np.exp(np.minimum(x, 0)),
    "selu": lambda x: SELU[0] * np.where(x > 0, 1, SELU[1] * SLOPES["elu"](x)),
    "gelu": lambda x: (
        erfc(-x / np.sqrt(2)) / 2 + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    ),
    "silu": lambda x: expit(x) * (1 + x * expit(-x)),
    "softplus": expit,
    "softsign": lambda x: 1 / (1 + np.abs(x)) ** 2,
    "sigmoid": lambda x: expit(x) * expit(-x),
    "tanh": lambda x: 1 / np.cosh(np.clip(x, -300, 300)) ** 2,
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


# Precision

DTYPES = [tf.float16, tf.bfloat16, tf.float32, tf.float64]


def from_tiny_to_huge(dtype: tf.DType) -> tf.Tensor:
    """Spread numbers over nearly all that a type can hold, on both sides of 0."""
    sizes = np.geomspace(1e-3, 0.9 * min(float(dtype.max), 1e300), 400)
    sizes = np.concatenate([[0], np.linspace(0.01, 20, 400), sizes])
    return tf.cast(tf.constant(np.concatenate([-sizes, sizes])), dtype)


def in_float64(tensor: tf.Tensor) -> np.ndarray:
    return tf.cast(tensor, tf.float64).numpy()


def last_digit(dtype: tf.DType) -> float:
    """Return the distance from 1 to the next number."""
    return 2.0**-7 if dtype == tf.bfloat16 else np.finfo(dtype.as_numpy_dtype).eps


def smallest(dtype: tf.DType) -> float:
    """Return the size below which TensorFlow takes a number for 0."""
    sizes = {tf.float16: 6e-8, tf.float64: 2.3e-308}
    return sizes.get(dtype, 1.2e-38)


def assert_last_digits(name, dtype, x, found, formula):
    """Check numbers but for the last digit, and for what is too small for the type."""
    with np.errstate(over="ignore", under="ignore"):
        expected = formula(x)
    # The last digit of x itself moves the tail of gelu, e^(-x²/2), by x² last digits.
    moved = np.minimum(np.abs(x), 1e3) ** 2 if name == "gelu" else 0
    # What is too small becomes 0, and is multiplied by x only then.
    times = 2 + {"gelu": moved, "silu": np.abs(x)}.get(name, 0)
    allowed = (4 + moved) * last_digit(dtype) * np.abs(expected)
    allowed += times * smallest(dtype)
    wrong = np.flatnonzero(~(np.abs(found - expected) <= allowed))
    assert wrong.size == 0, (x[wrong[0]], found[wrong[0]], expected[wrong[0]])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_value_keeps_its_digits_however_near_to_0_and_however_large(name, dtype):
    x = from_tiny_to_huge(dtype)
    outputs = activations.FUNCTIONS[name](x)
    assert outputs.dtype == dtype
    found, x = in_float64(outputs), in_float64(x)
    assert_last_digits(name, dtype, x, found, FORMULAS[name])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_slope_is_that_of_the_formula_however_large_the_input(name, dtype):
    x = from_tiny_to_huge(dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = activations.FUNCTIONS[name](x)
    slopes = tape.gradient(outputs, x)
    assert slopes.dtype == dtype
    with np.errstate(over="ignore", under="ignore"):
        expected = SLOPES[name](in_float64(x))
    np.testing.assert_allclose(
        in_float64(slopes), expected, rtol=0, atol=9 * last_digit(dtype)
    )


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("name", ["elu", "selu", "gelu", "softplus", "softsign"])
def test_a_slope_near_0_keeps_its_digits(name, dtype):
    x = from_tiny_to_huge(dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = activations.FUNCTIONS[name](x)
    slopes, x = in_float64(tape.gradient(outputs, x)), in_float64(x)
    away = (x < -2) | (x > 0)  # between them the slope of gelu crosses 0
    slopes, x = slopes[away], x[away]
    assert_last_digits(name, dtype, x, slopes, SLOPES[name])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("size", [1.0, 30.0, 1e4])
def test_softmax_and_its_gradient_are_those_of_the_formula(dtype, size):
    rng = np.random.default_rng(0)
    x = tf.cast(tf.constant(size * rng.normal(size=(50, 7))), dtype)
    pull = tf.cast(tf.constant(rng.normal(size=(50, 7))), dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = activations.softmax(x)
    gradient = tape.gradient(outputs, x, output_gradients=pull)
    expected, pull = softmax(in_float64(x)), in_float64(pull)
    slope = expected * (pull - (expected * pull).sum(axis=-1, keepdims=True))
    unit = last_digit(dtype)
    np.testing.assert_allclose(in_float64(outputs), expected, rtol=0, atol=4 * unit)
    np.testing.assert_allclose(in_float64(gradient), slope, rtol=0, atol=16 * unit)


# What Keras hands to an activation


@pytest.mark.parametrize("x", [[[-2, 3]], np.array([[-2, 3]]), tf.constant([[-2, 3]])])
@pytest.mark.parametrize("name", NAMES)
def test_integers_are_taken_as_the_floats_that_they_are(name, x):
    function, floats = activations.FUNCTIONS[name], tf.constant([[-2.0, 3.0]])
    np.testing.assert_array_equal(function(x), function(floats))
    if name != "linear":
        assert function(x).dtype == tf.float32


def test_integers_become_the_float_that_keras_uses():
    keras.config.set_floatx("float64")
    try:
        assert activations.leaky_relu(np.array([-2, 3])).numpy().tolist() == [-0.4, 3]
    finally:
        keras.config.set_floatx("float32")


@pytest.mark.parametrize("name", NAMES)
def test_lists_arrays_and_booleans_become_tensors(name):
    function, floats = activations.FUNCTIONS[name], tf.constant([0.0, 1.0])
    for x in ([0.0, 1.0], (0.0, 1.0), floats.numpy(), tf.Variable(floats)):
        assert tf.is_tensor(function(x))
        np.testing.assert_array_equal(function(x), function(floats))
    np.testing.assert_array_equal(function([False, True]), function(floats))
    assert function(np.zeros(2)).dtype == tf.float64  # NumPy's own


@pytest.mark.parametrize("x", [["a"], [1j]])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "linear"])
def test_what_is_no_real_number_is_refused(name, x):
    with pytest.raises(TypeError, match=f"^{name}: expected real numbers, got .*; tu"):
        activations.FUNCTIONS[name](x)


@pytest.mark.parametrize("name", NAMES)
def test_a_functional_model_can_have_the_function_for_a_node(name, tmp_path):
    inputs = keras.Input((8,))
    model = keras.Model(inputs, activations.FUNCTIONS[name](inputs))
    x = X.astype(np.float32)
    expected = activations.FUNCTIONS[name](x)
    np.testing.assert_array_equal(model(x), expected)
    assert model.output_shape == (None, 8)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("call", [{}, {"negative_slope": 0.5}, 0.5])
def test_a_node_keeps_its_options(call):
    def apply(x):
        if isinstance(call, float):
            return activations.leaky_relu(x, call)
        return activations.leaky_relu(x, **call)

    inputs, x = keras.Input((8,)), X.astype(np.float32)
    np.testing.assert_array_equal(keras.Model(inputs, apply(inputs))(x), apply(x))


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

"""Optimizers, held against their Keras twins, NumPy and closed forms."""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import data, models, optimizers, training

SHAPES = [(5, 3), (3,), ()]
TWINS = {
    "SGD": (optimizers.SGD, keras.optimizers.SGD, {}),
    "Momentum": (optimizers.Momentum, keras.optimizers.SGD, {"momentum": 0.9}),
    "Nesterov": (
        optimizers.Nesterov,
        keras.optimizers.SGD,
        {"momentum": 0.9, "nesterov": True},
    ),
    "AdaGrad": (optimizers.AdaGrad, keras.optimizers.Adagrad, {}),
    "RMSprop": (optimizers.RMSprop, keras.optimizers.RMSprop, {}),
    "Adam": (optimizers.Adam, keras.optimizers.Adam, {}),
    "AdamW": (optimizers.AdamW, keras.optimizers.AdamW, {}),
}
KINDS = [ours for ours, _, _ in TWINS.values()]
MODES: dict[str, Callable] = {
    "eager": lambda function: function,
    "graph": tf.function,
    "xla": tf.function(jit_compile=True),
}


def variables(kind: Callable = keras.Variable) -> list[Any]:
    """Make variables of several ranks, equal at every call."""
    rng = np.random.default_rng(0)
    return [kind(rng.normal(size=shape).astype(np.float32)) for shape in SHAPES]


def gradients(num_steps: int = 20) -> list[list[np.ndarray]]:
    """Make gradients for them, of sizes from 0.001 to 1000, and some zeros."""
    rng = np.random.default_rng(1)
    sizes = 10.0 ** rng.integers(-3, 4, size=num_steps)
    steps = [[size * rng.normal(size=shape) for shape in SHAPES] for size in sizes]
    steps[0][0][:2] = 0
    return [[np.float32(gradient) for gradient in step] for step in steps]


def run(
    optimizer: Any,
    weights: list[Any],
    mode: str = "eager",
    num_steps: int = 20,
    build: bool = True,
) -> list[list[np.ndarray]]:
    """Apply the gradients one by one, and note weights and state after every step."""
    if build:
        optimizer.build(weights)
    apply = MODES[mode](lambda *step: optimizer.apply(list(step), weights))
    path = []
    for step in gradients(num_steps):
        apply(*map(tf.constant, step))
        path.append([v.numpy() for v in [*weights, *optimizer.variables]])
    return path


# The rules


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", TWINS)
def test_step_for_step_equal_to_keras_in_weights_and_state(name, mode):
    ours, twin, arguments = TWINS[name]
    for own, other in zip(
        run(ours(), variables(), mode), run(twin(**arguments), variables()), strict=True
    ):
        for one, two in zip(own, other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("ours", "twin"),
    [
        (optimizers.SGD(0.3), keras.optimizers.SGD(0.3)),
        (optimizers.Momentum(0.3, 0.5), keras.optimizers.SGD(0.3, momentum=0.5)),
        (
            optimizers.Nesterov(0.3, 0.5),
            keras.optimizers.SGD(0.3, momentum=0.5, nesterov=True),
        ),
        (optimizers.AdaGrad(0.3, 2.0, 0.1), keras.optimizers.Adagrad(0.3, 2.0, 0.1)),
        (
            optimizers.RMSprop(0.3, 0.5, 0.1),
            keras.optimizers.RMSprop(0.3, rho=0.5, epsilon=0.1),
        ),
        (
            optimizers.Adam(0.3, 0.5, 0.6, 0.1),
            keras.optimizers.Adam(0.3, 0.5, 0.6, 0.1),
        ),
        (
            optimizers.AdamW(0.3, 0.2, 0.5, 0.6, 0.1),
            keras.optimizers.AdamW(0.3, 0.2, 0.5, 0.6, 0.1),
        ),
    ],
    ids=TWINS,
)
def test_every_constant_is_where_keras_has_it(ours, twin):
    for own, other in zip(run(ours, variables()), run(twin, variables()), strict=True):
        for one, two in zip(own, other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)


def by_hand(name: str, weight: float, slopes: list[float]) -> float:
    """Follow one number through the textbook's equations, in NumPy's float64."""
    rate, beta, epsilon = 0.125, 0.9, 1e-7
    velocity = mean = square = 0.0
    for step, slope in enumerate(slopes, start=1):
        if name == "SGD":
            weight -= rate * slope
        elif name == "Momentum":
            velocity = beta * velocity - rate * slope
            weight += velocity
        elif name == "Nesterov":
            last, velocity = velocity, beta * velocity - rate * slope
            # Where Nesterov's own weights are, the kept part of a step ahead of them.
            weight += -beta * last + (1 + beta) * velocity
        elif name == "AdaGrad":
            square += slope**2
            weight -= rate * slope / np.sqrt(0.1 + square + epsilon)
        elif name == "RMSprop":
            square = beta * square + (1 - beta) * slope**2
            weight -= rate * slope / np.sqrt(square + epsilon)
        else:
            mean = beta * mean + (1 - beta) * slope
            square = 0.999 * square + 0.001 * slope**2
            if name == "AdamW":
                weight -= rate * 0.004 * weight
            corrected = np.sqrt(square / (1 - 0.999**step))
            tiny = epsilon / np.sqrt(1 - 0.999**step)
            weight -= rate * mean / (1 - beta**step) / (corrected + tiny)
    return weight


@pytest.mark.parametrize("name", TWINS)
def test_equal_to_a_loop_in_numpy(name):
    weight, slopes = tf.Variable(0.5, dtype=tf.float64), [3.0, -1.0, 0.25, 0.0, 2.0] * 4
    optimizer = TWINS[name][0](learning_rate=0.125)
    for slope in slopes:
        optimizer.apply([tf.constant(slope, tf.float64)], [weight])
    np.testing.assert_allclose(weight, by_hand(name, 0.5, slopes), rtol=1e-12)


def test_gradient_descent_on_a_parabola_in_closed_form():
    weight, curvature = tf.Variable([1.0, -2.0], dtype=tf.float64), [1.0, 10.0]
    sgd = optimizers.SGD(learning_rate=0.05)
    for _ in range(30):
        sgd.apply([curvature * weight], [weight])
    expected = [(1 - 0.05) ** 30, -2 * (1 - 0.5) ** 30]
    np.testing.assert_allclose(weight, expected, rtol=1e-6)


def test_momentum_on_a_parabola_in_closed_form():
    # Weight and step follow a linear recurrence, so the matrix of one to the power t.
    weight = tf.Variable(1.0, dtype=tf.float64)
    momentum = optimizers.Momentum(learning_rate=0.1, beta=0.5)
    for _ in range(30):
        momentum.apply([3.0 * weight], [weight])
    one = np.array([[1 - 0.3, 0.5], [-0.3, 0.5]])
    expected = np.linalg.matrix_power(one, 30) @ [1.0, 0.0]
    np.testing.assert_allclose(weight, expected[0], rtol=1e-5)


def rosenbrock(w: tf.Tensor) -> tf.Tensor:
    """Compute a valley that bends; its lowest point is (1, 1)."""
    return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2


def parabola(w: tf.Tensor) -> tf.Tensor:
    """Compute a long valley; its lowest point is (1, 1)."""
    return (w[0] - 1) ** 2 + 10 * (w[1] - 1) ** 2


@pytest.mark.parametrize(
    ("kind", "rate", "bent_rate"),
    [
        (optimizers.SGD, 0.05, 0.001),
        (optimizers.Momentum, 0.01, 0.0002),
        (optimizers.Nesterov, 0.01, 0.0002),
        (optimizers.AdaGrad, 0.5, 0.5),
        (optimizers.RMSprop, 0.003, 0.001),
        (optimizers.Adam, 0.03, 0.03),
    ],
)
@pytest.mark.parametrize("surface", [parabola, rosenbrock])
def test_every_optimizer_goes_down_a_valley(surface, kind, rate, bent_rate):
    weight = tf.Variable([-1.0, 0.5])
    optimizer = kind(rate if surface is parabola else bent_rate)
    optimizer.build([weight])

    @tf.function
    def descend():
        step = tf.constant(0)
        while step < 20_000:
            with tf.GradientTape() as tape:
                height = surface(weight)
            optimizer.apply([tape.gradient(height, weight)], [weight])
            step += 1

    descend()
    assert optimizer.iterations.numpy() == 20_000
    np.testing.assert_allclose(weight, [1, 1], atol=0.01)


def test_a_rule_leaves_its_arguments_alone():
    values = [np.full(3, value) for value in (1.0, 2.0, 3.0, 4.0)]  # in float64
    copies = [value.copy() for value in values]
    optimizers.adam_update(*values, 1, 0.1, 0.9, 0.999, 1e-7)
    optimizers.adamw_update(*values, 1, 0.1, 0.1, 0.9, 0.999, 1e-7)
    optimizers.momentum_update(*values[:3], 0.1, 0.9)
    optimizers.nesterov_update(*values[:3], 0.1, 0.9)
    optimizers.adagrad_update(*values[:3], 0.1, 1e-7)
    optimizers.rmsprop_update(*values[:3], 0.1, 0.9, 1e-7)
    optimizers.sgd_update(*values[:2], 0.1)
    np.testing.assert_array_equal(values, copies)


@pytest.mark.parametrize("factor", [0.1, 1.0, 1e3])
def test_adams_first_step_has_the_size_of_the_learning_rate(factor):
    weight = tf.Variable([1.0, 1.0])
    optimizers.Adam(0.1).apply([factor * tf.constant([3.0, -7.0])], [weight])
    np.testing.assert_allclose(weight, [0.9, 1.1], rtol=1e-4)


def test_a_decay_without_gradients_in_closed_form():
    weight = tf.Variable([1.0, -2.0], dtype=tf.float64)
    adamw = optimizers.AdamW(learning_rate=0.125, weight_decay=0.5)
    for _ in range(30):
        adamw.apply([tf.zeros(2, tf.float64)], [weight])
    np.testing.assert_allclose(weight, [(15 / 16) ** 30, -2 * (15 / 16) ** 30])


def test_a_penalty_in_the_loss_is_another_thing_than_a_decay():
    # Adam divides a penalty by the size of the gradient; the decay is left whole.
    weights = [tf.Variable([1.0, 1.0]) for _ in range(2)]
    slopes = tf.constant([0.0, 1000.0])
    optimizers.Adam(0.01).apply([slopes + 0.1 * weights[0]], weights[:1])
    optimizers.AdamW(0.01, weight_decay=0.1).apply([slopes], weights[1:])
    np.testing.assert_allclose(weights[0], [0.99, 0.99], rtol=1e-5)
    np.testing.assert_allclose(weights[1], [0.999, 0.989], rtol=1e-5)


# The classes


@pytest.mark.parametrize("name", TWINS)
def test_variables_come_in_the_order_of_the_twin(name):
    ours, twin, arguments = TWINS[name]
    own, other = ours(), twin(**arguments)
    for optimizer in (own, other):
        optimizer.build(variables())
    shapes = [[tuple(v.shape) for v in each.variables] for each in (own, other)]
    assert shapes[0] == shapes[1]
    for one, two in zip(own.variables, other.variables, strict=True):
        np.testing.assert_array_equal(one, two.numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_is_copied_goes_on_where_the_other_was(kind):
    first, weights = kind(), variables()
    run(first, weights, num_steps=7)
    second, others = kind(), variables()
    second.build(others)
    for copies, originals in (
        (others, weights),
        (second.variables, first.variables),
    ):
        for copy, original in zip(copies, originals, strict=True):
            copy.assign(original)
    for one, two in zip(run(first, weights), run(second, others), strict=True):
        for left, right in zip(one, two, strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("kind", KINDS)
def test_a_config_makes_the_same_optimizer_again(kind):
    config = kind(learning_rate=0.25).get_config()
    assert config["learning_rate"] == 0.25
    assert all(type(value) is float for value in config.values())
    assert kind(**config).get_config() == config


@pytest.mark.parametrize(
    ("name", "keras_name"), [("Momentum", "momentum"), ("RMSprop", "rho")]
)
def test_beta_has_another_name_in_keras(name, keras_name):
    ours, twin, arguments = TWINS[name]
    assert ours().beta == twin(**arguments).get_config()[keras_name]


@pytest.mark.parametrize("name", TWINS)
def test_the_other_defaults_are_those_of_keras(name):
    ours, twin, arguments = TWINS[name]
    config = twin(**arguments).get_config()
    for key, value in ours().get_config().items():
        assert key == "beta" or config[key] == value


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_compiled_step_sees_a_new_learning_rate(mode):
    weight, sgd = tf.Variable(1.0), optimizers.SGD(0.5)
    apply = MODES[mode](lambda slope: sgd.apply([slope], [weight]))
    apply(tf.constant(1.0))
    sgd.learning_rate = 0.25
    apply(tf.constant(1.0))
    sgd.learning_rate.assign(0.125)
    apply(tf.constant(1.0))
    assert weight.numpy() == 1 - 0.5 - 0.25 - 0.125


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_the_state_may_be_made_in_the_first_step(kind, mode):
    built = run(kind(0.1), variables(), mode)
    unbuilt = run(kind(0.1), variables(), mode, build=False)
    for one, two in zip(built, unbuilt, strict=True):
        for left, right in zip(one, two, strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("kind", [keras.Variable, tf.Variable])
def test_keras_and_tensorflow_variables_go_the_same_way(kind):
    weights, others = variables(kind), variables()
    run(optimizers.Adam(), weights)
    run(optimizers.Adam(), others)
    for one, two in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_state_has_the_dtype_of_its_weight():
    weight = tf.Variable([1.0], dtype=tf.float64)
    adam = optimizers.Adam()
    adam.apply([tf.constant([1.0])], [weight])  # a float32 gradient is cast
    assert [v.dtype for v in adam.variables[2:]] == [tf.float64] * 2


def test_rows_that_an_embedding_did_not_look_up_are_moved_like_the_twins():
    weights = []
    for kind in (optimizers.Adam, keras.optimizers.Adam):
        table, optimizer = keras.Variable(np.ones((4, 2))), kind(0.1)
        for rows in ([0, 1], [1, 2]):
            with tf.GradientTape() as tape:
                total = tf.reduce_sum(tf.gather(table.value, rows) ** 2)
            optimizer.apply([tape.gradient(total, table.value)], [table])
        weights.append(table.numpy())
    np.testing.assert_allclose(*weights, rtol=1e-5)


def test_a_constraint_holds_after_the_step():
    layer = keras.layers.Dense(1, kernel_constraint="non_neg", use_bias=False)
    layer.build((None, 2))
    optimizers.SGD(100.0).apply([tf.constant([[1.0], [-1.0]])], [layer.kernel])
    assert layer.kernel.numpy().min() == 0 < layer.kernel.numpy().max()


def test_some_of_the_variables_can_be_moved_alone():
    weights, adam = variables(), optimizers.Adam(0.1)
    adam.build(weights)
    before = weights[0].numpy()
    adam.build(weights[1:])
    adam.apply([tf.ones(3), tf.ones(())], weights[1:])
    np.testing.assert_array_equal(weights[0].numpy(), before)


@pytest.mark.parametrize(
    ("name", "jit_compile"), [*((name, False) for name in TWINS), ("Adam", True)]
)
def test_training_with_ours_and_with_the_twin_writes_one_history(name, jit_compile):
    ours, twin, arguments = TWINS[name]
    split = data.linear(noise=0.1)
    histories = []
    for optimizer in (ours(0.01), twin(0.01, **arguments)):
        keras.utils.set_random_seed(0)
        model = models.MLP(8, 1, hidden_activation="tanh")
        histories.append(
            training.train(
                model,
                split.train,
                split.test,
                optimizer=optimizer,
                epochs=50,
                batch_size=10,
                jit_compile=jit_compile,
            )
        )
    np.testing.assert_allclose(*histories, rtol=1e-3)
    assert (
        histories[0]["training_loss"].iloc[-1] < histories[0]["training_loss"].iloc[0]
    )


def test_a_run_that_was_stopped_goes_on_with_its_state(tmp_path):
    split = data.linear()
    finals = []
    for stops in ([40], [20, 40]):
        for epochs in stops:
            model = models.LinearRegression(5)
            model.kernel.assign(np.zeros((5, 1)))
            training.train(
                model,
                split.train,
                optimizer=optimizers.Adam(0.1),
                epochs=epochs,
                checkpoint_dir=tmp_path / str(len(stops)),
            )
        finals.append(model.kernel.numpy())
    np.testing.assert_array_equal(*finals)


# What is refused


def refused(message: str) -> Any:
    """Expect a `ValueError` whose one line begins so."""
    return pytest.raises(ValueError, match=f"^{re.escape(message)}[^\n]*; [^\n]+$")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), "0.1", None])
def test_a_learning_rate_that_is_not_positive_is_refused(kind, rate):
    message = f"{kind.__name__}: expected a positive learning_rate, got {rate!r}"
    with refused(message):
        kind(rate)
    optimizer = kind()
    with refused(message):
        optimizer.learning_rate = rate


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (optimizers.Momentum, "beta"),
        (optimizers.Nesterov, "beta"),
        (optimizers.RMSprop, "beta"),
        (optimizers.Adam, "beta_1"),
        (optimizers.Adam, "beta_2"),
        (optimizers.AdamW, "beta_1"),
    ],
)
@pytest.mark.parametrize("value", [-0.1, 1, 1.5, float("nan"), "0.9", None])
def test_a_decay_rate_outside_its_range_is_refused(kind, name, value):
    with refused(f"{kind.__name__}: expected {name} in [0, 1), got {value!r}"):
        kind(**{name: value})


@pytest.mark.parametrize(
    "kind", [optimizers.AdaGrad, optimizers.RMSprop, optimizers.Adam]
)
@pytest.mark.parametrize("value", [0, -1e-7, "1e-7"])
def test_an_epsilon_that_is_not_positive_is_refused(kind, value):
    with refused(f"{kind.__name__}: expected a positive epsilon, got {value!r}"):
        kind(epsilon=value)


@pytest.mark.parametrize("value", [-0.1, float("inf"), "0.1", None])
def test_a_negative_weight_decay_is_refused(value):
    with refused(f"AdamW: expected a weight_decay of 0 or more, got {value!r}"):
        optimizers.AdamW(weight_decay=value)


@pytest.mark.parametrize("value", [-0.1, "0.1"])
def test_a_negative_start_of_the_accumulator_is_refused(value):
    message = "AdaGrad: expected an initial_accumulator_value of 0 or more, got "
    with refused(message + repr(value)):
        optimizers.AdaGrad(initial_accumulator_value=value)


def test_more_gradients_than_variables_are_refused():
    message = "SGD: expected a gradient for each variable, got 2 for 1"
    with refused(message):
        optimizers.SGD().apply([tf.ones(2), tf.ones(2)], [tf.Variable([1.0, 2.0])])


def test_a_missing_gradient_leaves_its_weight_and_says_so():
    weights = [tf.Variable([1.0]), tf.Variable([1.0], name="bias")]
    adam = optimizers.Adam(0.5)
    message = r"^Adam: expected a gradient for each variable, got None for \['bias:0'\]"
    with pytest.warns(UserWarning, match=message):
        adam.apply([tf.ones(1), None], weights)
    assert [round(float(w[0]), 5) for w in weights] == [0.5, 1]


def test_no_gradient_at_all_is_refused_and_nothing_is_moved():
    weight, adam = tf.Variable([1.0]), optimizers.Adam()
    with refused("Adam: expected a gradient for one variable or more, got None for"):
        adam.apply([None], [weight])
    assert float(weight[0]) == 1
    assert adam.iterations.numpy() == 0


def test_a_gradient_of_another_shape_is_refused():
    # It would broadcast, and move each weight by the same number.
    kernel = keras.Variable(np.ones((3, 1)), name="kernel")
    message = "SGD: expected a gradient of shape (3, 1) for 'kernel', got ()"
    with refused(message):
        optimizers.SGD().apply([tf.constant(1.0)], [kernel])


@pytest.mark.parametrize("call", ["build", "apply"])
def test_other_variables_than_it_was_built_for_are_refused(call):
    adam, other = optimizers.Adam(), keras.Variable(np.ones(2), name="other")
    adam.build([keras.Variable(np.ones(2))])
    message = "Adam: expected the variables it was built for, got another, 'other' "
    with refused(message + "of shape (2,)"):
        adam.build([other]) if call == "build" else adam.apply([tf.ones(2)], [other])


def test_a_model_whose_weights_keras_does_not_see_is_refused():
    class Silent(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = tf.Variable([1.0])

    with refused("SGD: expected one variable or more, got none"):
        optimizers.SGD().build(Silent().trainable_variables)


def test_the_base_class_has_no_rule():
    with pytest.raises(NotImplementedError):
        optimizers.Optimizer(0.1).apply([tf.ones(1)], [tf.Variable([1.0])])

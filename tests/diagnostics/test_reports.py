"""Diagnostics, held against scikit-learn, NumPy, and models built to have one fault."""

import re

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_squared_error

from tfbook import data, diagnostics, layers, models, training

# The constant


def dummy_error(split: data.Split) -> float:
    """Let scikit-learn predict the training mean, in float64."""
    wide = data.Split(*(part.astype(np.float64) for part in split))
    dummy = DummyRegressor(strategy="mean").fit(*wide.train)
    return mean_squared_error(wide.y_test, dummy.predict(wide.x_test))


@pytest.mark.parametrize(
    "split",
    [
        data.boston_housing(),
        data.boston_housing(test_split=0.5, seed=1),
        data.linear(),
        data.linear(num_examples=1000, noise=1.0),
    ],
    ids=["boston_housing", "other houses", "linear", "linear with noise"],
)
def test_the_constant_baseline_agrees_with_scikit_learn(split):
    baseline = diagnostics.constant_baseline(split)
    assert type(baseline) is float
    np.testing.assert_allclose(baseline, dummy_error(split), rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    num_train=st.integers(1, 20),
    num_test=st.integers(1, 20),
    num_targets=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_the_constant_baseline_takes_any_number_of_rows_and_targets(
    num_train, num_test, num_targets, seed
):
    rng = np.random.default_rng(seed)
    parts = [
        rng.normal(3, 2, size=(rows, columns)).astype(np.float32)
        for rows in (num_train, num_test)
        for columns in (1, num_targets)
    ]
    split = data.Split(*parts)
    np.testing.assert_allclose(
        diagnostics.constant_baseline(split), dummy_error(split), rtol=1e-12
    )


def test_the_constant_baseline_keeps_the_digits_of_large_targets():
    # In float32 the mean of these would be off by more than their deviation.
    y = np.float32(1e5) + np.arange(100_000, dtype=np.float32)[:, None] % 2
    split = data.Split(y, y, y, y)
    np.testing.assert_allclose(diagnostics.constant_baseline(split), 1 / 4, rtol=1e-12)


def test_the_constant_baseline_looks_at_targets_only():
    split = data.linear()
    blind = split._replace(x_train=np.empty((32, 0)), x_test=np.empty((32, 0)))
    assert diagnostics.constant_baseline(blind) == diagnostics.constant_baseline(split)


# Calls of layers


def names(model, x) -> list[str]:
    """Name the layers that a model calls, itself last."""
    return [layer.name for layer, _, _ in diagnostics.layer_calls(model, x)]


def test_layers_within_layers_are_seen_in_order():
    model = models.MLP([3, 2], 1, name="mlp")
    assert names(model, np.ones((4, 5), "float32")) == [
        "hidden_0",
        "hidden_1",
        "feature_extractor",
        "last_linear",
        "mlp",
    ]


def test_what_goes_in_and_comes_out_is_what_the_next_layer_gets():
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    model = keras.Sequential([keras.layers.Dense(3, "tanh"), keras.layers.Dense(2)])
    (_, into, hidden), (_, between, out), (last, _, whole) = diagnostics.layer_calls(
        model, x
    )
    np.testing.assert_array_equal(into, x)
    np.testing.assert_array_equal(hidden, between)
    np.testing.assert_allclose(
        out, np.tanh(x @ model.weights[0].numpy()) @ model.weights[2].numpy(), rtol=1e-5
    )
    np.testing.assert_array_equal(whole, out)
    assert last is model


def test_keras_is_left_as_it_was_even_after_an_error():
    before = keras.layers.Layer.__call__
    assert keras.config.is_traceback_filtering_enabled()
    model = models.MLP(3, 1)
    model.build((None, 5))
    with pytest.raises(ValueError, match=r"^MLP '.*': expected 5 features"):
        diagnostics.layer_calls(model, np.ones((4, 2), "float32"))
    diagnostics.layer_calls(model, np.ones((4, 5), "float32"))
    assert keras.layers.Layer.__call__ is before
    assert keras.config.is_traceback_filtering_enabled()


def test_a_model_with_two_outputs_is_refused():
    into = keras.Input((3,))
    ends = [keras.layers.Dense(1)(into), keras.layers.Dense(1)(into)]
    with pytest.raises(
        ValueError, match=r"^layer_calls: expected a model with one output, got 'two' "
    ):
        diagnostics.layer_calls(keras.Model(into, ends, name="two"), np.ones((2, 3)))


@pytest.mark.parametrize("model", [None, "mlp", np.mean, models.MLP])
def test_what_is_not_a_model_is_refused(model):
    with pytest.raises(
        TypeError, match=r"^layer_calls: expected a Keras model, got .*; pass the model"
    ):
        diagnostics.dead_units(model, np.ones((2, 3)))


# Dead units

ROWS = np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32)


def relu(x):
    return np.maximum(x, 0)


def test_shares_are_those_of_numpy_layer_by_layer():
    model = models.MLP([6, 4], 1)
    model.build((None, 5))
    model.feature_extractor.stack[0].bias.assign([-9, -1, 0, 0, 1, 9])
    first, bias, second, *_ = (weight.numpy() for weight in model.weights)
    hidden = relu(ROWS @ first + bias)
    frame = diagnostics.dead_units(model, ROWS)
    assert frame["layer"].tolist() == ["hidden_0"] * 6 + ["hidden_1"] * 4
    assert frame["unit"].tolist() == [*range(6), *range(4)]
    expected = [*np.mean(hidden > 0, axis=0), *np.mean(hidden @ second > 0, axis=0)]
    np.testing.assert_allclose(frame["fires"], expected, atol=1 / 300)
    assert 0 < frame["fires"][2] < 1
    assert frame["fires"][0] < 0.01


def hand_built(kernel) -> keras.Model:
    """A ReLU layer with this kernel, and a linear one."""
    hidden = keras.layers.Dense(len(kernel[0]), "relu", name="hidden")
    model = keras.Sequential(
        [keras.Input((len(kernel),)), hidden, keras.layers.Dense(1)]
    )
    hidden.set_weights([np.array(kernel), np.zeros(len(kernel[0]))])
    return model


def test_units_that_point_away_from_all_rows_are_dead():
    frame = diagnostics.dead_units(hand_built([[-1.0, 1.0, -2.0]]), abs(ROWS[:, :1]))
    assert frame["fires"].tolist() == [0, 1, 0]


def test_a_fold_between_the_rows_is_told_to_the_row():
    x = np.array([[-1.0], [2.0], [3.0], [5.0]])
    model = hand_built([[1.0, 1.0, -1.0]])
    model.layers[0].bias.assign([-2.5, 0.0, 0.0])
    assert diagnostics.dead_units(model, x)["fires"].tolist() == [0.5, 0.75, 0.25]


class NaiveReLU(keras.layers.Layer):
    """A ReLU of the reader's own."""

    def call(self, inputs):
        """Return the larger of the input and 0."""
        return tf.maximum(inputs, 0)


class Nested(keras.Model):
    """A model that calls its layers from a list."""

    def __init__(self):
        super().__init__()
        self.parts = [keras.layers.Dense(3, name="linear"), NaiveReLU(name="bend")]
        self.last = keras.layers.Dense(1)

    def call(self, inputs):
        """Apply the parts, then the last."""
        for part in self.parts:
            inputs = part(inputs)
        return self.last(inputs)


def functional() -> keras.Model:
    into = keras.Input((5,))
    left = keras.layers.Dense(2, "tanh", name="left")(into)
    right = keras.layers.Activation("relu", name="right")(keras.layers.Dense(3)(into))
    both = keras.layers.Concatenate()([left, right])
    return keras.Model(into, keras.layers.Dense(2, "softmax")(both))


@pytest.mark.parametrize(
    ("make", "layers"),
    [
        (functional, {"left": 2, "right": 3}),
        (Nested, {"bend": 3}),
        (
            lambda: models.Sequential(
                [layers.Linear(3), layers.ReLU(name="r"), layers.Linear(1)]
            ),
            {"r": 3},
        ),
        (
            lambda: keras.Sequential(
                [
                    keras.layers.Dense(4, use_bias=False),
                    keras.layers.BatchNormalization(),
                    keras.layers.LeakyReLU(name="leaky"),
                    keras.layers.Dropout(0.5),
                    keras.layers.Dense(1, "sigmoid"),
                ]
            ),
            {"leaky": 4},
        ),
        (lambda: models.LinearRegression(5), {}),
        (lambda: keras.Sequential([keras.layers.Dense(1)]), {}),
        (lambda: keras.Sequential([keras.layers.Dense(3, "relu")]), {}),
    ],
    ids=["functional", "own", "layers", "norm", "linear", "one layer", "prediction"],
)
def test_any_model_shows_its_hidden_units_and_not_its_predictions(make, layers):
    frame = diagnostics.dead_units(make(), ROWS)
    assert frame.groupby("layer").size().to_dict() == layers
    assert frame.columns.tolist() == ["layer", "unit", "fires"]
    assert frame["fires"].between(0, 1).all()


def test_what_does_not_die_is_not_called_dead():
    model = keras.Sequential(
        [keras.layers.Dense(8, "leaky_relu"), keras.layers.Dense(1)]
    )
    assert (diagnostics.dead_units(model, ROWS)["fires"] == 1).all()


def test_a_channel_fires_on_an_image_if_it_does_so_anywhere():
    images = np.zeros((4, 3, 3, 1), np.float32)
    images[0, 1, 2], images[1, 0, 0], images[2, 2, 2] = 1, 1, -1
    conv = keras.layers.Conv2D(2, 1, activation="relu", use_bias=False, name="conv")
    model = keras.Sequential([conv, keras.layers.Flatten(), keras.layers.Dense(1)])
    model.build(images.shape)
    conv.set_weights([np.array([1.0, -1.0]).reshape(1, 1, 1, 2)])
    assert diagnostics.dead_units(model, images)["fires"].tolist() == [0.5, 0.25]


def test_a_recurrent_layer_has_units_and_codes_go_in_as_they_are():
    lstm, last = keras.layers.LSTM(3, name="lstm"), keras.layers.Dense(1)
    model = keras.Sequential([keras.layers.Embedding(9, 4), lstm, last])
    codes = np.arange(18).reshape(2, 9) % 9
    assert diagnostics.dead_units(model, codes)["layer"].tolist() == ["lstm"] * 3


def test_a_unit_of_a_layer_that_is_called_twice_fires_where_any_call_does():
    into = keras.Input((1,))
    shared = keras.layers.Dense(2, "relu", use_bias=False)
    both = keras.layers.Concatenate()([shared(into), shared(into * into)])
    model = keras.Model(into, keras.layers.Dense(1)(both))
    shared.set_weights([np.array([[1.0, 0.0]])])
    # Positive numbers reach unit 0 in both calls, negative ones in the second only.
    x = np.array([[1.0], [2.0], [-1.0], [0.0]] * 100, dtype="float32")
    assert diagnostics.dead_units(model, x)["fires"].tolist() == [0.75, 0.0]


def test_units_of_rows_that_a_model_folds_are_counted_by_rows():
    # Three times of each row go through the hidden layer as rows of their own.
    into = keras.Input((3, 2))
    folded = keras.layers.Lambda(lambda x: keras.ops.reshape(x, (-1, 2)))(into)
    hidden = keras.layers.Dense(1, "relu", use_bias=False, kernel_initializer="ones")
    back = keras.layers.Lambda(lambda x: keras.ops.reshape(x, (-1, 3)))(hidden(folded))
    model = keras.Model(into, keras.layers.Dense(1)(back))
    x = -np.ones((4, 3, 2), "float32")
    x[0, 1] = x[0, 2] = x[1, 0] = 1
    assert diagnostics.dead_units(model, x)["fires"].tolist() == [0.5]


def test_no_rows_are_refused():
    with pytest.raises(
        ValueError, match=r"^dead_units: expected one row or more, got shape \(0, 5\); "
    ):
        diagnostics.dead_units(models.MLP(4, 1), ROWS[:0])


# Gradients

TARGETS = (ROWS @ np.arange(5.0)[:, None] + 3).astype(np.float32)


@pytest.mark.parametrize("rows", [1, 7, 300])
def test_the_norm_is_that_of_the_closed_form(rows):
    x, y = ROWS[:rows], TARGETS[:rows]
    model = models.LinearRegression(5, use_bias=True)
    model.kernel.assign(np.ones((5, 1)))
    frame = diagnostics.gradient_norms(model, "mse", x, y)
    error = x.sum(axis=1, keepdims=True, dtype=np.float64) - y
    kernel = np.linalg.norm(2 / rows * x.T @ error)
    np.testing.assert_allclose(
        frame["norm"], [kernel, abs(2 * error.mean())], rtol=1e-5
    )
    np.testing.assert_allclose(frame["relative"], [kernel / 5**0.5, np.nan], rtol=1e-5)
    assert frame["weight"].tolist() == ["linear/kernel", "linear/bias"]
    assert frame["shape"].tolist() == [(5, 1), (1,)]


def test_the_norm_is_that_of_finite_differences():
    keras.utils.set_random_seed(0)
    model = models.MLP([3, 3], 1, hidden_activation="tanh")
    frame = diagnostics.gradient_norms(model, "mse", ROWS, TARGETS)

    def loss() -> float:
        error = model(ROWS).numpy().astype(np.float64) - TARGETS
        return float(np.mean(error**2))

    expected = []
    for weight in model.trainable_variables:
        value, slopes = weight.numpy(), []
        for place in np.ndindex(*value.shape):
            ends = []
            for step in (-1e-2, 1e-2):
                moved = value.copy()
                moved[place] += step
                weight.assign(moved)
                ends.append(loss())
            slopes.append((ends[1] - ends[0]) / 2e-2)
        weight.assign(value)
        expected.append(np.linalg.norm(slopes))
    np.testing.assert_allclose(frame["norm"], expected, rtol=1e-3)


def test_a_step_of_descent_is_as_long_as_the_learning_rate_times_the_norm():
    model = models.MLP(4, 1)
    frame = diagnostics.gradient_norms(model, "mse", ROWS, TARGETS)
    before = [weight.numpy() for weight in model.weights]
    mse = keras.losses.mean_squared_error
    training.train_step(model, keras.optimizers.SGD(0.5), mse, ROWS, TARGETS)
    moved = [
        np.linalg.norm(weight.numpy() - old)
        for weight, old in zip(model.weights, before, strict=True)
    ]
    np.testing.assert_allclose(0.5 * frame["norm"], moved, rtol=1e-4)


def test_what_a_regularizer_adds_is_in_the_gradient():
    dense = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="ones",
        kernel_regularizer=keras.regularizers.L2(3.0),
    )
    model = keras.Sequential([keras.Input((1,)), dense])
    one = np.ones((300, 1), np.float32)
    frame = diagnostics.gradient_norms(model, "mse", one, one)
    np.testing.assert_allclose(frame["norm"], [6], rtol=1e-6)


def test_a_weight_without_part_in_the_loss_has_a_gradient_of_0():
    model = hand_built([[-1.0, -1.0]])
    x = abs(ROWS[:, :1])
    frame = diagnostics.gradient_norms(model, "mse", x, TARGETS).set_index("weight")
    assert frame["norm"]["hidden/kernel"] == frame["norm"]["hidden/bias"] == 0


def test_an_embedding_has_the_norm_of_its_whole_table():
    table = keras.layers.Embedding(3, 1, embeddings_initializer="ones")
    model = keras.Sequential([table, keras.layers.Flatten()])
    codes, y = np.array([[0], [0], [2], [2]]), np.zeros((4, 1), np.float32)
    frame = diagnostics.gradient_norms(model, "mse", codes, y)
    np.testing.assert_allclose(frame["norm"], [2**0.5], rtol=1e-6)


def test_a_loss_of_the_readers_own_will_do():
    model = models.LinearRegression(5)
    mine = diagnostics.gradient_norms(
        model, lambda y, p: tf.reduce_mean((y - p) ** 2), ROWS, TARGETS
    )
    named = diagnostics.gradient_norms(model, "mse", ROWS, TARGETS)
    np.testing.assert_allclose(mine["norm"], named["norm"], rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (ROWS[:0], TARGETS[:0], "as many in x as in y, got 0 and 0; pass features"),
        (ROWS, TARGETS[:5], "as many in x as in y, got 300 and 5; pass features"),
        (ROWS, TARGETS[:, 0], r"rank 2 like the predictions, got shape \(300,\); pass"),
    ],
)
def test_targets_that_do_not_fit_are_refused(x, y, message):
    with pytest.raises(ValueError, match=f"^gradient_norms: expected .*{message}"):
        diagnostics.gradient_norms(models.MLP(4, 1), "mse", x, y)


# The report: models with one fault each, and none

LINEAR = data.linear(num_examples=300, noise=0.5)
WEIGHTS = np.arange(5.0)[:, None]


def linear_model(scale: float = 1.0) -> keras.Model:
    """The truth behind the data, for features that are `scale` times as large."""
    model = models.LinearRegression(5)
    model.kernel.assign(WEIGHTS / scale)
    return model


def relu_model(hidden: float = 1.0, last: float = 1.0, dead: int = 0) -> keras.Model:
    """The truth through four ReLUs, of which some are dead.

    The features are positive, so that a sum of them passes a ReLU. `hidden` makes the
    first kernel that much longer and the second that much shorter; `last` makes all
    predictions that much larger.
    """
    model = models.MLP(4, 1)
    model.build((None, 5))
    first = np.tile(WEIGHTS, 4)
    first[:, :dead] = -1
    second = np.full((4, 1), last / (4 - dead))
    second[:dead] = 0.1
    model.set_weights([first * hidden, np.zeros(4), second / hidden, np.zeros(1)])
    return model


def with_deep_branch() -> keras.Model:
    """The truth, and beside it six layers of sigmoids that hardly count."""
    into = keras.Input((5,))
    straight = keras.layers.Dense(1, use_bias=False, name="straight")
    deep = into
    for _ in range(6):
        deep = keras.layers.Dense(4, "sigmoid", kernel_initializer="glorot_normal")(
            deep
        )
    last = keras.layers.Dense(1, kernel_initializer="zeros", name="last")
    model = keras.Model(into, keras.layers.Add()([straight(into), last(deep)]))
    straight.set_weights([WEIGHTS + 0.2])
    last.set_weights([np.full((4, 1), 0.01), np.zeros(1)])
    return model


def constant_model(value: float) -> keras.Model:
    zero, constant = "zeros", keras.initializers.Constant(value)
    dense = keras.layers.Dense(1, kernel_initializer=zero, bias_initializer=constant)
    return keras.Sequential([dense])


def wrong_model() -> keras.Model:
    model = models.LinearRegression(5)
    model.kernel.assign(-WEIGHTS)
    return model


def broken_model() -> keras.Model:
    model = models.LinearRegression(5)
    model.kernel.assign(np.full((5, 1), np.nan))
    return model


def losses(training: list[float], testing: list[float]) -> pd.DataFrame:
    frame = {"training_loss": training, "testing_loss": testing}
    return pd.DataFrame(frame, index=[10, 20, 30])


FALLING = losses([9, 4, 2], [9, 5, 3])
FAR = data.linear(num_examples=300)
FAR = FAR._replace(x_train=FAR.x_train * 500, x_test=FAR.x_test * 500)
MEAN = float(LINEAR.y_train.mean())
FAULTS = {
    "Unscaled features": (
        lambda: linear_model(500),
        FAR,
        FALLING,
        "features reach 499.*; 5 of 5 columns have a root mean square above 10",
    ),
    "Loss not finite": (
        broken_model,
        LINEAR,
        None,
        "training loss is nan now",
    ),
    "Dead units": (
        lambda: relu_model(dead=2),
        LINEAR,
        FALLING,
        "2 of 4 units of 'hidden_0' never fire on the training data",
    ),
    "Vanishing gradients": (
        with_deep_branch,
        LINEAR,
        FALLING,
        r"the gradient of '\S+kernel' is \de-\d+ times that of '(last|straight)/",
    ),
    "Exploding gradients": (
        lambda: relu_model(hidden=0.004, last=1.1),
        LINEAR,
        FALLING,
        "the gradient of 'hidden_0/kernel' is .* times as long as the kernel",
    ),
    "Constant predictions": (
        lambda: constant_model(MEAN),
        LINEAR,
        FALLING,
        f"every prediction is {MEAN:.4g}, the mean of the training targets",
    ),
    "Worse than a constant": (
        wrong_model,
        LINEAR,
        FALLING,
        "the test loss is .*, that of a constant",
    ),
    "Overfitting": (
        linear_model,
        LINEAR,
        losses([9, 4, 2], [9, 5, 6]),
        "since epoch 20 the test loss rose from 5 to 6, and the training loss fell",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_model_with_one_fault_has_that_finding_and_no_other(name):
    make, split, history, figure = FAULTS[name]
    (finding,) = diagnostics.report(make(), split, history)
    assert finding.finding == name
    assert re.match(figure, finding.figure), finding.figure
    assert len(finding.remedy) > 20


def trained(split, units, loss="mse", **arguments):
    """Train a model as a careful reader would."""
    keras.utils.set_random_seed(0)
    hidden = [
        keras.layers.Dense(u, "relu", kernel_initializer="he_normal") for u in units
    ]
    last = keras.layers.Dense(*((10, "softmax") if "sparse" in loss else (1,)))
    model = keras.Sequential([*hidden, last])
    history = training.train(model, split.train, split.test, loss=loss, **arguments)
    return model, split, history


@pytest.fixture(scope="module")
def digits() -> data.Split:
    """Read a text of five thousand images, once."""
    return data.digits(test_split=0.9)


@pytest.mark.parametrize(
    "healthy",
    [
        lambda: (linear_model(), LINEAR, FALLING),
        lambda: (linear_model(), data.linear(), FALLING),  # fits without error
        lambda: (relu_model(), LINEAR, FALLING),
        lambda: trained(LINEAR, [], optimizer=keras.optimizers.SGD(0.1), epochs=500),
        lambda: trained(
            data.boston_housing().standardized(), [64, 64], optimizer="adam", epochs=100
        ),
    ],
    ids=["linear", "exact", "relu", "one layer", "boston"],
)
def test_a_healthy_model_has_no_finding(healthy):
    report = diagnostics.report(*healthy())
    assert report == ()
    assert repr(report).startswith("Nothing found: features, units, gradients")


@pytest.mark.parametrize("logits", [False, True])
def test_a_classifier_is_known_by_its_labels(logits, digits):
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model, _, _ = trained(
        digits,
        [32],
        "sparse_categorical_crossentropy",
        optimizer="adam",
        epochs=5,
        batch_size=32,
    )
    if logits:
        model.layers[-1].activation = keras.activations.linear
    assert diagnostics.report(model, digits, loss=sparse) == ()
    bias = model.layers[-1].bias
    model.layers[-1].set_weights([10 * np.eye(32, 10), bias])
    found = {
        finding.finding for finding in diagnostics.report(model, digits, loss=sparse)
    }
    assert "Worse than a constant" in found
    assert "Constant predictions" not in found


def test_a_classifier_that_knows_one_answer_only(digits):
    last = keras.layers.Dense(10, "softmax", kernel_initializer="zeros")
    (finding,) = diagnostics.report(
        keras.Sequential([last]), digits, loss="sparse_categorical_crossentropy"
    )
    assert finding.figure == "every row gets the same prediction"


def test_rare_labels_are_weighed_as_often_as_they_come():
    # Label 0 in nine rows of ten: who says 80 % loses to who says 90 %.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 1)).astype(np.float32)
    labels = (np.arange(400) % 10 == 0).astype(np.int32)[:, None]
    last = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((1,)), last])
    last.set_weights([np.array([[0.01, 0.0]]), np.log([0.8, 0.2])])
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    (finding,) = diagnostics.report(
        model, data.Split(x, labels, x, labels), loss=logits
    )
    assert finding.finding == "Worse than a constant"
    entropy = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    assert finding.figure.endswith(f"that of a constant {entropy:.4g}")


def test_behind_a_dead_layer_no_gradient_is_said_to_vanish():
    model = models.MLP([4, 4], 1)
    model.build((None, 5))
    model.feature_extractor.stack[0].bias.assign(np.full(4, -99))
    model.feature_extractor.stack[1].bias.assign(np.ones(4))
    report = diagnostics.report(model, LINEAR)
    assert [finding.finding for finding in report] == [
        "Dead units",
        "Constant predictions",
    ]


def test_a_model_that_scales_its_features_itself_is_not_told_to():
    scale = keras.layers.Normalization()
    scale.adapt(FAR.x_train)
    dense = keras.layers.Dense(1)
    model = keras.Sequential([scale, dense])
    model(FAR.x_test)
    coefficients, *_ = np.linalg.lstsq(
        np.c_[scale(FAR.x_train), np.ones(300)], FAR.y_train, rcond=None
    )
    dense.set_weights([coefficients[:-1], coefficients[-1]])
    assert diagnostics.report(model, FAR) == ()


def test_a_convolution_on_images_that_are_not_scaled(digits):
    images = data.Split(
        255 * digits.x_train.reshape(-1, 28, 28, 1),
        digits.y_train,
        255 * digits.x_test[:300].reshape(-1, 28, 28, 1),
        digits.y_test[:300],
    )
    model = keras.Sequential(
        [
            keras.layers.Conv2D(2, 3, strides=9, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    report = diagnostics.report(model, images, loss="sparse_categorical_crossentropy")
    assert report[0].figure.startswith("features reach 255; 1 of 1 columns")


def test_the_puzzle_is_solved():
    boston = data.boston_housing()
    keras.utils.set_random_seed(0)
    model = models.MLP(4, 1)
    sgd = keras.optimizers.SGD(0.01)
    history = training.train(
        model, boston.train, boston.test, optimizer=sgd, epochs=1000
    )
    report = diagnostics.report(model, boston, history)
    assert [finding.finding for finding in report] == [
        "Unscaled features",
        "Dead units",
        "Constant predictions",
    ]
    assert "711" in report[0].figure
    assert "4 of 4 units of 'hidden_0'" in report[1].figure
    assert f"every prediction is {boston.y_train.mean():.4g}" in report[2].figure


def test_a_constant_that_is_not_the_mean_is_told_apart():
    (finding,) = diagnostics.report(constant_model(1.0), LINEAR)
    assert finding.figure == (
        f"every prediction is 1, while the training targets average {MEAN:.4g}"
    )


def test_a_run_that_diverged_is_known_by_its_history_too():
    history = losses([9, np.inf, np.nan], [9, 8, np.nan])
    (finding,) = diagnostics.report(linear_model(), LINEAR, history)
    assert finding.finding == "Loss not finite"
    assert finding.figure == "training loss is inf in epoch 20"


@pytest.mark.parametrize(
    ("testing", "found"), [([9, 5, 5.4], 0), ([9, 5, 5.6], 1), ([5, 5.6, 5.1], 0)]
)
def test_a_test_loss_has_to_end_a_tenth_above_its_lowest(testing, found):
    report = diagnostics.report(linear_model(), LINEAR, losses([9, 4, 2], testing))
    assert len(report) == found


def test_the_remedy_for_overfitting_chooses_no_epoch_by_the_test_rows():
    history = losses([9, 4, 2], [9, 5, 6])
    (finding,) = diagnostics.report(linear_model(), LINEAR, history)
    assert finding.finding == "Overfitting"
    assert "validation rows" in finding.remedy
    assert not re.search(r"\d", finding.remedy)


def test_a_training_loss_that_rises_with_it_is_not_overfitting():
    history = losses([9, 4, 4.5], [9, 5, 6])
    assert diagnostics.report(linear_model(), LINEAR, history) == ()


def test_a_history_without_test_loss_will_do():
    history = FALLING[["training_loss"]]
    assert diagnostics.report(linear_model(), LINEAR, history) == ()


def test_one_dead_unit_of_many_does_no_harm():
    kernel = np.tile(WEIGHTS, 8)
    kernel[:, 0] = -1
    model = models.MLP(8, 1)
    model.build((None, 5))
    model.set_weights([kernel, np.zeros(8), np.full((8, 1), 1 / 7), np.zeros(1)])
    assert diagnostics.report(model, LINEAR) == ()


@pytest.mark.parametrize(
    ("split", "error", "message"),
    [
        ((1, 2), TypeError, "expected a tfbook.data.Split, got tuple; pass Split"),
        (
            LINEAR._replace(x_test=np.full((3, 5), np.nan)),
            ValueError,
            r"expected rows of finite numbers in x_test, got 15 others in shape",
        ),
        (
            LINEAR._replace(x_train=ROWS[:0]),
            ValueError,
            r"expected rows of finite numbers in x_train, got 0 others in shape",
        ),
        (
            LINEAR._replace(y_train=LINEAR.y_train[:, 0]),
            ValueError,
            r"expected y_train of shape \(300, 1\) for these .*, got \(300,\);",
        ),
    ],
)
def test_bad_data_are_refused_in_one_line(split, error, message):
    with pytest.raises(error, match=f"^report: {message}") as caught:
        diagnostics.report(linear_model(), split)
    assert "\n" not in str(caught.value)


# How it shows itself


def test_a_report_is_a_numbered_list_in_a_terminal_and_in_a_notebook():
    report = diagnostics.report(constant_model(1.0), FAR)
    text = repr(report)
    assert text.startswith("1. Unscaled features: features reach 499")
    assert "\n2. Constant predictions: every prediction is 1, while" in text
    assert text.count("\n   What to do: ") == 2
    page = report._repr_html_()
    assert page.count("<li>") == page.count("</li>") == 2
    assert "<strong>Constant predictions:</strong> every prediction is 1, while" in page


def test_names_from_the_model_are_escaped_in_a_notebook():
    finding = diagnostics.Finding("Dead units", "units of '<b>&'", "train anew")
    assert (
        "units of &#x27;&lt;b&gt;&amp;&#x27;"
        in diagnostics.Report([finding])._repr_html_()
    )
    assert diagnostics.Report()._repr_html_().startswith("<p>Nothing found")

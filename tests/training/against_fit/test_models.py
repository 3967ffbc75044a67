"""Layers and models, trained with `train` as with `fit`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers, ops

ROWS = 11  # in batches of 4 the last one is short


class Case(NamedTuple):
    """A model, its data, and how it is trained."""

    make: Callable[[], Model]
    x: Any
    y: Any
    weights: Any = None
    arguments: dict = {}  # noqa: RUF012 - of a tuple that nobody changes


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(ROWS, *shape)).astype("float32")


def integers(high: int, *shape: int, low: int = 0, dtype: str = "int32") -> np.ndarray:
    return np.random.default_rng(1).integers(low, high, (ROWS, *shape)).astype(dtype)


def stack(*parts: Any) -> Callable[[], Model]:
    """Return a function that makes a `Sequential` of what functions make."""
    return lambda: Sequential([part() for part in parts])


def case(*parts: Any, x: Any, y: Any, **arguments: Any) -> Case:
    return Case(stack(*parts), x, y, arguments=arguments)


def out(units: int = 1, **kwargs: Any) -> Callable[[], Any]:
    return lambda: layers.Dense(units, **kwargs)


def of(shape: tuple, **kwargs: Any) -> Callable[[], Any]:
    return lambda: Input(shape, **kwargs)


def lazy(layer: Any, *args: Any, **kwargs: Any) -> Callable[[], Any]:
    """Put a layer off until the seed is set."""
    return lambda: layer(*args, **kwargs)


X, Y = floats(4), floats(1, seed=1)
IMAGES = floats(6, 6, 2)
STEPS, PER_STEP = floats(5, 3), floats(5, 1, seed=1)
WORDS = np.array([["a", "b"], ["b", "c"], ["d", "a"]] * 4, object)[:ROWS]
TEXTS = np.array(["one two", "two three", "one", "four one two"] * 3, object)[:ROWS]


def padded() -> np.ndarray:
    """Make rows of ids with zeros at the end, at least one id each."""
    ids = integers(7, 5, low=1)
    return ids * (np.arange(5) < 1 + np.arange(ROWS)[:, None] % 5)


PADDED_STEPS = STEPS * (padded()[..., None] > 0)
PADDED_STEPS_Y = PER_STEP


# Functional models


def two_inputs(kind: str) -> Callable[[], Model]:
    def make() -> Model:
        a, b = Input((4,), name="a"), Input((2,), name="b")
        merged = layers.Concatenate()([layers.Dense(3)(a), b])
        inputs = {"list": [a, b], "tuple": (a, b), "dict": {"a": a, "b": b}}[kind]
        return Model(inputs, layers.Dense(1)(merged))

    return make


def two_outputs(kind: str) -> Callable[[], Model]:
    def make() -> Model:
        x = Input((4,))
        hidden = layers.Dense(5, activation="tanh")(x)
        value = layers.Dense(1, name="value")(hidden)
        kinds = layers.Dense(3, activation="softmax", name="kinds")(hidden)
        one = {"value": value, "kinds": kinds}
        return Model(x, one if kind == "dict" else [value, kinds])

    return make


CLASSES = integers(3)
LIST_LOSS = ["mse", "sparse_categorical_crossentropy"]
DICT_LOSS = {"value": "mse", "kinds": keras.losses.SparseCategoricalCrossentropy()}


def nested() -> Model:
    inner = Sequential([Input((4,)), layers.Dense(3, "relu"), layers.Dropout(0.2)])
    x = Input((4,))
    deeper = Model(x, layers.BatchNormalization()(inner(x)))
    return Sequential([Input((4,)), deeper, layers.Dense(1)])


def shared() -> Model:
    a, b = Input((4,)), Input((4,))
    tower = Sequential([layers.Dense(3, "tanh"), layers.Dense(2)])
    return Model([a, b], layers.Dense(1)(layers.Subtract()([tower(a), tower(b)])))


def frozen() -> Model:
    model = Sequential(
        [Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.layers[0].trainable = model.layers[1].trainable = False
    return model


def residual() -> Model:
    x = Input((6, 6, 2))
    y = layers.Conv2D(3, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    shortcut = y
    for _ in range(2):
        y = layers.DepthwiseConv2D(3, padding="same")(y)
        y = layers.ReLU(max_value=6.0)(layers.BatchNormalization()(y))
    y = layers.Add()([shortcut, y])
    y = layers.GlobalAveragePooling2D()(y)
    return Model(x, layers.Dense(1)(layers.Dropout(0.3)(y)))


def attention() -> Model:
    ids = Input((5,), dtype="int32")
    x = layers.Embedding(7, 4, mask_zero=True)(ids)
    x = layers.LayerNormalization()(
        x + layers.MultiHeadAttention(2, 2, dropout=0.1)(x, x)
    )
    return Model(ids, layers.Dense(1)(x))


def attention_with_given_mask() -> Model:
    x, mask = Input((5, 3)), Input((5, 5), dtype="bool")
    y = layers.MultiHeadAttention(2, 2)(x, x, attention_mask=mask)
    return Model([x, mask], layers.Dense(1)(layers.GlobalMaxPooling1D()(y)))


def tied() -> Model:
    ids = Input((5,), dtype="int32")
    embedding = layers.ReversibleEmbedding(7, 3)
    return Model(ids, embedding(layers.Dense(3)(embedding(ids)), reverse=True))


def normalization() -> Model:
    layer = layers.Normalization()
    layer.adapt(floats(4, seed=5) * 3 + 1)
    return Sequential([Input((4,)), layer, layers.Dense(1)])


def looked_up() -> Model:
    words = Input((2,), dtype="string")
    ids = layers.StringLookup(vocabulary=["a", "b", "c"])(words)
    return Model(words, layers.Dense(1)(layers.Flatten()(layers.Embedding(4, 2)(ids))))


def vectorized() -> Model:
    texts = Input((), dtype="string")
    layer = layers.TextVectorization(output_sequence_length=4)
    layer.set_vocabulary(["one", "two", "three"])
    x = layers.Embedding(5, 3, mask_zero=True)(layer(texts))
    return Model(texts, layers.Dense(1)(layers.GRU(2)(x)))


def hashed() -> Model:
    ids = Input((2,), dtype="int64")
    bins = layers.Hashing(5)(ids)
    return Model(ids, layers.Dense(1)(layers.Flatten()(layers.Embedding(5, 2)(bins))))


def large_ids() -> Model:
    """Tell apart ids that are one number in single precision."""
    ids = Input((2,), dtype="int64")
    x = layers.Embedding(3, 2)(ops.mod(ids, 3))
    return Model(ids, layers.Dense(1)(layers.Flatten()(x)))


def encoded() -> Model:
    number, kind = Input((1,), name="number"), Input((1,), dtype="int64", name="kind")
    bins = layers.Discretization([-0.5, 0.5], output_mode="one_hot")(number)
    kinds = layers.IntegerLookup(vocabulary=[0, 2], output_mode="multi_hot")(kind)
    return Model(
        {"number": number, "kind": kind},
        layers.Dense(1)(layers.Concatenate()([bins, ops.cast(kinds, "float32")])),
    )


# Models of one's own


class Penalized(Model):
    """Adds a loss of the activations, and one of the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.last = layers.Dense(3), layers.Dense(1)

    def call(self, x: Any) -> Any:
        hidden = self.hidden(x)
        self.add_loss(0.1 * ops.mean(ops.square(hidden)))
        self.add_loss(0.01 * ops.sum(ops.abs(self.hidden.kernel)))
        return self.last(hidden)


class OnlyPenalized(Penalized):
    """Has no targets: what it adds is all there is to make small."""

    def call(self, x: Any) -> Any:
        self.add_loss(ops.mean(ops.square(super().call(x) - 1)))
        return x


class Own(Model):
    """Weights of its own, layers in a list, another path in training."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        self.calls = self.add_weight(
            shape=(), dtype="int32", trainable=False, initializer="zeros", name="calls"
        )
        self.hidden = [layers.Dense(3, "tanh"), layers.Dense(3, "tanh")]
        self.drop, self.last = layers.Dropout(0.3), layers.Dense(1)

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            self.calls.assign_add(1)
            x = self.drop(x, training=True)
        for layer in self.hidden:
            x = layer(x)
        return self.scale * self.last(x)


class OneNamed(Model):
    def __init__(self) -> None:
        super().__init__()
        self.last = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return {"value": self.last(x["features"])}


class OwnLayer(layers.Layer):
    """Keeps a running mean, and knows its mask."""

    def build(self, shape: Any) -> None:
        self.mean = self.add_weight(shape=shape[-1:], trainable=False, name="mean")
        self.kernel = self.add_weight(shape=(shape[-1], 2), name="kernel")

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(x, axis=0))
        return (x - self.mean) @ self.kernel


MODELS = {
    "dense": case(of((4,)), out(5, activation="relu"), out(), x=X, y=Y),
    "dense, not built": case(out(5, activation="relu"), out(), x=X, y=Y),
    "dense, targets of rank 1": case(of((4,)), out(), x=X, y=Y[:, 0]),
    "prelu": case(of((4,)), out(5), lazy(layers.PReLU), out(), x=X, y=Y),
    "convolutions and pooling": case(
        of((6, 6, 2)),
        lazy(layers.Conv2D, 3, 3, activation="relu"),
        lazy(layers.MaxPooling2D),
        lazy(layers.SeparableConv2D, 2, 2),
        lazy(layers.Flatten),
        out(),
        x=IMAGES,
        y=Y,
    ),
    "transposed convolution": case(
        of((6, 6, 2)),
        lazy(layers.Conv2DTranspose, 2, 2, strides=2),  # 12 x 12
        lazy(layers.AveragePooling2D, 2),
        out(),
        x=IMAGES,
        y=floats(6, 6, 1),
    ),
    "convolution in time": case(
        of((5, 3)),
        lazy(layers.Conv1D, 4, 2, padding="causal"),
        lazy(layers.GlobalAveragePooling1D),
        out(),
        x=STEPS,
        y=Y,
    ),
    "lstm": case(of((5, 3)), lazy(layers.LSTM, 3), out(), x=STEPS, y=Y),
    "lstm with dropout": case(
        of((5, 3)),
        lazy(layers.LSTM, 3, dropout=0.3, recurrent_dropout=0.3),
        out(),
        x=STEPS,
        y=Y,
    ),
    "gru": case(of((5, 3)), lazy(layers.GRU, 3), out(), x=STEPS, y=Y),
    "bidirectional": case(
        of((5, 3)),
        lambda: layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True)),
        lambda: layers.TimeDistributed(layers.Dense(1)),
        x=STEPS,
        y=PER_STEP,
    ),
    "stateful lstm": case(
        of((5, 3), batch_size=4),
        lazy(layers.LSTM, 3, stateful=True),
        out(),
        x=STEPS[:8],
        y=Y[:8],
    ),
    "dropout": case(
        of((4,)),
        out(8),
        lazy(layers.Dropout, 0.5),
        lazy(layers.AlphaDropout, 0.2),
        out(),
        x=X,
        y=Y,
    ),
    "spatial dropout": case(
        of((5, 3)), lazy(layers.SpatialDropout1D, 0.4), out(), x=STEPS, y=PER_STEP
    ),
    "noise": case(
        of((4,)),
        lazy(layers.GaussianNoise, 0.3),
        out(3),
        lazy(layers.GaussianDropout, 0.2),
        out(),
        x=X,
        y=Y,
    ),
    "batch normalization": case(
        of((4,)), out(3), lazy(layers.BatchNormalization), out(), x=X, y=Y
    ),
    "layer and group normalization": case(
        of((4,)),
        out(4),
        lazy(layers.LayerNormalization),
        lazy(layers.GroupNormalization, 2),
        lazy(layers.UnitNormalization),
        out(),
        x=X,
        y=Y,
    ),
    "spectral normalization": case(
        of((4,)),
        lambda: layers.SpectralNormalization(layers.Dense(3)),
        out(),
        x=X,
        y=Y,
    ),
    "embedding with a mask, targets per step": case(
        of((5,), dtype="int32"),
        lazy(layers.Embedding, 7, 3, mask_zero=True),
        lazy(layers.LSTM, 3, return_sequences=True),
        out(),
        x=padded(),
        y=PER_STEP,
    ),
    "masking, labels per step": case(
        of((5, 3)),
        lazy(layers.Masking),
        lazy(layers.GRU, 3, return_sequences=True),
        out(3, activation="softmax"),
        x=PADDED_STEPS,
        y=integers(3, 5),
        loss="sparse_categorical_crossentropy",
    ),
    "masks and weights per step": Case(
        stack(
            of((5, 3)),
            lazy(layers.Masking),
            lazy(layers.LSTM, 2, return_sequences=True),
        ),
        PADDED_STEPS,
        floats(5, 2),
        np.abs(floats(5, seed=2)),
    ),
    "attention": Case(attention, padded(), PER_STEP),
    "attention with a mask as input": Case(
        attention_with_given_mask, [STEPS, floats(5, 5) > -1], Y
    ),
    "tied weights": Case(
        tied,
        integers(7, 5),
        integers(7, 5),
        arguments={
            "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        },
    ),
    "two inputs, list": Case(two_inputs("list"), [X, X[:, :2]], Y),
    "two inputs, tuple": Case(two_inputs("tuple"), (X, X[:, :2]), Y),
    "two inputs, dictionary": Case(two_inputs("dict"), {"a": X, "b": X[:, :2]}, Y),
    "two outputs, one loss": case(
        of((4,)),
        lambda: two_outputs("list")(),
        x=X,
        y=[Y, floats(3)],
    ),
    "two outputs, list of losses": Case(
        two_outputs("list"),
        X,
        [Y, CLASSES],
        arguments={"loss": LIST_LOSS, "metrics": lambda: [["mae"], ["accuracy"]]},
    ),
    "two outputs, dictionary of losses": Case(
        two_outputs("dict"),
        X,
        {"value": Y, "kinds": CLASSES},
        arguments={
            "loss": DICT_LOSS,
            "metrics": lambda: {"kinds": ["accuracy"], "value": ["mae", "mse"]},
        },
    ),
    "two outputs, lists by name": Case(
        two_outputs("list"),
        X,
        {"value": Y, "kinds": CLASSES},
        arguments={"loss": DICT_LOSS, "metrics": lambda: {"kinds": "accuracy"}},
    ),
    "two outputs, weights for each": Case(
        two_outputs("dict"),
        X,
        {"value": Y, "kinds": CLASSES},
        {"value": np.abs(Y[:, 0]), "kinds": np.abs(X[:, 0])},
        arguments={"loss": DICT_LOSS},
    ),
    "two outputs, one of them without a loss": Case(
        two_outputs("dict"),
        X,
        {"value": Y, "kinds": CLASSES},
        arguments={"loss": {"value": "mse", "kinds": None}},
    ),
    "nested": Case(nested, X, Y),
    "shared": Case(shared, [X, X[::-1]], Y),
    "frozen": Case(frozen, X, Y),
    "residual": Case(residual, IMAGES, Y),
    "add_loss": Case(Penalized, X, Y),
    "add_loss and nothing else": Case(OnlyPenalized, X, None, arguments={"loss": None}),
    "regularizers": case(
        of((4,)),
        out(3, kernel_regularizer="l2", bias_regularizer=keras.regularizers.L1(0.1)),
        out(activity_regularizer=keras.regularizers.L2(0.1)),
        x=X,
        y=Y,
    ),
    "orthogonal regularizer": case(
        of((4,)),
        out(3, kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.1)),
        lazy(layers.ActivityRegularization, l1=0.01, l2=0.02),
        out(),
        x=X,
        y=Y,
    ),
    "constraints": case(
        of((4,)),
        out(3, kernel_constraint=keras.constraints.MaxNorm(0.5)),
        out(kernel_constraint="non_neg", bias_constraint="unit_norm"),
        x=X,
        y=Y,
    ),
    "rescaling": case(
        of((6, 6, 2), dtype="uint8"),
        lazy(layers.Rescaling, 1 / 255, offset=-0.5),
        lazy(layers.Flatten),
        out(),
        x=integers(256, 6, 6, 2, dtype="uint8"),
        y=Y,
    ),
    "normalization of features": Case(normalization, X, Y),
    "words": Case(looked_up, WORDS, Y),
    "texts": Case(vectorized, TEXTS, Y),
    "hashed ids": Case(hashed, integers(2**40, 2, dtype="int64"), Y),
    "ids above 2**24": Case(large_ids, integers(9, 2, dtype="int64") + 2**24, Y),
    "bins and kinds": Case(
        encoded, {"number": X[:, :1], "kind": integers(3, 1, dtype="int64")}, Y
    ),
    "augmentation": case(
        of((6, 6, 2)),
        lazy(layers.RandomFlip, seed=1),
        lazy(layers.RandomTranslation, 0.2, 0.2, seed=2),
        lazy(layers.RandomContrast, 0.2, seed=3),
        lazy(layers.Flatten),
        out(),
        x=IMAGES,
        y=Y,
    ),
    "of one's own": Case(Own, X, Y),
    "a layer of one's own": case(of((4,)), OwnLayer, out(), x=X, y=Y),
    "dictionary in, dictionary out": Case(OneNamed, {"features": X}, {"value": Y}),
}


# Keras does not look for a gradient of what has no loss; it warns of each.
@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("name", MODELS)
def test_a_model_trains_in_batches_as_with_fit(same_as_fit, name):
    make, x, y, weights, arguments = MODELS[name]
    data = tuple(part for part in (x, y, weights) if part is not None)
    if name.startswith("two outputs"):
        # With several outputs, `fit` shows means of batches that count alike, even if
        # the last one is smaller: see the list of differences.
        data = keras.tree.map_structure(lambda part: part[:8], data)
    # With validation data, since some layers draw numbers whenever they are called.
    same_as_fit(make, data, batch_size=4, validation=data, **arguments)


FULL = [
    "dense",
    "masks and weights per step",
    "two outputs, dictionary of losses",
    "of one's own",
    "add_loss and nothing else",
    "words",
]


@pytest.mark.parametrize("name", FULL)
def test_a_model_trains_on_all_rows_as_with_fit(same_as_fit, name):
    make, x, y, weights, arguments = MODELS[name]
    data = (x, y, weights)[: 3 if weights is not None else 2]
    same_as_fit(make, data, **arguments)


@pytest.mark.parametrize("name", ["dense", "batch normalization", "lstm"])
def test_validation_and_tests_go_through_in_batches(same_as_fit, name):
    make, x, y, *_ = MODELS[name]
    many = tuple(np.concatenate([part] * 60) for part in (x, y))  # 660 rows
    same_as_fit(
        make, (x, y), batch_size=4, validation=many, test=many, metrics=lambda: ["mae"]
    )

"""The same training twice: once with Keras's `compile` and `fit`, once with `train`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tfbook.training import train
from tfbook.training.batches import TEST_ROWS
from tfbook.training.rows import row_order

SEED = 3


class Twins(NamedTuple):
    """What both have made of the same model."""

    fitted: keras.Model
    trained: keras.Model
    history: pd.DataFrame
    fit_history: pd.DataFrame


@pytest.fixture(scope="session")
def same_as_fit() -> Callable[..., Twins]:
    """Give the tests the comparison; a fixture, since test modules import no others."""
    return compare


@pytest.fixture(autouse=True)
def _as_before() -> Any:
    """Leave Keras's settings as they were."""
    policy, float_type = keras.config.dtype_policy(), keras.config.floatx()
    yield
    keras.config.set_dtype_policy(policy)
    keras.config.set_floatx(float_type)


def compare(
    make: Callable[[], keras.Model],
    data: Any,
    *,
    given: Any = None,
    loss: Any = "mse",
    optimizer: Callable[[], Any] = lambda: keras.optimizers.SGD(0.05, momentum=0.5),
    metrics: Callable[[], Any] = list,
    callbacks: Callable[[], list] = list,
    validation: Any = None,
    test: Any = None,
    epochs: int = 3,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    build_first: bool = False,
    atol: float = 2e-5,
    rtol: float = 2e-5,
) -> Twins:
    """Train twice, and assert that all variables and all of the history agree.

    Whatever has a state of its own is made twice, by a function. So are data that are
    no arrays: a function returns them. Where `fit` cannot take what `train` is `given`,
    it gets `data` that say the same.
    """
    keras.utils.set_random_seed(SEED)
    fitted = make()
    fitted.compile(optimizer(), loss, metrics=metrics(), jit_compile=False)
    if build_first:
        fitted.optimizer.build(fitted.trainable_variables)
    arrays = not callable(data)
    settings = {"epochs": epochs, "verbose": 0, "callbacks": callbacks()}
    settings["shuffle"] = False
    if validation is not None:
        if callable(validation):
            settings["validation_data"] = validation()
        else:
            settings["validation_data"] = for_fit(validation)
            fixed = (getattr(fitted, "inputs", None) or [None])[0]
            fixed = None if fixed is None else fixed.shape[0]
            settings["validation_batch_size"] = fixed or TEST_ROWS
    if not arrays:
        fit = fitted.fit(data(), steps_per_epoch=steps_per_epoch, **settings)
    elif batch_size is None:
        rows = number_of_rows(data)
        x, y, weights = (*for_fit(data), None, None)[:3]
        fit = fitted.fit(x, y, sample_weight=weights, batch_size=rows, **settings)
    else:
        batches, steps = in_order(data, batch_size, epochs)
        fit = fitted.fit(batches, steps_per_epoch=steps, **settings)

    keras.utils.set_random_seed(SEED)
    trained = make()
    history = train(
        trained,
        given() if callable(given) else given or (data if arrays else data()),
        test() if callable(test) else test,
        validation_data=validation() if callable(validation) else validation,
        optimizer=optimizer(),
        loss=loss,
        metrics=metrics(),
        callbacks=callbacks(),
        epochs=epochs,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        record_every=1,
        seed=SEED,
    )
    names = [(one.path, two.path) for one, two in zip_variables(fitted, trained)]
    for (one, two), name in zip(zip_variables(fitted, trained), names, strict=True):
        assert_close(two, one, name, atol, rtol)
    fit_history = flat(fit.history)
    if test is not None:
        found = evaluate(fitted, test)
        last = {name: [value] for name, value in found.items()}
        tested = flat({f"test_{name}": value for name, value in last.items()})
        assert_history(history.iloc[[-1]].filter(like="testing_"), tested, atol, rtol)
    assert_history(
        history.filter(regex="^(training|validation)_"), fit_history, atol, rtol
    )
    return Twins(fitted, trained, history, fit_history)


def zip_variables(one: keras.Model, two: keras.Model) -> list:
    """Pair all variables, the state of seed generators and averages included."""
    return list(zip(one.variables, two.variables, strict=True))


def number_of_rows(data: tuple) -> int:
    """Count the rows of the targets."""
    values = data[0]
    while isinstance(values, dict | tuple) or (
        isinstance(values, list) and hasattr(values[0], "shape")
    ):
        values = next(iter(values.values() if isinstance(values, dict) else values))
    return len(values)


def for_fit(data: Any) -> Any:
    """Make tensors of words: `fit` takes them in no array of NumPy's."""
    if isinstance(data, dict):
        return {key: for_fit(part) for key, part in data.items()}
    if isinstance(data, tuple) or (
        isinstance(data, list) and hasattr(data[0], "dtype")
    ):
        return type(data)(for_fit(part) for part in data)
    is_text = isinstance(data, np.ndarray) and data.dtype.kind == "O"
    return tf.constant(data) if is_text else data


def evaluate(model: keras.Model, test: Any) -> dict[str, float]:
    """Test with Keras."""
    settings = {"verbose": 0, "return_dict": True}
    if callable(test):
        return model.evaluate(test(), **settings)
    x, y, weights = (*for_fit(test), None, None)[:3]
    return model.evaluate(x, y, sample_weight=weights, batch_size=TEST_ROWS, **settings)


def in_order(data: tuple, size: int, epochs: int) -> tuple[tf.data.Dataset, int]:
    """Make one dataset of all epochs, in the order of rows that `train` takes."""
    rows, joined = number_of_rows(data), None
    for epoch in range(1, epochs + 1):
        order = row_order(tf.constant([SEED, epoch], tf.int64), rows).numpy()
        epoch_rows = tf.nest.map_structure(lambda part: part[order], as_tuples(data))  # noqa: B023
        batches = tf.data.Dataset.from_tensor_slices(epoch_rows).batch(
            size, drop_remainder=rows % size == 0
        )
        joined = batches if joined is None else joined.concatenate(batches)
    return joined, -(-rows // size)


def as_tuples(data: Any) -> Any:
    """Make tuples of lists, which `tf.data` would take for arrays."""
    if isinstance(data, dict):
        return {key: as_tuples(part) for key, part in data.items()}
    if isinstance(data, list | tuple):
        return tuple(as_tuples(part) for part in data)
    return data


def flat(history: dict[str, list]) -> pd.DataFrame:
    """Make a table of what `fit` or `evaluate` returns, with a column for each number.

    The learning rate that some callbacks put there is no value of the model.
    """
    columns = {}
    for name, values in history.items():
        for place, column in enumerate(np.atleast_2d(np.array(values).T)):
            one = np.size(values[0]) == 1
            columns[ours(name) + ("" if one else f"_{place}")] = column
    columns.pop("training_learning_rate", None)
    return pd.DataFrame(columns)


def ours(name: str) -> str:
    """Translate Keras's name of a value."""
    for theirs, prefix in (("val_", "validation_"), ("test_", "testing_")):
        if name.startswith(theirs):
            return prefix + name.removeprefix(theirs)
    return f"training_{name}"


def assert_history(
    found: pd.DataFrame, wanted: pd.DataFrame, atol: float, rtol: float
) -> None:
    """Assert that both have the same columns and numbers."""
    assert sorted(found.columns) == sorted(wanted.columns)
    for name in wanted.columns:
        assert_close(found[name], wanted[name], name, atol, rtol)


def assert_close(found: Any, wanted: Any, name: Any, atol: float, rtol: float) -> None:
    """Assert that numbers agree but for rounding; whole numbers agree exactly."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    if wanted.dtype.kind not in "biufV":  # a table of words
        assert np.array_equal(found, wanted), name
        return
    if wanted.dtype.kind == "V":
        found, wanted = found.astype("float32"), wanted.astype("float32")
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol, err_msg=str(name))

"""Answers to the exercises of *Your loop and Keras's*, right and wrong."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tfbook import exercises, training


def named(history):
    return {
        "validation_" + name[4:]
        if name.startswith("val_")
        else "training_" + name: each
        for name, each in history.items()
    }


def right_table(history):
    epochs = pd.RangeIndex(1, len(history["loss"]) + 1, name="epoch")
    return pd.DataFrame(named(history)).set_index(epochs)


def from_zero(history):
    return pd.DataFrame(named(history))


def unnamed(history):
    table = right_table(history)
    return table.rename_axis(None)


def prefixed_alike(history):
    return right_table(history).rename(
        columns=lambda name: name.replace("validation_", "training_val_")
    )


def replaced_anywhere(history):
    # `interval_error` has `val_` in its middle.
    return pd.DataFrame(
        {
            name.replace("val_", "validation_")
            if "val_" in name
            else "training_" + name: each
            for name, each in history.items()
        }
    )


def with_epochs(history):
    return right_table(history).reset_index().set_index("epoch", drop=False)


def upside_down(history):
    table = right_table(history)
    return table.assign(validation_loss=table["validation_loss"].tolist()[::-1])


@pytest.mark.parametrize("answer", [(7, 5), [7, 5], np.array([7, 5])])
def test_early_stopping_ends_at_seven(answer):
    assert exercises.hint("last_epoch", answer) is None


def test_the_table_is_that_of_train():
    assert exercises.hint("history_table", right_table) is None


def test_weights_multiply_the_odds():
    def odds(p, w):
        return 1 / (1 + (1 - p) / (w * p)) if p else 0.0

    assert exercises.hint("weighted_odds", odds) is None


def test_fit_takes_the_targets_that_are_a_right_answer_and_train_does_not():
    targets, x = np.ones((8, 1), np.float32), np.ones((8, 2), np.float32)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    assert exercises.hint("silent_targets", targets) is None
    with pytest.raises(ValueError, match="as many outputs as there are targets"):
        training.train(model, (x, targets), optimizer="sgd", epochs=1)
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(x, targets, verbose=0).history["loss"][0])


def step(
    share=0.1, part="sum", returned="loss", recorded=True, moves=True, all_of=None
):
    """Make a step with one thing changed."""

    def penalty_step(model, optimizer, loss, x, y):
        weights = model.trainable_variables

        def penalty_of():
            return share * sum(tf.reduce_sum(tf.abs(each)) for each in weights[:all_of])

        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(y, model(x, training=True)))
            penalty = penalty_of() if recorded else tf.constant(0.0)
            total = {"sum": value + penalty, "penalty": penalty}.get(part)
        penalty = penalty if recorded else penalty_of()  # before the weights move
        if moves:
            optimizer.apply(tape.gradient(total, weights), weights)
        return {
            "loss": {"loss": value, "penalty": penalty},
            "total": {"loss": total, "penalty": penalty},
            "loss alone": {"loss": value},
            "penalty alone": {"penalty": penalty},
            "number": total,
            "nothing": None,
            "rows": {"loss": loss(y, model(x)), "penalty": penalty},
            "after": {"loss": tf.reduce_mean(loss(y, model(x))), "penalty": penalty},
        }[returned]

    return penalty_step


def test_a_step_with_a_penalty():
    assert exercises.hint("penalty_step", step()) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("last_epoch", (8, 8), "ends before it gets to the 4"),
        ("last_epoch", (6, 4), "counts epochs from 0"),
        ("last_epoch", (7, 7), "not the last ones"),
        ("last_epoch", (4, 3), "one epoch without improvement is not two"),
        ("last_epoch", (5, 3), "the count starts again there"),
        ("last_epoch", (6, 5), "it goes on; the patience is 2"),
        ("last_epoch", (5, 5), "nobody knows at epoch 5"),
        ("last_epoch", (5, 7), "the other way round"),
        ("last_epoch", (3, 2), "note the best one so far"),
        ("last_epoch", 7, "such as"),
        ("last_epoch", (7, 5, 5), "got 3 of them"),
        ("history_table", dict, "expected a DataFrame, got dict"),
        ("history_table", pd.DataFrame, "column 'loss' is named as in Keras"),
        ("history_table", from_zero, r"count from 1, got the index \[0, 1\]"),
        ("history_table", unnamed, "is named 'epoch', got None"),
        ("history_table", prefixed_alike, "no column 'validation_loss' for 'val_loss'"),
        ("history_table", replaced_anywhere, "no column 'training_interval_error'"),
        ("history_table", with_epochs, "expected 4 columns"),
        ("history_table", upside_down, r"validation_loss should be \[4.0, 5.0\]"),
        ("weighted_odds", lambda p, w: w * p, "no probability; multiply the odds"),
        ("weighted_odds", lambda p, w: p, "as without weights"),
        ("weighted_odds", lambda p, w: p / (p + w * (1 - p)), "weighs the negatives"),
        ("weighted_odds", lambda p, w: min(1, w * p), "should become 3.0 times"),
        ("weighted_odds", lambda p, w: 1 / (1 + w), "weighs the negatives"),
        ("flaws", "abcz", "expected a set"),
        ("flaws", {"f"}, "expected a set"),
        ("flaws", {"b", "c", "e"}, "also a flaw: a; smaller batches"),
        ("flaws", {"a", "c", "e"}, "also a flaw: b; the second run starts"),
        ("flaws", {"a", "b", "e"}, "also a flaw: c; a metric is work"),
        ("flaws", {"a", "b", "c"}, "also a flaw: e; every turn"),
        ("flaws", {"a", "b", "c", "d", "e"}, "no flaw: d"),
        ("silent_targets", np.ones((8, 3)), "one target per output"),
        ("silent_targets", np.full((8, 3), np.nan), "is no number, and one sees it"),
        ("silent_targets", np.full((8, 1), np.inf), "use finite numbers"),
        ("silent_targets", np.ones((1, 3)), "as many targets as rows, 8"),
        ("silent_targets", np.ones((8, 2)), r"\(8, 2\) and \(8, 3\) do not fit"),
        ("silent_targets", np.ones(8), r"\(8,\) and \(8, 3\) do not fit"),
        ("silent_targets", np.ones((8, 1, 3)), r"\(8, 1, 3\) have an axis more"),
        ("silent_targets", ["one"] * 8, "expected an array of numbers"),
        ("penalty_step", step(returned="nothing"), "returns nothing"),
        ("penalty_step", step(returned="number"), "expected a dictionary"),
        ("penalty_step", step(returned="loss alone"), 'has no "penalty"'),
        ("penalty_step", step(returned="penalty alone"), 'has no "loss"'),
        ("penalty_step", step(returned="total"), "contains the penalty"),
        ("penalty_step", step(returned="rows"), r"got shape \(2,\); take its mean"),
        ("penalty_step", step(moves=False), "have not moved"),
        ("penalty_step", step(share=1.0), "got the sum"),
        ("penalty_step", step(all_of=1), "penalty is 0.3, got 0.2"),
        ("penalty_step", step(recorded=False), "moved as without a penalty"),
        ("penalty_step", step(part="penalty"), "for the penalty alone"),
        ("penalty_step", step(share=0.2), "the gradient should be 4.1 and 1.9"),
        ("penalty_step", step(returned="after"), "before the step are 1 and 0.3"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

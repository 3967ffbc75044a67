"""Answers to the exercises of the page *Gates and attention*."""

import keras
import numpy as np
import pytest

from tfbook import exercises


def softmax(scores):
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def half_life_bias(times):
    gate = 0.5 ** (1 / times)
    return np.log(gate / (1 - gate))


def masked_shares(scores, mask):
    return softmax(np.where(mask, scores, -np.inf))


def keras_shares(scores, mask):
    return keras.layers.Softmax()(scores.astype(np.float32), mask=mask)


def overflowing(scores, mask):
    with np.errstate(over="ignore", invalid="ignore"):
        shares = np.exp(scores) * mask
        return shares / shares.sum(axis=-1, keepdims=True)


def first_ones(scores, mask):
    """Take the mask for a number of places at the beginning."""
    return masked_shares(scores, np.arange(4) < mask.sum(axis=1, keepdims=True))


def pairs_to_read(keys, values, asked, shown=0.0):
    x = np.concatenate([keys, values[..., None]], axis=2)
    query = x[np.arange(len(x)), asked]
    query[:, 8] *= shown
    return np.concatenate([x, query[:, None]], axis=1)


def changed(change):
    def read(keys, values, asked):
        x = pairs_to_read(keys, values, asked)
        change(x)
        return x

    return read


def keys_reversed(x):
    x[:, :3, :8] = x[:, 2::-1, :8].copy()


def other_query(x):
    x[:, -1, :8] = x[:, -1, 7::-1].copy()


def one_in_the_query(x):
    x[:, -1, 8] = 0.5


def no_values(x):
    x[:, :3, 8] = 0


def by_score(score):
    return lambda numbers, marks: softmax(score(marks, np.arange(30.0)))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("gru_weights", 288),
        ("gru_weights", np.int64(288)),
        ("gru_weights", 288.0),
        ("gru_weights", np.array(288)),
        ("half_life_bias", half_life_bias),
        ("half_life_bias", lambda times: -np.log(2 ** (1 / times) - 1)),
        ("masked_shares", masked_shares),
        ("masked_shares", keras_shares),
        ("pairs_to_read", pairs_to_read),
        ("last_marked", by_score(lambda marks, places: 10 * marks * (1 + places))),
        ("last_marked", by_score(lambda marks, places: 500 * marks + 10 * places)),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_the_number_of_weights_is_that_of_keras():
    layer = keras.layers.GRU(8)
    layer.build((None, 30, 2))
    assert exercises.hint("gru_weights", layer.count_params()) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("gru_weights", 264, "reset_after=False"),
        ("gru_weights", 88, "a simple recurrence"),
        ("gru_weights", 96, "one of three"),
        ("gru_weights", 192, "candidate has weights too"),
        ("gru_weights", 240, "biases are missing"),
        ("gru_weights", 352, "an LSTM"),
        ("gru_weights", 1, "three times"),
        ("gru_weights", 288.5, "a whole number"),
        ("gru_weights", float("nan"), "a whole number"),
        ("gru_weights", [288, 1], "a whole number"),
        ("gru_weights", "288", "a whole number"),
        ("gru_weights", True, "a whole number"),
        ("half_life_bias", lambda times: 0.5 ** (1 / times), "the gate z itself"),
        ("half_life_bias", lambda times: -half_life_bias(times), "sign is reversed"),
        (
            "half_life_bias",
            lambda times: 1 / (1 + np.exp(-(0.5 ** (1 / times)))),
            "sigmoid of the gate",
        ),
        ("half_life_bias", lambda times: 1.0, "for one time the gate is a half"),
        ("half_life_bias", lambda times: 0.0, "right for one time"),
        ("masked_shares", lambda s, m: softmax(s)[:, :2], r"shape \(2, 4\)"),
        ("masked_shares", lambda s, m: softmax(s), "still has a share"),
        ("masked_shares", lambda s, m: softmax(s * m), "a score of 0 is no mask"),
        ("masked_shares", lambda s, m: softmax(s) * m, "no longer add up to 1"),
        ("masked_shares", lambda s, m: masked_shares(s, ~m), "reversed"),
        ("masked_shares", lambda s, m: m / m.sum(1, keepdims=True), "the softmax of"),
        ("masked_shares", overflowing, "overflow"),
        ("masked_shares", first_ones, "the share 0; the others are"),
        ("pairs_to_read", lambda keys, values, asked: keys, r"\(6, 4, 9\)"),
        ("pairs_to_read", lambda *data: pairs_to_read(*data, 1.0), "still holds"),
        ("pairs_to_read", lambda *data: pairs_to_read(*data, -1.0), "other sign"),
        ("pairs_to_read", changed(no_values), "keep their values"),
        ("pairs_to_read", changed(keys_reversed), "keep their keys"),
        ("pairs_to_read", changed(other_query), "not the key of the pair"),
        ("pairs_to_read", changed(one_in_the_query), "should be 0"),
        ("last_marked", lambda numbers, marks: marks[:, :3], r"shape \(20, 30\)"),
        ("last_marked", lambda numbers, marks: marks, "add up to 1"),
        ("last_marked", by_score(lambda m, p: m * (1 + p) / 3), "make it sharper"),
        ("last_marked", by_score(lambda m, p: 0 * m + 10 * p), "marked or not"),
        ("last_marked", by_score(lambda m, p: 50 * m), "the same share"),
        ("last_marked", by_score(lambda m, p: 90 * m - 5 * p), "the first mark"),
        ("last_marked", by_score(lambda m, p: 90 * m - 9 * abs(p - 9)), "in some row"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

"""Answers to the exercises of the page *Order in time*."""

import keras
import numpy as np
import pytest
from scipy import optimize

from tfbook import exercises


def recurrent_states(x, kernel, recurrent_kernel, bias):
    state, states = np.zeros((len(x), len(bias))), []
    for time in range(x.shape[1]):
        state = np.tanh(x[:, time] @ kernel + state @ recurrent_kernel + bias)
        states.append(state)
    return np.stack(states, axis=1)


def keras_states(x, kernel, recurrent_kernel, bias):
    layer = keras.layers.SimpleRNN(len(bias), return_sequences=True, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([kernel, recurrent_kernel, bias])
    return layer(x)


def started_at_one(x, kernel, recurrent_kernel, bias):
    right = recurrent_states(x, kernel, recurrent_kernel, bias)
    later = np.tanh(x[:, 1:] @ kernel + np.ones(5) @ recurrent_kernel + bias)
    return np.concatenate([right[:, :1], later], axis=1)


def settled(old, start=1.0, times=10_000):
    state = start
    for _ in range(times):
        state = np.tanh(old * state)
    return state


def by_root(old):
    if old <= 1:
        return 0.0
    return optimize.brentq(lambda h: np.tanh(old * h) - h, 1e-6, 1)


def short_memory(x, k):
    answers = np.zeros(len(x))
    for time in range(x.shape[1] - k, x.shape[1]):
        answers = np.where(x[:, time, 0] != 0, x[:, time, 0], answers)
    return answers


def row_by_row(x, k):
    answers = []
    for row in x[:, -k:, 0]:
        happened = row[row != 0]
        answers.append([happened[-1] if len(happened) else 0.0])
    return answers


def first_of_them(x, k):
    return short_memory(x[:, -k:][:, ::-1], k)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("recurrent_weights", 66),
        ("recurrent_weights", np.int64(66)),
        ("recurrent_weights", 66.0),
        ("recurrent_states", recurrent_states),
        ("recurrent_states", keras_states),
        ("kept", settled),
        ("kept", by_root),
        ("kept", lambda old: keras.ops.convert_to_tensor([settled(old)])),
        ("short_memory", short_memory),
        ("short_memory", row_by_row),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("recurrent_weights", 60, "6 biases"),
        ("recurrent_weights", 30, "old state"),
        ("recurrent_weights", 42, "input has weights"),
        ("recurrent_weights", 6600, "share the same"),
        ("recurrent_weights", 642, "same weights at each time"),
        ("recurrent_weights", 7, "add up"),
        ("recurrent_weights", [66, 1], "one number"),
        ("recurrent_weights", "66", "one number"),
        ("recurrent_states", lambda *w: recurrent_states(*w)[:, -1], "one state"),
        (
            "recurrent_states",
            lambda *w: recurrent_states(*w).swapaxes(0, 1),
            "times came first",
        ),
        ("recurrent_states", lambda x, *_: x, r"got \(2, 4, 3\)"),
        ("recurrent_states", lambda x, k, r, b: np.tanh(x @ k + b), "the one before"),
        (
            "recurrent_states",
            lambda x, k, r, b: recurrent_states(x, k, r.T, b),
            "transposed",
        ),
        (
            "recurrent_states",
            lambda x, k, r, b: recurrent_states(x, k, r, 0 * b),
            "bias is missing",
        ),
        (
            "recurrent_states",
            lambda *w: np.repeat(recurrent_states(*w)[:, -1:], 4, axis=1),
            "every time has the last",
        ),
        ("recurrent_states", lambda x, k, r, b: x @ k + b, "the first state is not"),
        ("recurrent_states", started_at_one, "what does each start"),
        ("kept", np.tanh, "after one time; go on"),
        ("kept", lambda old: 0.0, "not reached from"),
        ("kept", lambda old: settled(old, start=-1.0), "stays positive"),
        ("kept", lambda old: settled(old, times=10), "many times"),
        ("kept", lambda old: max(0.0, 1 - 1 / max(old, 1.0)), "where is tanh"),
        ("kept", lambda old: [settled(old), 0.0], "one number"),
        ("short_memory", lambda x, k: x[:, -1, 0], "the last time only"),
        ("short_memory", lambda x, k: short_memory(x, 7), "all times"),
        ("short_memory", first_of_them, "first event"),
        ("short_memory", lambda x, k: short_memory(x[:, :k], k), "first times"),
        (
            "short_memory",
            lambda x, k: np.sign(x[:, -k:].sum(axis=(1, 2))),
            "of the sum",
        ),
        ("short_memory", lambda x, k: short_memory(x, 3), "wrong with k = 1"),
        ("short_memory", lambda x, k: short_memory(x, k)[:3], "for each of 200"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

"""Answers to the exercises of the page *Models*, right and wrong."""

import numpy as np
import pytest

from tfbook import exercises


@pytest.mark.parametrize(
    "answer",
    [lambda y: y[:, None], lambda y: y.reshape(-1, 1), lambda y: np.c_[y]],
)
def test_a_right_answer_passes(answer):
    assert exercises.hint("column", answer) is None


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda y: y[None], "a row; a column is"),
        (lambda y: y, r"shape \(3,\); a column is"),
        (lambda y: np.sort(y)[::-1, None], "5, 7, 9 became"),
        (lambda y: y.column, "stopped with AttributeError"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(answer, hint, assert_hint):
    assert_hint("column", answer, hint)

"""Answers to the exercises of the page *Choosing without cheating*, right and wrong."""

import itertools

import numpy as np
import pytest

from tfbook import exercises


def patience(losses, *, strict=True, past_the_end=False, restart=True, extra=1):
    """Find the smallest patience as the page does, or with one mistake."""
    best, waited, longest = np.inf, 0, 0
    last = len(losses) if past_the_end else int(np.argmin(losses)) + 1
    for loss in losses[:last]:
        if loss < best or (loss == best and not strict):
            best = loss
            waited = 0 if restart else waited
        else:
            waited += 1
        longest = max(longest, waited)
    return longest + extra


def compare_neighbours(losses):
    """Count bad records as those above the one before, not above the best."""
    longest, waited = 0, 0
    for before, loss in itertools.pairwise(losses[: int(np.argmin(losses)) + 1]):
        waited = waited + 1 if loss >= before else 0
        longest = max(longest, waited)
    return longest + 1


def folds(num_rows, num_folds):
    order = np.random.default_rng(0).permutation(num_rows)
    parts = np.array_split(order, num_folds)
    return [
        (np.concatenate(parts[:number] + parts[number + 1 :]), parts[number])
        for number in range(num_folds)
    ]


def select(x, y, size=abs):
    centred = (x - x.mean(axis=0)) / x.std(axis=0)
    return np.argsort(size(centred.T @ (y - y.mean()))[:, 0])[-10:]


def line_error(x, y, train, fold):
    weights = np.linalg.lstsq(np.c_[x[train], np.ones(len(train))], y[train])[0]
    return np.mean((np.c_[x[fold], np.ones(len(fold))] @ weights - y[fold]) ** 2)


def select_in_folds(x, y, size=abs):
    errors = []
    for train, fold in folds(len(x), 5):
        kept = select(x[train], y[train], size)
        errors.append(line_error(x[:, kept], y, train, fold))
    return np.mean(errors)


def select_first(x, y):
    kept = select(x, y)
    return np.mean([line_error(x[:, kept], y, *pair) for pair in folds(len(x), 5)])


def first_ten(x, y):
    columns = np.arange(400, 410)
    return np.mean([line_error(x[:, columns], y, *pair) for pair in folds(len(x), 5)])


def group_folds(groups, num_folds):
    parts = np.array_split(np.unique(groups), num_folds)
    inside = [np.isin(groups, part) for part in parts]
    return [(np.flatnonzero(~each), np.flatnonzero(each)) for each in inside]


def group_folds_as_iterator(groups, num_folds):
    names = np.random.default_rng(1).permutation(np.unique(groups))
    for number in range(num_folds):
        inside = np.isin(groups, names[number::num_folds])
        yield np.flatnonzero(~inside).tolist(), np.flatnonzero(inside).tolist()


RIGHT = [
    ("smallest_uniform", lambda k: 1 / (k + 1)),
    ("smallest_uniform", lambda k: np.mean((1 - np.linspace(0, 1, 20_001)) ** k)),
    ("optimism_ratio", 0.5),
    ("optimism_ratio", np.float32(0.5)),
    ("smallest_patience", patience),
    ("honest_error", select_in_folds),
    ("grouped_folds", group_folds),
    ("grouped_folds", group_folds_as_iterator),
]
WRONG = [
    ("smallest_uniform", lambda k: k / (k + 1), "mean of the largest"),
    ("smallest_uniform", lambda k: 1 / k, "add 1 somewhere"),
    ("smallest_uniform", lambda k: 1 - 0.5 ** (1 / k), "that is a median"),
    ("smallest_uniform", lambda k: 0.5**k, "integrate"),
    ("optimism_ratio", 0.25, "what of the deviation"),
    ("optimism_ratio", 1, "as long as before"),
    ("optimism_ratio", 2, "less to luck"),
    ("optimism_ratio", 0.7, "the root of n"),
    ("smallest_patience", lambda losses: patience(losses, extra=0), "will do"),
    ("smallest_patience", lambda losses: 2, r"\[9, 8, 7\]"),
    ("smallest_patience", lambda losses: patience(losses, past_the_end=True), "after"),
    ("smallest_patience", lambda losses: patience(losses, restart=False), "anew"),
    ("smallest_patience", lambda losses: patience(losses, strict=False), "equal loss"),
    ("smallest_patience", compare_neighbours, "none of them is below 5"),
    ("honest_error", select_first, "no row of a fold may help"),
    ("honest_error", lambda x, y: 100 * y.var(), "not a sum"),
    ("honest_error", lambda x, y: np.nan, "is nan"),
    ("honest_error", first_ten, "size of the correlation"),
    (
        "honest_error",
        lambda x, y: select_in_folds(x, y, lambda products: products),
        "negative correlation",
    ),
    (
        "grouped_folds",
        lambda groups, num_folds: folds(len(groups), num_folds),
        "names of the groups",
    ),
    ("grouped_folds", lambda groups, num_folds: group_folds(groups, 2), "got 2"),
    (
        "grouped_folds",
        lambda groups, num_folds: [
            (np.arange(9), fold) for _, fold in group_folds(groups, num_folds)
        ],
        "at the same time",
    ),
    (
        "grouped_folds",
        lambda groups, num_folds: [(range(9), [])] * 3,
        "is empty",
    ),
    (
        "grouped_folds",
        lambda groups, num_folds: [
            (t[1:], fold) for t, fold in group_folds(groups, num_folds)
        ],
        "neither in the fold",
    ),
    (
        "grouped_folds",
        lambda groups, num_folds: [group_folds(groups, num_folds)[0]] * 3,
        "belongs in one",
    ),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

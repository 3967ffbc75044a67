"""Answers to the exercises of *Saving and resuming*, right and wrong."""

import keras
import numpy as np
import pytest

from tfbook import exercises


class Unregistered(keras.Model):
    def __init__(self, factor, shift, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.shift = factor, shift

    def call(self, inputs):
        return self.factor * inputs + self.shift

    def get_config(self):
        return super().get_config() | {"factor": self.factor, "shift": self.shift}


register = keras.saving.register_keras_serializable("exercises")


@register
class Affine(Unregistered):
    pass


class Empty(Unregistered):
    def call(self, inputs): ...


class Unshifted(Unregistered):
    def call(self, inputs):
        return self.factor * inputs


class WithoutConfig(Unregistered):
    get_config = keras.Model.get_config


class HalfConfig(Unregistered):
    def get_config(self):
        return keras.Model.get_config(self) | {"factor": self.factor}


class ArgumentsAlone(Unregistered):
    def get_config(self):
        return {"factor": self.factor, "shift": self.shift}


@register
class WithoutKeywords(Unregistered):
    def __init__(self, factor, shift):
        super().__init__(factor, shift)


@register
class Swapped(Unregistered):
    def get_config(self):
        return super().get_config() | {"factor": self.shift, "shift": self.factor}


def same(one, other, equal=np.array_equal):
    pairs = [one.get_weights(), other.get_weights()]
    return len(pairs[0]) == len(pairs[1]) and all(map(equal, *pairs))


def of_the_shorter(one, other):
    return all(map(np.array_equal, one.get_weights(), other.get_weights()))


def padded(one, other):
    return len(one.weights) <= len(other.weights) and of_the_shorter(one, other)


def laid_flat(one, other):
    return np.array_equal(
        *(
            np.concatenate([w.ravel() for w in model.get_weights()])
            for model in (one, other)
        )
    )


def close(first, second):
    return first.shape == second.shape and np.allclose(first, second)


def draft(path, text):
    other = path.with_suffix(".draft")
    other.write_text(text, encoding="utf-8")
    return other


def write_whole(path, text):
    draft(path, text).replace(path)


def write_at_once(path, text):
    path.write_text(text, encoding="utf-8")


def delete_first(path, text):
    path.unlink(missing_ok=True)
    write_whole(path, text)


def copy_draft(path, text):
    path.write_text(draft(path, text).read_text())


def hush(path, text):
    try:
        write_whole(path, text)
    except UnicodeEncodeError:
        path.with_suffix(".draft").unlink()


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("lost_state", {"a", "b", "c"}),
        ("resume_epoch", 1200),
        ("affine", Affine),
        ("same_weights", same),
        ("write_whole", write_whole),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("lost_state", {"b", "c"}, "also lost: a; they are in the file"),
        ("lost_state", {"a", "c"}, "also lost: b; the count is in the file"),
        ("lost_state", {"a", "b"}, "also lost: c; dropout"),
        ("lost_state", {"a", "b", "c", "d"}, "not lost: d; biases"),
        ("lost_state", "abz", "a set of the letters"),
        ("lost_state", {"f"}, "a set of the letters"),
        ("resume_epoch", 1234, "nothing was written in epoch 1234"),
        ("resume_epoch", 1233, "nothing was written in epoch 1233"),
        ("resume_epoch", 1225, "that file is damaged"),
        ("resume_epoch", 1250, "killed before"),
        ("resume_epoch", 0, "two files are kept"),
        ("resume_epoch", 1175, "find the newest checkpoint"),
        ("affine", keras.Model, "a method call; it has none"),
        ("affine", Affine(1.0, 0.0), "expected a subclass"),
        ("affine", Empty, "nothing to check yet"),
        ("affine", Unshifted, "2.5 and 20.5, got"),
        ("affine", WithoutConfig, "write get_config"),
        ("affine", HalfConfig, "leaves out shift"),
        ("affine", ArgumentsAlone, r"add them to super\(\).get_config\(\)"),
        ("affine", Unregistered, "register it"),
        ("affine", WithoutKeywords, r"take \*\*kwargs"),
        ("affine", Swapped, "made again from its config"),
        ("same_weights", lambda one, other: one is other, "says that they differ"),
        (
            "same_weights",
            lambda one, other: same(one, other, close),
            "one part in ten million",
        ),
        (
            "same_weights",
            lambda one, other: np.array_equal(one.weights[0], other.weights[0]),
            "one part in ten million",
        ),
        ("same_weights", padded, "the second model has a layer more"),
        ("same_weights", laid_flat, "differ in shape"),
        ("same_weights", of_the_shorter, "the first model has a layer more"),
        ("write_whole", write_at_once, 'left a file with "", and the old text'),
        ("write_whole", delete_first, "left no file"),
        ("write_whole", copy_draft, "state.draft was left"),
        ("write_whole", hush, "not a silence"),
        ("write_whole", append, "but the file holds 'firstsecond'"),
        ("write_whole", draft, "there is no file state.txt"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

"""Ctrl-C waits for the block; a second one does not."""

import signal
import threading

import keras
import pytest
import tensorflow as tf

from tfbook.training import train
from tfbook.training.interrupts import deferred_interrupt

pytestmark = pytest.mark.usefixtures("_signals")


def test_the_first_ctrl_c_is_noted_and_the_second_raises():
    with deferred_interrupt() as asked:
        assert not asked.is_set()
        signal.raise_signal(signal.SIGINT)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_handler_is_given_back_when_something_fails():
    with pytest.raises(OSError, match="disk"), deferred_interrupt():
        raise OSError("disk")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_somebody_else_stays():
    def theirs(number: int, frame: object) -> None:
        raise AssertionError

    signal.signal(signal.SIGINT, theirs)
    with deferred_interrupt() as asked:
        assert signal.getsignal(signal.SIGINT) is theirs
    assert not asked.is_set()
    assert signal.getsignal(signal.SIGINT) is theirs


def test_outside_the_main_thread_nothing_changes():
    found = []

    def work() -> None:
        with deferred_interrupt():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_an_epoch_without_an_end_is_left_after_some_thousand_batches():
    batch = tf.data.Dataset.from_tensors((tf.zeros((2, 1)), tf.ones((2, 1))))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.01)
    timer = threading.Timer(1.5, signal.raise_signal, [signal.SIGINT])
    endless = {"epochs": 2, "steps_per_epoch": 10**9}
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        train(model, batch.repeat(), optimizer=optimizer, **endless)
    timer.join()
    assert 0 < int(optimizer.iterations) < 10**8
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

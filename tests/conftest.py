"""What holds for every test."""

import gc

import keras
import pytest
import tensorflow as tf

# Two devices on the CPU, so that a strategy of two replicas runs in a test's process.
# TensorFlow takes them only before it makes the first tensor.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


def pytest_collection_finish() -> None:
    """Refuse models that are made while tests are collected.

    Every process would wait for them, whichever tests were chosen.
    """
    made = {
        type(each).__name__
        for each in gc.get_objects()
        if issubclass(type(each), keras.Model) and each.built
    }
    if made:
        raise pytest.UsageError(
            "collection: expected that no test module makes a model with weights while "
            f"it is imported, got {sorted(made)}; make it in the test or a fixture"
        )

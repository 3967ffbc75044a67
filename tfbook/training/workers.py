"""Workers that train together: called alike, and starting from the same weights."""

import zlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfbook.training.share import add_up


def agree(strategy: tf.distribute.Strategy, variables: list) -> None:
    """Give the variables of every worker the values that they have on the first."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return

    def first_values() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        is_first = tf.equal(context.replica_id_in_sync_group, 0)
        values = [tf.convert_to_tensor(variable) for variable in variables]
        mine = [tf.where(is_first, value, tf.zeros_like(value)) for value in values]
        return add_up(context, mine)

    values = call(strategy, first_values)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(strategy.experimental_local_results(value)[0])


def check_same(strategy: tf.distribute.Strategy, identity: dict[str, Any]) -> None:
    """Check that all workers were called alike.

    Raises:
        ValueError: On every worker, if they were not; the message says in what.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    topics = ("data", "loss", "optimizer", "weights", "model", "")
    found = dict.fromkeys(topics, "")
    for name, value in identity.items():
        if "initializer" in name:  # all start from the weights of the first worker
            continue
        topic = name.split()[0]
        found[topic if topic in found else ""] += f"{name} {value!r}\n"
    # As many numbers on every worker, whatever they are: else the workers would hang.
    checksums = tf.constant(
        [[zlib.crc32(found[topic].encode()) for topic in topics]], tf.int64
    )

    def gather() -> tf.Tensor:
        return tf.distribute.get_replica_context().all_gather(checksums, axis=0)

    results = call(strategy, gather)
    rows = strategy.experimental_local_results(results)[0].numpy()
    differing = [
        topic or "other arguments"
        for topic, column in zip(topics, rows.T, strict=True)
        if len({*column.tolist()}) > 1
    ]
    if differing:
        raise ValueError(
            f"train: expected the same call on each of {len(rows)} workers, got "
            f"different {' and '.join(differing)}; pass all rows to every worker, "
            "which takes its share of each batch by itself"
        )


def call(strategy: tf.distribute.Strategy, function: Callable[[], Any]) -> Any:
    """Call a function on every worker, compiled as collectives have to be."""
    return tf.function(lambda: strategy.run(function), autograph=False)()

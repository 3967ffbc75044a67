"""The workers of a cluster, connected."""

import os

import tensorflow as tf

from tfbook.training.arguments import shorten
from tfbook.training.meeting import meet
from tfbook.training.tf_config import read_config

__all__ = ["connect_workers"]


def connect_workers(
    timeout: float = 60.0, heartbeat_timeout: float = 10.0
) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Connect the workers that the environment variable `TF_CONFIG` names.

    Call it once in each of them, before anything else of TensorFlow's.

    Args:
        timeout: How many seconds to wait for the other workers to come.
        heartbeat_timeout: After how many seconds without a sign of life a worker counts
            as lost. One that has ended is mostly noticed at once.

    Returns:
        The strategy to train with. Without `TF_CONFIG` it is one of a single worker.

    Raises:
        ValueError: If `TF_CONFIG` cannot be read, or does not describe a cluster.
        OSError: If the port of this worker is taken.
        TimeoutError: If a worker does not come in time.
        RuntimeError: If TensorFlow has been used before.

    Example:
        >>> os.environ["TF_CONFIG"] = "{"
        >>> try:
        ...     connect_workers()
        ... except ValueError as error:
        ...     print(str(error).partition(";")[0])
        ... finally:
        ...     del os.environ["TF_CONFIG"]
        TF_CONFIG: expected a cluster and a task, got '{'
    """
    text = os.environ.get("TF_CONFIG", "")
    if text:
        # Not public: where they are gone, all else of this package still works.
        from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2
        from tensorflow.python.eager import context

        cluster, task_type, index = read_config(text)
        addresses = [address for job in cluster.values() for address in job]
        meet(cluster[task_type][index], addresses, timeout)
        jobs = [
            coordination_config_pb2.CoordinatedJob(name=job, num_tasks=len(tasks))
            for job, tasks in cluster.items()
        ]
        leader = "chief" if "chief" in cluster else "worker"
        # Before the strategy is made, which takes a configuration that is there.
        context.context().configure_coordination_service(
            service_type="standalone",
            service_leader=f"/job:{leader}/replica:0/task:0",
            heartbeat_timeout_in_ms=int(1000 * heartbeat_timeout),
            cluster_register_timeout_in_ms=int(1000 * timeout),
            shutdown_barrier_timeout_in_ms=int(1000 * heartbeat_timeout),
            coordinated_jobs=jobs,
        )
    # One kind of sum for all: others may add up in another order.
    options = tf.distribute.experimental.CommunicationOptions(
        implementation=tf.distribute.experimental.CommunicationImplementation.RING
    )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
    except RuntimeError as error:
        raise RuntimeError(
            "connect_workers: expected to come before all else of TensorFlow's, got "
            f"{shorten(error)}; call it first, before data and models are made"
        ) from None

"""The workers of a cluster, connected.

TensorFlow waits without end for a worker that never comes, and says in its own words,
if at all, that a port is taken. So each worker first listens where it is to be found,
and looks for all the others there.
"""

import contextlib
import json
import os
import socket
import socketserver
import threading
import time
from typing import Any

import tensorflow as tf
from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2
from tensorflow.python.eager import context

__all__ = ["connect_workers"]

EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


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

    Example:
        >>> os.environ["TF_CONFIG"] = "{"
        >>> try:
        ...     connect_workers()
        ... except ValueError as error:
        ...     print(str(error)[:51])
        ... finally:
        ...     del os.environ["TF_CONFIG"]
        TF_CONFIG: expected a cluster and a task, got '{'; s
    """
    text = os.environ.get("TF_CONFIG", "")
    if text:
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
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


def read_config(text: str) -> tuple[dict[str, list[str]], str, int]:
    """Read the addresses of each job, and which of them this process is.

    Raises:
        ValueError: If the text is none that describes a cluster.
    """
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        kind, index = task["type"], int(task["index"])
        jobs = {job: cluster[job] for job in ("chief", "worker") if job in cluster}
    except (ValueError, KeyError, TypeError):
        raise wrong("a cluster and a task", text) from None
    if jobs != cluster or not all(isinstance(each, list) for each in jobs.values()):
        raise wrong("lists of addresses of a 'worker', and perhaps a 'chief'", cluster)
    addresses = [address for job in jobs.values() for address in job]
    for address in addresses:
        host, _, port = str(address).rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise wrong("addresses of the form host:port", address)
    if len({*addresses}) < len(addresses):
        raise wrong("another address for each worker", addresses)
    if kind not in jobs or not 0 <= index < len(jobs[kind]):
        raise wrong("a task that is in the cluster", task)
    return jobs, kind, index


def wrong(expected: str, got: Any) -> ValueError:
    """Make the error for a `TF_CONFIG` that does not describe a cluster."""
    shown = repr(got) if len(repr(got)) <= 100 else repr(got)[:100] + " ..."
    return ValueError(
        f"TF_CONFIG: expected {expected}, got {shown}; set it as in {EXAMPLE}, or let "
        "a launcher set it"
    )


def meet(own: str, addresses: list[str], timeout: float) -> None:
    """Wait until every worker is at its address.

    It has asked all others, and all have asked it, when it goes on. Somebody else who
    happens to listen there does not know the cluster.

    Raises:
        OSError: If the own port is taken.
        TimeoutError: If a worker does not come in time.
    """
    deadline = time.monotonic() + timeout
    try:
        server = Meeting(own, addresses)
    except OSError as error:
        raise OSError(
            f"TF_CONFIG: expected a free port for this worker, got {own}, which is not "
            f"({error.strerror}); choose another one, or end the process that uses it"
        ) from None
    others = {*addresses} - {own}
    there: set[str] = set()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        while True:
            there |= {each for each in others - there if server.is_at(each)}
            if not (missing := others - (there & server.seen)):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"TF_CONFIG: expected {len(addresses)} workers within "
                    f"{timeout:g} seconds, got no answer from "
                    f"{', '.join(sorted(missing))}; start all of them with the same "
                    "cluster, and check that the network lets them through"
                )
            time.sleep(0.1)
    finally:
        server.shutdown()
        server.server_close()


class Meeting(socketserver.ThreadingTCPServer):
    """Listens where a worker is to be found, and tells the others who it is."""

    allow_reuse_address = os.name == "posix"  # elsewhere it lets two have one port
    daemon_threads = True

    def __init__(self, own: str, addresses: list[str]) -> None:
        self.own = own
        self.password = f"tfbook {' '.join(addresses)}\n".encode()
        self.seen: set[str] = set()
        # On every interface: the name of a host may be one that only others know.
        super().__init__(("", int(own.rpartition(":")[2])), Answer)

    def is_at(self, address: str) -> bool:
        """Whether another worker of the same cluster is at an address."""
        host, _, port = address.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=1) as connection:
                connection.sendall(f"{self.own}\n".encode())
                return connection.makefile("rb").readline(10**6) == self.password
        except OSError:
            return False


class Answer(socketserver.StreamRequestHandler):
    """Answers another worker."""

    server: Meeting
    timeout = 1

    def handle(self) -> None:
        """Tell which cluster this is."""
        with contextlib.suppress(OSError):
            asking = self.rfile.readline(1000).decode(errors="replace").strip()
            self.wfile.write(self.server.password)
            self.server.seen.add(asking)

"""The environment variable `TF_CONFIG`: which workers there are, and which this is."""

import json
import re
from typing import Any

from tfbook.training.arguments import shorten

# The name of a host or its number, not of IPv6, and a port.
ADDRESS = re.compile(r"[^\s/:\[\]]+:([1-9][0-9]{0,4})")
EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


def read_config(text: str) -> tuple[dict[str, list[str]], str, int]:
    """Read the addresses of each job, and which of them this process is.

    Raises:
        ValueError: If the text is none that describes a cluster.
    """
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        kind, index = task["type"], int(str(task["index"]))
        jobs = {job: cluster[job] for job in ("chief", "worker") if job in cluster}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise wrong("a cluster and a task", text) from None
    if jobs != cluster or not all(isinstance(each, list) for each in jobs.values()):
        raise wrong("lists of addresses of a 'worker', and perhaps a 'chief'", cluster)
    if len(jobs.get("chief", [])) > 1:
        raise wrong("one 'chief' or none", jobs["chief"])
    addresses = [address for job in jobs.values() for address in job]
    for address in addresses:
        found = ADDRESS.fullmatch(str(address))
        if not found or int(found[1]) > 65535:
            raise wrong("addresses of the form host:port", address)
    if len({address.lower() for address in addresses}) < len(addresses):
        raise wrong("another address for each worker", addresses)
    if kind not in [*jobs] or not 0 <= index < len(jobs[kind]):
        raise wrong("a task that is in the cluster", task)
    return jobs, kind, index


def wrong(expected: str, got: Any) -> ValueError:
    """Make the error for a `TF_CONFIG` that does not describe a cluster."""
    return ValueError(
        f"TF_CONFIG: expected {expected}, got {shorten(got, 100)}; set it as in "
        f"{EXAMPLE}, or let a launcher set it"
    )

"""The machine: what it is, and how many threads computations may take on it."""

import os
import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["describe", "hold_to_threads"]

PACKAGES = ["tensorflow", "keras", "numpy", "torch", "jax"]


def hold_to_threads(count: int) -> None:
    """Let TensorFlow, PyTorch and XLA compute on so many threads.

    To be called before anything is computed. NumPy is not held: its library takes one
    thread for matrices as small as those here.
    """
    if count == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    import tensorflow as tf

    # Between operations too: two that do not need each other may run side by side.
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)
    if find_spec("torch"):  # not every part needs it
        import torch

        torch.set_num_threads(count)
        torch.set_num_interop_threads(count)


def processor() -> str:
    """Return the name of the processor, and its widest vectors."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in pairs}
    vectors = {"avx512f": "AVX-512", "avx2": "AVX2"}
    flags = facts.get("flags", "").split()
    widest = [name for flag, name in vectors.items() if flag in flags][:1]
    return ", ".join([facts.get("model name", platform.machine()), *widest])


def describe() -> dict[str, Any]:
    """Return the processor, the system, and the versions that all ran on."""
    return {
        "machine": f"{platform.system()}, {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES if find_spec(package)},
    }

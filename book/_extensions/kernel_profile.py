"""How the kernels of the book are set up; ipykernel reads it when one starts."""

import faulthandler
import os
import sys
from pathlib import Path

import numpy as np
from ipykernel.iostream import OutStream
from myst_nb.ext import glue as gluing

c = get_config()  # noqa: F821 (given by IPython)

# A C++ library writes to descriptor 2, which ipykernel replaces by a pipe to a thread
# of the kernel: what was written last would die with it.
log = os.open(os.environ["KERNEL_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.dup2(log, 2)
faulthandler.enable(log, all_threads=False)
c.IPKernelApp.exec_lines = [f"__import__('os').dup2({log}, 2)"]
c.IPKernelApp.log_level = "ERROR"

# There is a kernel on every core. With more threads than cores they wait for one
# another, which took an eighth of the processor's time. And with one thread, the terms
# of a sum have the same order on any number of cores.
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"

# How much room the claims of the page have; the module lies beside this file.
sys.path.insert(0, str(Path(__file__).parent))
from claims import Claims  # noqa: E402

del sys.path[0]
c.InteractiveShell.ast_transformers = [Claims(Path(os.environ["KERNEL_CLAIMS"]))]

# What a cell prints leaves it in one piece: pieces would be on lines of their own.
OutStream.flush_interval = 3600

glue_as_displayed = gluing.glue


def glue(name: str, variable: object, display: bool = True) -> None:
    """Glue a number as Python prints it: NumPy's would read `np.float64(0.5)`.

    Raises:
        TypeError: If it is neither a number nor a text.
    """
    if isinstance(variable, np.generic):
        variable = variable.item()
    if not isinstance(variable, int | float | str):
        raise TypeError(
            f"glue {name!r}: expected a number or a text, got a "
            f"{type(variable).__name__}; convert it with float or str"
        )
    glue_as_displayed(name, variable, display)


gluing.glue = glue

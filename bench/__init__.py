"""Training with tfbook, timed beside other ways to do the same: `nox -s bench`.

Every contestant computes on one thread. A second one is worth its price for large
matrices only, and which framework finds the better moment is not what is compared here;
`bench.threads` measures it for `train`.
"""

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

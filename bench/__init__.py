"""Training with tfbook, timed beside other ways to do the same: `nox -s bench`.

Every contestant computes on one thread. A second one is worth its price for large
matrices only, and which framework finds the better moment is not what is compared here;
`bench.threads` measures it for `train`. And whoever compiles a function gives it the
data as arguments, as `train` does: with the data baked in, it is good for those alone.
"""

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

"""Training with tfbook, timed beside other ways to do the same: `nox -s bench`.

The rules, which are the same for everyone and everywhere:

- A contestant starts with NumPy arrays and ends with a loss as a Python number. What it
  makes of the arrays is inside the clock.
- All take the same step: one model, one loss, one optimizer with one learning rate, no
  metric; from the same weights, which are put back before each call, outside the clock.
  Those that shuffle do so for each epoch, in an order of their own.
- The first call is the one that compiles. Only those after it are later calls, and
  nobody compiles in them.
- Contestants take turns, so that a slow moment of the machine hits all of them.
- Of several times the least counts: nothing can make code faster than it is, and much
  can make it slower. How far the median lies above it is written down too.
- Everyone computes on one thread. A second one is worth its price for large matrices
  only, and which framework finds the better moment is not what is compared here;
  `bench.threads` measures it for `train`.
- Whoever compiles a function gives it the data as arguments, as `train` does: with the
  data baked in, it is good for those alone.

PyTorch is timed as it is usually written, and that is not compiled.
"""

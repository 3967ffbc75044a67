"""The package behind *Models, Layers and Activations*, a TensorFlow book that runs.

Its modules are short enough to read and independent enough to copy from:
``activations``, ``layers`` and ``models`` build networks, ``data`` feeds them,
``training`` fits any Keras model, ``diagnostics`` says what went wrong, and
``plotting`` shows it. ``evaluation`` is how every page tests a network on Boston's
house prices. Import the one you need:

>>> from tfbook import data
>>> data.linear().x_train.shape
(32, 5)
"""

__version__ = "0.1.0"

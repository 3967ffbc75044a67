"""Data to learn with, made up or carried by a package: nothing is downloaded.

`splits` divides rows into those to train on, to choose by and to test on; `sets` holds
the data sets of the book, each of them split.
"""

from tfbook.data.sets import boston_housing, digits, linear
from tfbook.data.splits import Split, SplitWithValidation

__all__ = ["Split", "SplitWithValidation", "boston_housing", "digits", "linear"]

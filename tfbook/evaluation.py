"""Boston's test loss, measured in the same way on every page.

Validation rows choose what to train. The choice is then trained on all training rows,
from ten starts that took no part in it, and tested: `boston_errors` does that for one
`Setting`, and `boston_table` puts several of them into a table.
`difference` says how sure a difference between two of them is. `SETTLED` holds what the
pages have chosen so far.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import keras
import numpy as np
import pandas as pd

from tfbook import data, training
from tfbook.models import MLP

__all__ = ["SETTLED", "Setting", "boston_errors", "boston_table", "difference"]


class Setting(NamedTuple):
    """What the pages choose for Boston's network.

    Attributes:
        width: The number of hidden units.
        make_optimizer: A function without arguments that returns a new optimizer.
        epochs: How often the network sees each training row.
        batch_size: The number of rows in a step; `None` for all of them.

    Example:
        >>> Setting(4, keras.optimizers.SGD, epochs=1000).batch_size is None
        True
    """

    width: int
    make_optimizer: Callable[[], Any]
    epochs: int
    batch_size: int | None = None


#: What the pages have chosen, in their order. The first network comes first.
SETTLED = {
    "width 4": Setting(4, partial(keras.optimizers.SGD, 0.01), 1000),
    "width 64": Setting(64, partial(keras.optimizers.SGD, 0.01), 600),
    "width 64, Adam": Setting(64, partial(keras.optimizers.Adam, 0.01), 850),
}


def boston_errors(
    setting: Setting,
    seeds: Iterable[int] = range(1000, 1010),
    part: Literal["test", "validation"] = "test",
) -> np.ndarray:
    r"""Train Boston's network with standardised features, and test it.

    $(\hat y_i - y_i)^2$ for each row $i$ of a part. Test rows come after a training on
    all training rows. Validation rows are a fifth of those, and what tells settings
    apart before one of them is chosen: the network trains without them.

    Args:
        setting: What to train.
        seeds: The starts. The default ones are for test rows, and choose nothing.
        part: The rows to test on.

    Returns:
        The squared errors in (1000 $)², of shape `(starts, rows)`; infinite for a start
        from which training diverged.

    Raises:
        ValueError: If there is no such part.

    Example:
        >>> setting = Setting(4, keras.optimizers.Adam, epochs=1)
        >>> boston_errors(setting, seeds=[0]).shape
        (1, 102)
        >>> boston_errors(setting, seeds=[0], part="validation").shape
        (1, 81)
    """
    if part not in {"test", "validation"}:
        raise ValueError(
            f"boston_errors: expected part to be test or validation, got {part!r}; "
            "choose by validation rows, and test the choice"
        )
    boston = data.boston_housing()
    if part == "test":
        split = boston.standardized()
    else:
        parts = boston.with_validation()
        split = data.Split(*parts.train, *parts.validation).standardized()

    def network() -> keras.Model:
        model = MLP(setting.width, 1)
        model.build((None, split.x_train.shape[1]))
        return model

    restart, found = training.Restart(network, setting.make_optimizer()), []
    for seed in seeds:
        model = restart(seed)
        try:
            training.train(
                model,
                split.train,
                optimizer=restart.optimizer,
                epochs=setting.epochs,
                batch_size=setting.batch_size,
                record_every=setting.epochs,
                seed=seed,
                jit_compile=True,
            )
        except training.TrainingDiverged:
            found.append(np.full(len(split.y_test), np.inf))
            continue
        found.append((model(split.x_test).numpy() - split.y_test)[:, 0] ** 2)
    return np.array(found)


def boston_table(errors: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Put test losses into a table, below the two simplest models.

    Args:
        errors: What `boston_errors` returned, by the name of the row.

    Returns:
        The mean of the test losses in (1000 $)² and their standard deviation over the
        starts; one row each, after the constant and the straight line.

    Example:
        >>> table = boston_table({"always right": np.zeros((2, 102))})
        >>> table["mean"].round(1).to_dict()
        {'constant': 83.7, 'straight line': 23.2, 'always right': 0.0}
    """
    x, y, x_test, y_test = data.boston_housing().standardized()
    x, x_test = (np.hstack([each, np.ones_like(each[:, :1])]) for each in (x, x_test))
    line = x_test @ np.linalg.lstsq(x, y, rcond=None)[0]
    simple = {"constant": y.mean(), "straight line": line}
    rows = {
        name: (float(np.mean((said - y_test) ** 2)), np.nan)
        for name, said in simple.items()
    }
    for name, squares in errors.items():
        losses = squares.mean(axis=1)
        rows[name] = losses.mean(), losses.std(ddof=1)
    columns = ["mean", "deviation over starts"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("Boston's test loss")


def difference(errors: np.ndarray, others: np.ndarray) -> tuple[float, float, float]:
    r"""Compare two settings, with an interval for other test rows and other starts.

    The half width is $\sqrt{(2 s_r)^2 / n + 2.3^2 (s_1^2 + s_2^2) / k}$. Here $s_r$ is
    the standard deviation over the $n$ test rows of the difference of their errors, and
    $s_1$ and $s_2$ are those of the test losses over the $k$ starts. The factors are
    Student's, for 95 of 100 cases with about 100 rows and with ten starts.

    Args:
        errors: Squared errors of shape `(starts, test rows)`.
        others: Those of the other setting, on the same rows.

    Returns:
        The mean of `errors - others`, and the ends of the interval.

    Raises:
        ValueError: If the two are not from the same rows, or from one start alone.

    Example:
        >>> errors = np.array([[1.0, 3.0], [3.0, 1.0]])
        >>> difference(errors + 1, errors)
        (1.0, 1.0, 1.0)
    """
    if errors.shape[1:] != others.shape[1:] or min(len(errors), len(others)) < 2:
        raise ValueError(
            "difference: expected errors of several starts on the same rows, got the "
            f"shapes {errors.shape} and {others.shape}; pass what boston_errors returns"
        )
    by_row = errors.mean(axis=0) - others.mean(axis=0)
    of_rows = 2 * by_row.std(ddof=1) / len(by_row) ** 0.5
    of_starts = [
        2.3 * each.mean(axis=1).std(ddof=1) / len(each) ** 0.5
        for each in (errors, others)
    ]
    half = float(np.hypot(of_rows, np.hypot(*of_starts)))
    middle = float(by_row.mean())
    return middle, middle - half, middle + half

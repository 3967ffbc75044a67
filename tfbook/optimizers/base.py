"""The base of all optimizers: state for each weight, and a loop over weights."""

import numbers
import reprlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["Optimizer"]


class Optimizer:
    """What all optimizers share: state for each weight, and a loop over weights.

    A subclass says which values it keeps for each weight, its slots, and gives
    `update`, which calls a rule. It works in loops of one's own and in
    `tfbook.training.train`, but not in `compile`, which takes Keras's optimizers only.

    A weight in half precision is moved in float32, and rounded after the step. Its
    state stays in float32, where 0.999 is not yet 1.

    Args:
        learning_rate: A positive number, or a schedule: a function that takes the
            number of steps so far and returns the rate of the next one, such as those
            of `tfbook.optimizers.schedules` and of Keras.
        slots: The names of the values kept for each weight, and what they start at.

    Attributes:
        iterations: The number of steps taken, an integer variable.

    Raises:
        ValueError: If a constant is not a number, or out of its range: a learning rate
            or an epsilon that is not positive, a decay rate outside [0, 1); or if a
            schedule returns no number of 0 or more for the first step.

    Example:
        >>> class SignDescent(Optimizer):
        ...     def update(self, weight, gradient, *state, rate):
        ...         return (weight - rate * tf.sign(gradient),)
        >>> weight = tf.Variable([1.0, 2.0])
        >>> SignDescent(0.5).apply([tf.constant([30.0, -0.1])], [weight])
        >>> weight.numpy().tolist()
        [0.5, 2.5]
    """

    def __init__(
        self, learning_rate: float | Callable, slots: dict[str, float] | None = None
    ) -> None:
        self.iterations = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._learning_rate = self._rate(learning_rate)
        self._slots = slots or {}
        # Each weight with its slots: an id is only an object's while that lives.
        self._state: dict[int, tuple[Any, list[tf.Variable]]] = {}

    @property
    def learning_rate(self) -> tf.Variable | tf.Tensor:
        """The rate of the next step, a variable or what the schedule says.

        A compiled step sees the variable change.
        """
        if callable(self._learning_rate):
            return self._learning_rate(self.iterations)
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        """Assign a new one.

        Raises:
            ValueError: If it is not positive, or the rate follows a schedule.
        """
        if callable(self._learning_rate):
            raise ValueError(
                f"{type(self).__name__}: expected a learning_rate that can be assigned "
                "to, got one that follows a schedule; make the optimizer with a number"
            )
        self._learning_rate.assign(self._positive("learning_rate", value))

    @property
    def variables(self) -> list[tf.Variable]:
        """All state, in the order of the Keras twin.

        First the iterations, and the learning rate unless it follows a schedule; then
        the slots of each weight.
        """
        rate = [] if callable(self._learning_rate) else [self._learning_rate]
        slots = [slot for _, state in self._state.values() for slot in state]
        return [self.iterations, *rate, *slots]

    def build(self, variables: Sequence[keras.Variable | tf.Variable]) -> None:
        """Make the state for these variables, or keep it where there is one.

        Some of the variables that it was built for change nothing. All of them and
        more, as when frozen layers are trained too, add state for the new ones.

        Args:
            variables: The weights that the optimizer will move.

        Raises:
            ValueError: If there are none, or the optimizer was built for others.
        """
        kind = type(self).__name__
        if not variables:
            raise ValueError(
                f"{kind}: expected one variable or more, got none; a model's weights "
                "exist once it is built, and come from layers or add_weight"
            )
        new = [each for each in variables if id(each) not in self._state]
        if new and not self._state.keys() <= {id(each) for each in variables}:
            raise ValueError(
                f"{kind}: expected the variables it was built for, got another, "
                f"{new[0].name!r} of shape {tuple(new[0].shape)}; make a new "
                f"optimizer for other variables"
            )
        if new:  # in the order in which a new optimizer would have them
            self._state = {
                id(each): self._state.get(id(each)) or (each, self._slots_of(each))
                for each in variables
            }

    def apply(
        self,
        gradients: Sequence[tf.Tensor | None],
        variables: Sequence[keras.Variable | tf.Variable],
    ) -> None:
        """Move each variable once by its gradient.

        Where the gradient is `None`, since the loss does not depend on the variable, it
        stays as it is, and a warning says so. Rows of an embedding that were looked up
        more than once have their gradients added up first.

        Args:
            gradients: One tensor or array per variable, of its shape, or `None`.
            variables: The weights; at the first call the state is made for them.

        Raises:
            ValueError: If gradients and variables disagree, every gradient is `None`,
                or the optimizer was built for other variables.
        """
        gradients, variables = list(gradients), list(variables)
        self.build(variables)
        pairs = self._matched(gradients, variables)
        learning_rate = tf.convert_to_tensor(self.learning_rate)
        self.iterations.assign_add(1)
        for gradient, variable in pairs:
            _, state = self._state[id(variable)]
            weight = tf.convert_to_tensor(variable)
            precision = self._precision(weight.dtype)
            new_weight, *new_state = self.update(
                tf.cast(weight, precision),
                tf.cast(gradient, precision),
                *map(tf.convert_to_tensor, state),
                rate=tf.cast(learning_rate, precision),
            )
            variable.assign(tf.cast(new_weight, weight.dtype))
            for slot, value in zip(state, new_state, strict=True):
                slot.assign(value)
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Return the new weight and its new state, one value per slot.

        Raises:
            NotImplementedError: Always; a subclass overrides it.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments: plain values, or a schedule."""
        if callable(self._learning_rate):
            return {"learning_rate": self._learning_rate}
        return {"learning_rate": float(self._learning_rate.numpy())}

    def _precision(self, dtype: Any) -> tf.DType:
        """Return the type to compute in: the weight's own, but no less than float32."""
        dtype = tf.as_dtype(dtype)
        return tf.float32 if dtype.size < tf.float32.size else dtype

    def _slots_of(self, variable: keras.Variable | tf.Variable) -> list[tf.Variable]:
        with tf.init_scope():  # outside the graph, if one is being traced
            return [
                tf.Variable(
                    tf.fill(
                        variable.shape,
                        tf.constant(start, self._precision(variable.dtype)),
                    ),
                    trainable=False,
                    name=name,
                )
                for name, start in self._slots.items()
            ]

    def _matched(
        self, gradients: list[Any], variables: list[Any]
    ) -> list[tuple[tf.Tensor, Any]]:
        """Check gradients, and return those that there are, each with its variable."""
        kind = type(self).__name__
        if len(gradients) != len(variables):
            raise ValueError(
                f"{kind}: expected a gradient for each variable, got {len(gradients)} "
                f"for {len(variables)}; take the gradients of exactly these variables"
            )
        pairs = [
            (tf.convert_to_tensor(gradient), variable)
            for gradient, variable in zip(gradients, variables, strict=True)
            if gradient is not None
        ]
        for gradient, variable in pairs:
            # Another shape would broadcast, and move many weights by the same number.
            if not gradient.shape.is_compatible_with(variable.shape):
                raise ValueError(
                    f"{kind}: expected a gradient of shape {tuple(variable.shape)} for "
                    f"{variable.name!r}, got {tuple(gradient.shape)}; give both lists "
                    f"in the same order"
                )
        unreached = [
            variable.name
            for gradient, variable in zip(gradients, variables, strict=True)
            if gradient is None
        ]
        if not pairs:
            raise ValueError(
                f"{kind}: expected a gradient for one variable or more, got None for "
                f"all of {unreached}; compute the loss from the model's output, inside "
                "the tape"
            )
        if unreached:
            warnings.warn(
                f"{kind}: expected a gradient for each variable, got None for "
                f"{unreached}, which stay as they are; freeze them, or let the loss "
                "depend on them",
                stacklevel=3,
            )
        return pairs

    def _rate(self, learning_rate: float | Callable) -> tf.Variable | Callable:
        """Check a rate: a number becomes a variable, and a schedule stays."""
        if not callable(learning_rate):
            return tf.Variable(
                self._positive("learning_rate", learning_rate),
                # As in Keras: in half precision, 0.001 would not be 0.001.
                dtype=self._precision(keras.config.floatx()),
                trainable=False,
            )
        with tf.init_scope():
            first = np.asarray(learning_rate(tf.constant(0, tf.int64)))
        # A warm-up starts at 0.
        if first.shape != () or not 0 <= first < float("inf"):
            raise ValueError(
                f"{type(self).__name__}: expected a learning_rate that is a number or "
                f"returns one of 0 or more for step 0, got {reprlib.repr(first)}; pass "
                "for example a function of `tfbook.optimizers.schedules`"
            )
        return learning_rate

    def _positive(self, name: str, value: Any) -> float:
        wanted = f"a positive {name}"
        return self._checked(value, wanted, 0.001, lambda n: 0 < n < float("inf"))

    def _fraction(self, name: str, value: Any) -> float:
        return self._checked(value, f"{name} in [0, 1)", 0.9, lambda n: 0 <= n < 1)

    def _checked(
        self, value: Any, wanted: str, example: float, holds: Callable[[float], bool]
    ) -> float:
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not (is_number and holds(float(value))):
            raise ValueError(
                f"{type(self).__name__}: expected {wanted}, got {reprlib.repr(value)}; "
                f"pass for example {example}"
            )
        return float(value)

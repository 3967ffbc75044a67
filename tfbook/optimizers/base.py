"""The base of all optimizers: state beside each weight, and a loop over weights."""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

__all__ = ["Optimizer"]


class Optimizer:
    """What all optimizers share: state beside each weight, and a loop over weights.

    A subclass says which values it keeps beside each weight, its slots, and gives
    `update`, which calls a rule.

    Args:
        learning_rate: A positive number.
        slots: The names of the values kept beside each weight, and what they start at.

    Attributes:
        iterations: The number of steps taken, an integer variable.

    Raises:
        ValueError: If a constant is not a number, or out of its range: a learning rate
            or an epsilon that is not positive, a decay rate outside [0, 1).

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
        self, learning_rate: float, slots: dict[str, float] | None = None
    ) -> None:
        learning_rate = self._positive("learning_rate", learning_rate)
        self.iterations = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._learning_rate = tf.Variable(learning_rate, trainable=False)
        self._slots = slots or {}
        self._weights: dict[int, keras.Variable | tf.Variable] = {}
        self._state: dict[int, list[tf.Variable]] = {}

    @property
    def learning_rate(self) -> tf.Variable:
        """The learning rate, a variable, so that a compiled step sees it change."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        """Assign a new one."""
        self._learning_rate.assign(self._positive("learning_rate", value))

    @property
    def variables(self) -> list[tf.Variable]:
        """Iterations, learning rate, and the slots weight by weight, the whole state.

        It is the order of the Keras twin.
        """
        slots = [slot for state in self._state.values() for slot in state]
        return [self.iterations, self.learning_rate, *slots]

    def build(self, variables: Sequence[keras.Variable | tf.Variable]) -> None:
        """Make the state for these variables, or check that it is for them.

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
        if not self._weights:
            for variable in variables:
                # Kept with its state: an id is only an object's while that lives.
                self._weights[id(variable)] = variable
                with tf.init_scope():  # outside the graph, if one is being traced
                    self._state[id(variable)] = self._initial_state(variable)
        for variable in variables:
            if id(variable) not in self._weights:
                raise ValueError(
                    f"{kind}: expected the variables it was built for, got another, "
                    f"{variable.name!r} of shape {tuple(variable.shape)}; make a new "
                    f"optimizer for other variables"
                )

    def apply(
        self,
        gradients: Sequence[tf.Tensor],
        variables: Sequence[keras.Variable | tf.Variable],
    ) -> None:
        """Move each variable once by its gradient.

        Args:
            gradients: A tensor a variable, of its shape.
            variables: The weights; at the first call the state is made for them.

        Raises:
            ValueError: If gradients and variables disagree, a gradient is `None`, or
                the optimizer was built for other variables.
        """
        gradients, variables = list(gradients), list(variables)
        self.build(variables)
        self._check_gradients(gradients, variables)
        self.iterations.assign_add(1)
        for gradient, variable in zip(gradients, variables, strict=True):
            state = self._state[id(variable)]
            weight = tf.convert_to_tensor(variable)
            new_weight, *new_state = self.update(
                weight,
                tf.cast(tf.convert_to_tensor(gradient), weight.dtype),
                *map(tf.convert_to_tensor, state),
                rate=tf.cast(self.learning_rate, weight.dtype),
            )
            variable.assign(new_weight)
            for slot, value in zip(state, new_state, strict=True):
                slot.assign(value)
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Return the new weight and its new state, one value a slot.

        Raises:
            NotImplementedError: Always; a subclass gives it.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as plain values."""
        return {"learning_rate": float(self.learning_rate.numpy())}

    def _initial_state(self, variable: keras.Variable | tf.Variable) -> list[Any]:
        return [
            tf.Variable(
                tf.fill(variable.shape, tf.constant(start, variable.dtype)),
                trainable=False,
                name=name,
            )
            for name, start in self._slots.items()
        ]

    def _check_gradients(self, gradients: list[Any], variables: list[Any]) -> None:
        kind = type(self).__name__
        if len(gradients) != len(variables):
            raise ValueError(
                f"{kind}: expected a gradient for each variable, got {len(gradients)} "
                f"for {len(variables)}; take the gradients of exactly these variables"
            )
        for gradient, variable in zip(gradients, variables, strict=True):
            if gradient is None:
                raise ValueError(
                    f"{kind}: expected a gradient for {variable.name!r}, got None; the "
                    f"loss does not depend on it, so leave it out of both lists"
                )
            if not gradient.shape.is_compatible_with(variable.shape):
                raise ValueError(
                    f"{kind}: expected a gradient of shape {tuple(variable.shape)} for "
                    f"{variable.name!r}, got {tuple(gradient.shape)}; give both lists "
                    f"in the same order"
                )

    def _positive(self, name: str, value: Any) -> float:
        if not isinstance(value, numbers.Real) or not 0 < float(value) < float("inf"):
            raise ValueError(
                f"{type(self).__name__}: expected a positive {name}, got {value!r}; "
                f"pass for example 0.001"
            )
        return float(value)

    def _fraction(self, name: str, value: Any) -> float:
        if not isinstance(value, numbers.Real) or not 0 <= float(value) < 1:
            raise ValueError(
                f"{type(self).__name__}: expected {name} in [0, 1), got {value!r}; "
                f"pass for example 0.9"
            )
        return float(value)

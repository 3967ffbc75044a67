"""Optimizers: update rules as pure functions, and thin classes that keep their state.

A rule takes the values of one weight, its gradient and its state, and returns new ones.
It works element by element, on tensors and NumPy arrays of any shape. A class remembers
the state of every weight between two steps, and has the methods of a Keras optimizer
that a loop calls.
"""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "adagrad_update",
    "adam_update",
    "momentum_update",
    "nesterov_update",
    "rmsprop_update",
    "sgd_update",
]


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


def sgd_update(
    weight: tf.Tensor, gradient: tf.Tensor, learning_rate: float | tf.Tensor
) -> tf.Tensor:
    r"""Step against the gradient, $w_t = w_{t-1} - \eta g_t$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        learning_rate: The size $\eta$ of the step.

    Returns:
        The values $w_t$.

    Example:
        >>> sgd_update(2.0, 3.0, learning_rate=0.5)
        0.5

    Reference:
        Robbins and Monro (1951), A stochastic approximation method, Annals of
        Mathematical Statistics 22.
    """
    # w_t = w - η g
    return weight - learning_rate * gradient


class SGD(Optimizer):
    """Gradient descent, by `sgd_update`; equal to `keras.optimizers.SGD`.

    Args:
        learning_rate: The size of a step, as a multiple of the gradient.

    Example:
        >>> weight = tf.Variable([2.0])
        >>> SGD(learning_rate=0.5).apply([tf.constant([3.0])], [weight])
        >>> weight.numpy().tolist()
        [0.5]
    """

    def __init__(self, learning_rate: float = 0.01) -> None:
        super().__init__(learning_rate)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `sgd_update`."""
        return (sgd_update(weight, gradient, rate),)


def momentum_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    velocity: tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Keep a part of the last step.

    $\Delta_t = \beta \Delta_{t-1} - \eta g_t$, then $w_t = w_{t-1} + \Delta_t$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        velocity: The last step $\Delta_{t-1}$; zeros at first.
        learning_rate: The factor $\eta$ of the gradient.
        beta: The part $\beta$ of the last step that is kept.

    Returns:
        The values $w_t$ and the step $\Delta_t$.

    Example:
        >>> momentum_update(2.0, 3.0, velocity=1.0, learning_rate=0.5, beta=0.5)
        (1.0, -1.0)

    Reference:
        Polyak (1964), Some methods of speeding up the convergence of iteration
        methods, USSR Computational Mathematics and Mathematical Physics 4.
    """
    # Δ_t = β Δ - η g
    velocity = beta * velocity - learning_rate * gradient
    # w_t = w + Δ_t
    return weight + velocity, velocity


class Momentum(Optimizer):
    """Gradient descent that keeps a part of the last step, by `momentum_update`.

    It equals `keras.optimizers.SGD(momentum=beta)`.

    Args:
        learning_rate: The factor of the gradient.
        beta: The part of the last step that is kept.

    Raises:
        ValueError: If `beta` is not in [0, 1).

    Example:
        >>> weight = tf.Variable([2.0])
        >>> momentum = Momentum(learning_rate=0.5)
        >>> for _ in range(2):
        ...     momentum.apply([tf.constant([1.0])], [weight])
        >>> round(float(weight[0]), 4)  # 2 - 0.5 - (0.9 * 0.5 + 0.5)
        0.55
    """

    def __init__(self, learning_rate: float = 0.01, beta: float = 0.9) -> None:
        super().__init__(learning_rate, slots={"velocity": 0.0})
        self.beta = self._fraction("beta", beta)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `momentum_update`."""
        (velocity,) = state
        return momentum_update(weight, gradient, velocity, rate, self.beta)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as plain values."""
        return {**super().get_config(), "beta": self.beta}


def nesterov_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    velocity: tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Keep a part of the last step, and look ahead along it.

    $\Delta_t = \beta \Delta_{t-1} - \eta g_t$, then
    $w_t = w_{t-1} + \beta \Delta_t - \eta g_t$. The weights that are stored are those
    at which the next gradient is wanted, one kept part of a step ahead.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        velocity: The last step $\Delta_{t-1}$; zeros at first.
        learning_rate: The factor $\eta$ of the gradient.
        beta: The part $\beta$ of the last step that is kept.

    Returns:
        The values $w_t$ and the step $\Delta_t$.

    Example:
        >>> nesterov_update(2.0, 3.0, velocity=1.0, learning_rate=0.5, beta=0.5)
        (0.0, -1.0)

    Reference:
        Nesterov (1983), A method of solving a convex programming problem with
        convergence rate O(1/k^2), Soviet Mathematics Doklady 27; in this form
        Sutskever, Martens, Dahl and Hinton (2013), On the importance of initialization
        and momentum in deep learning, ICML.
    """
    # Δ_t = β Δ - η g
    velocity = beta * velocity - learning_rate * gradient
    # w_t = w + β Δ_t - η g
    return weight + beta * velocity - learning_rate * gradient, velocity


class Nesterov(Momentum):
    """Momentum that looks ahead, by `nesterov_update`.

    It equals `keras.optimizers.SGD(momentum=beta, nesterov=True)`.

    Args:
        learning_rate: The factor of the gradient.
        beta: The part of the last step that is kept.

    Example:
        >>> weight = tf.Variable([2.0])
        >>> Nesterov(learning_rate=0.5).apply([tf.constant([1.0])], [weight])
        >>> round(float(weight[0]), 4)  # 2 - 0.9 * 0.5 - 0.5
        1.05
    """

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `nesterov_update`."""
        (velocity,) = state
        return nesterov_update(weight, gradient, velocity, rate, self.beta)


def adagrad_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    accumulator: tf.Tensor,
    learning_rate: float | tf.Tensor,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Divide each step by the root of the sum of all squared gradients so far.

    $v_t = v_{t-1} + g_t^2$, then
    $w_t = w_{t-1} - \eta g_t / \sqrt{v_t + \varepsilon}$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        accumulator: The sum $v_{t-1}$.
        learning_rate: The numerator $\eta$.
        epsilon: The small number $\varepsilon$ that keeps the division finite.

    Returns:
        The values $w_t$ and the sum $v_t$.

    Example:
        >>> adagrad_update(2.0, 3.0, accumulator=7.0, learning_rate=4.0, epsilon=0.0)
        (-1.0, 16.0)

    Reference:
        Duchi, Hazan and Singer (2011), Adaptive subgradient methods for online learning
        and stochastic optimization, Journal of Machine Learning Research 12.
    """
    # v_t = v + g²
    accumulator = accumulator + gradient**2
    # w_t = w - η g / √(v_t + ε)
    step = learning_rate * gradient / (accumulator + epsilon) ** 0.5
    return weight - step, accumulator


class AdaGrad(Optimizer):
    """A step size for each weight, that only falls, by `adagrad_update`.

    It equals `keras.optimizers.Adagrad`.

    Args:
        learning_rate: The numerator of every step.
        initial_accumulator_value: What the sum of squared gradients starts at.
        epsilon: The small number that keeps the division finite.

    Raises:
        ValueError: If `initial_accumulator_value` is negative.

    Example:
        >>> weight = tf.Variable([2.0, 2.0])
        >>> adagrad = AdaGrad(learning_rate=0.5)
        >>> adagrad.apply([tf.constant([1.0, 1000.0])], [weight])
        >>> print(weight.numpy().round(2))  # the gradient's size hardly matters
        [1.52 1.5 ]
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
    ) -> None:
        initial: Any = initial_accumulator_value
        if not isinstance(initial, numbers.Real) or not float(initial) >= 0:
            raise ValueError(
                "AdaGrad: expected an initial_accumulator_value of 0 or more, got "
                f"{initial!r}; pass for example 0.1"
            )
        super().__init__(learning_rate, slots={"accumulator": float(initial)})
        self.initial_accumulator_value = float(initial)
        self.epsilon = self._positive("epsilon", epsilon)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `adagrad_update`."""
        (accumulator,) = state
        return adagrad_update(weight, gradient, accumulator, rate, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as plain values."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


def rmsprop_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    mean_square: tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta: float,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Divide each step by the root of a running average of squared gradients.

    $v_t = \beta v_{t-1} + (1 - \beta) g_t^2$, then
    $w_t = w_{t-1} - \eta g_t / \sqrt{v_t + \varepsilon}$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        mean_square: The running average $v_{t-1}$; zeros at first.
        learning_rate: The numerator $\eta$.
        beta: The part $\beta$ of the mean that is kept.
        epsilon: The small number $\varepsilon$ that keeps the division finite.

    Returns:
        The values $w_t$ and the mean $v_t$.

    Example:
        >>> rmsprop_update(2.0, 3.0, 7.0, learning_rate=1.0, beta=0.5, epsilon=1.0)
        (1.0, 8.0)

    Reference:
        Tieleman and Hinton (2012), Lecture 6.5: RMSprop, Coursera, Neural Networks for
        Machine Learning.
    """
    # v_t = β v + (1 - β) g²
    mean_square = beta * mean_square + (1 - beta) * gradient**2
    # w_t = w - η g / √(v_t + ε)
    step = learning_rate * gradient / (mean_square + epsilon) ** 0.5
    return weight - step, mean_square


class RMSprop(Optimizer):
    """A step size for each weight, from recent gradients, by `rmsprop_update`.

    It equals `keras.optimizers.RMSprop`, which calls `beta` `rho`.

    Args:
        learning_rate: The numerator of every step.
        beta: The part of the mean of squared gradients that is kept.
        epsilon: The small number that keeps the division finite.

    Raises:
        ValueError: If `beta` is not in [0, 1), or `epsilon` is not positive.

    Example:
        >>> weight = tf.Variable([2.0, 2.0])
        >>> RMSprop(0.1).apply([tf.constant([1.0, 1000.0])], [weight])
        >>> print(weight.numpy().round(2))  # 2 - 0.1 / √0.1, whatever the gradient
        [1.68 1.68]
    """

    def __init__(
        self, learning_rate: float = 0.001, beta: float = 0.9, epsilon: float = 1e-7
    ) -> None:
        super().__init__(learning_rate, slots={"mean_square": 0.0})
        self.beta = self._fraction("beta", beta)
        self.epsilon = self._positive("epsilon", epsilon)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `rmsprop_update`."""
        (mean_square,) = state
        constants = self.beta, self.epsilon
        return rmsprop_update(weight, gradient, mean_square, rate, *constants)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as plain values."""
        return {**super().get_config(), "beta": self.beta, "epsilon": self.epsilon}


def adam_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    mean: tf.Tensor,
    mean_square: tf.Tensor,
    step: int | tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    r"""Divide a running average of gradients by the root of one of their squares.

    $$
    \begin{aligned}
    m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t \\
    v_t &= \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \\
    \eta_t &= \eta \sqrt{1 - \beta_2^t} / (1 - \beta_1^t) \\
    w_t &= w_{t-1} - \eta_t m_t / (\sqrt{v_t} + \varepsilon)
    \end{aligned}
    $$

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        mean: The running average $m_{t-1}$ of gradients; zeros at first.
        mean_square: The running average $v_{t-1}$ of their squares; zeros at first.
        step: The number $t$ of this step, from 1.
        learning_rate: About the size $\eta$ of a step in each weight.
        beta_1: The part of the mean of gradients that is kept.
        beta_2: The part of the mean of squares that is kept.
        epsilon: The small number $\varepsilon$ that keeps the division finite.

    Returns:
        The values $w_t$ and the two means $m_t$ and $v_t$.

    Example:
        >>> values = adam_update(2.0, 3.0, 0.0, 0.0, 1, 0.5, 0.9, 0.999, epsilon=0.0)
        >>> [round(value, 4) for value in values]  # the first step is η
        [1.5, 0.3, 0.009]

    Reference:
        Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR.
    """
    # m_t = β₁ m + (1 - β₁) g
    mean = beta_1 * mean + (1 - beta_1) * gradient
    # v_t = β₂ v + (1 - β₂) g²
    mean_square = beta_2 * mean_square + (1 - beta_2) * gradient**2
    # η_t = η √(1 - β₂ᵗ) / (1 - β₁ᵗ)
    rate = learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
    # w_t = w - η_t m_t / (√v_t + ε)
    weight = weight - rate * mean / (mean_square**0.5 + epsilon)
    return weight, mean, mean_square


class Adam(Optimizer):
    """Momentum with a step size for each weight, by `adam_update`.

    It equals `keras.optimizers.Adam`.

    Args:
        learning_rate: About the size of a step in each weight.
        beta_1: The part of the mean of gradients that is kept.
        beta_2: The part of the mean of squared gradients that is kept.
        epsilon: The small number that keeps the division finite.

    Raises:
        ValueError: If `beta_1` or `beta_2` is not in [0, 1), or `epsilon` is not
            positive.

    Example:
        >>> weight = tf.Variable([2.0, 2.0])
        >>> Adam(learning_rate=0.1).apply([tf.constant([1.0, 1000.0])], [weight])
        >>> print(weight.numpy().round(2))
        [1.9 1.9]
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate, slots={"mean": 0.0, "mean_square": 0.0})
        self.beta_1 = self._fraction("beta_1", beta_1)
        self.beta_2 = self._fraction("beta_2", beta_2)
        self.epsilon = self._positive("epsilon", epsilon)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `adam_update` with the number of this step."""
        mean, mean_square = state
        step = tf.cast(self.iterations, weight.dtype)
        constants = self.beta_1, self.beta_2, self.epsilon
        return adam_update(weight, gradient, mean, mean_square, step, rate, *constants)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as plain values."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }

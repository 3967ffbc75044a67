"""Answers to the exercises of *Graphs*, right and wrong."""

import pytest
import tensorflow as tf

from tfbook import exercises


def cubes(a):
    return tf.reduce_sum(a**3)


any_length = [tf.TensorSpec(shape=[None], dtype=tf.float32)]


def cubes_of_lengths_tried_before():
    answer = tf.function(cubes)
    for length in (2, 3):
        answer(tf.ones(length))
    return answer


def halve(a):
    count = 0
    while a > 1.0:
        a = a / 2.0
        count += 1
    return count


def halve_too_long(a):
    count = 0
    while a >= 1.0:
        a = a / 2.0
        count += 1
    return count


def called_before(function, *arguments):
    """A compiled function that its author has tried, so that it has a trace."""
    compiled = tf.function(function)
    compiled(*arguments)
    return compiled


def halve_one_less(a):
    return halve(a) - 1


def halve_at_most_five_times(a):
    count = 0
    for _ in range(5):
        if a > 1.0:
            a = a / 2.0
            count += 1
    return count


def halve_at_most_twelve_times(a):
    return tf.minimum(halve(a), 12)


def power_of_two(a):
    return tf.math.ceil(tf.math.log(a) / tf.math.log(2.0))


def halve_a_python_number(a):
    compiled = tf.function(lambda number: tf.constant(halve(number)))

    def outer(a):
        return compiled(float(a))

    outer.experimental_get_tracing_count = compiled.experimental_get_tracing_count
    return outer


def average(initial=0.0, divide=True, compiled=True):
    def make():
        total, count = tf.Variable(initial), tf.Variable(0.0)

        def mean(a):
            total.assign_add(a)
            count.assign_add(1.0)
            return total / count if divide else total + 0.0

        return tf.function(mean) if compiled else mean

    return make


def average_from_a_list():
    numbers = []

    @tf.function
    def mean(a):
        numbers.append(a)
        return tf.reduce_mean(tf.stack(numbers))

    return mean


def average_with_variables_inside():
    @tf.function
    def mean(a):
        total = tf.Variable(0.0)
        total.assign_add(a)
        return total + 0.0

    return mean


def the_first_for_ever():
    first = []

    def mean(a):
        first.append(float(a))
        return first[0]

    return mean


def the_last_two():
    numbers = []

    def mean(a):
        numbers.append(float(a))
        return sum(numbers[-2:]) / len(numbers[-2:])

    return mean


def start_with(first, compiled=True):
    def total(a, turns):
        result = first(a)
        for _ in tf.range(turns):
            result = result + a
        return result

    return tf.function(total) if compiled else total


def start_as_a_number(a):
    return tf.cast(0, a.dtype)


shared = average()()


def cubes_of_all_lengths_tried():
    """Make a function that was called with every length that the check uses."""
    function = tf.function(cubes)
    for length in (2, 3, 17, 23):
        function(tf.ones(length))
    return function


kept = tf.Variable(0.0), tf.Variable(0.0)


def average_that_begins_again():
    for each in kept:
        each.assign(0.0)

    @tf.function
    def average(a):
        kept[0].assign_add(a)
        kept[1].assign_add(1.0)
        return kept[0] / kept[1]

    return average


def average_with_a_whole_count():
    total, count = tf.Variable(0.0), tf.Variable(0)

    @tf.function
    def average(a):
        total.assign_add(a)
        count.assign_add(1)
        return total / count

    return average


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("trace_count", 4),
        ("captured", (3, 11, 15)),
        ("captured", [3.0, 11.0, 15.0]),
        ("captured", tf.constant([3.0, 11.0, 15.0]).numpy()),
        ("captured", tf.constant([3.0, 11.0, 15.0])),
        ("sum_of_cubes", tf.function(cubes, input_signature=any_length)),
        ("halvings", tf.function(halve)),
        ("halvings", called_before(halve, 10.0)),
        ("make_average", average()),
        ("total", start_with(tf.zeros_like)),
        ("total", tf.function(lambda a, turns: a * tf.cast(turns, a.dtype))),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_the_traces_are_counted_right():
    @tf.function
    def square(a):
        return a * a

    arguments = [1.0, 2.0, [1.0], 3.0]
    one, two, vector, three = map(tf.constant, arguments)
    for argument in [one, two, vector, 1.0, 2.0, three]:
        square(argument)
    assert square.experimental_get_tracing_count() == 4


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("trace_count", 6, "every call"),
        ("trace_count", 3, "two constants"),
        ("trace_count", 2, "written into the graph"),
        ("trace_count", 1, "another shape"),
        ("trace_count", 5, "ask of each what is new"),
        ("trace_count", 4.5, "a whole number"),
        ("captured", 3, "three numbers in a tuple"),
        ("captured", (7, 11, 15), "begin with the first call"),
        ("captured", (3, 3, 3), "was assigned to"),
        ("captured", (3, 15, 15), "looked up while tracing"),
        ("captured", (3, 7, 15), "which of the two changes"),
        ("captured", (3, 11, 11), "another shape"),
        ("captured", (3, 11, 7), "looks up all names again"),
        ("sum_of_cubes", cubes, "Python runs at every call"),
        ("sum_of_cubes", tf.function(cubes), "traced again"),
        (
            "sum_of_cubes",
            tf.function(lambda a: tf.reduce_sum(a**2)),
            "the sum of squares",
        ),
        ("sum_of_cubes", cubes_of_all_lengths_tried(), "traced 4 times so far"),
        ("sum_of_cubes", tf.function(tf.reduce_sum), "returned 3; the cubes add up"),
        (
            "sum_of_cubes",
            tf.function(lambda a: tf.reduce_sum(tf.abs(a) ** 3)),
            "of 1, -2, 3 it returned 36, not 20",
        ),
        (
            "sum_of_cubes",
            tf.function(lambda a: cubes(a[:16]), input_signature=any_length),
            "right for short vectors, but of 17 numbers",
        ),
        ("sum_of_cubes", cubes_of_lengths_tried_before(), "again for longer vectors"),
        ("halvings", tf.function(power_of_two), "of 0.25 it returned -2, not 0"),
        (
            "halvings",
            tf.function(halve_at_most_twelve_times),
            "of 1e.06 it returned 12",
        ),
        ("halvings", halve, "Python runs at every call"),
        ("halvings", tf.function(halve, autograph=False), "left to Python"),
        ("halvings", tf.function(halve_one_less), "all greater than 1"),
        ("halvings", tf.function(halve_too_long), "of 1 it returned 1; it is"),
        ("halvings", tf.function(halve_at_most_five_times), "of 1000 it returned 5"),
        ("halvings", lambda a: 7, "of 10 it returned 7, expected 4"),
        ("halvings", halve_a_python_number(1), "traced more than once"),
        ("total", start_with(lambda a: 0.0), r"float64 of shape \(\) it stopped"),
        ("total", start_with(start_as_a_number), r"of shape \(2,\) it stopped"),
        ("total", start_with(tf.identity), "returned 6 after 3 turns; 4.5 is wanted"),
        ("total", start_with(tf.zeros_like, compiled=False), "Python runs at every"),
        (
            "total",
            tf.function(lambda a, turns: tf.reduce_sum(a) * tf.cast(turns, a.dtype)),
            r"returned the shape \(\)",
        ),
        ("make_average", average_from_a_list, "returned 3, the newest number"),
        ("make_average", average_with_variables_inside, "before the trace"),
        ("make_average", the_first_for_ever, "returned 1, the first number"),
        ("make_average", average(divide=False), "returned 4, the sum"),
        ("make_average", average(initial=1.0), "after 1 alone it returned 2"),
        ("make_average", average(compiled=False), "Python runs at every call"),
        ("make_average", the_last_two, "after 1, 3 and 8 it returned 5.5"),
        ("make_average", lambda: shared, "a second average"),
        ("make_average", average_that_begins_again, "a second average"),
        (
            "make_average",
            average_with_a_whole_count,
            "with TypeError: `x` and `y` must have the same dtype",
        ),
        ("make_average", lambda: 3.0, "return the inner one"),
        ("make_average", lambda: lambda a: int("x"), "stopped with ValueError"),
        ("make_average", lambda: lambda a: a * a, "where their mean is 2"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)

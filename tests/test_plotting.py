"""Plotting: what is drawn, read back from matplotlib, is what was handed in."""

import inspect

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.contour import QuadContourSet

from tfbook import plotting

X = np.linspace(-2, 2, 9)
LOSSES = pd.DataFrame(
    {"training_loss": [8.0, 2.0, 0.5], "testing_loss": [9.0, 3.0, 1.0]},
    index=pd.Index([10, 20, 25], name="epoch"),
)
UNITS = pd.DataFrame(
    {
        "layer": ["first", "first", "first", "second", "second"],
        "unit": [0, 1, 2, 0, 1],
        "fires": [0.5, 0.0, 1.0, 0.0, 0.25],
    }
)
SECONDS = pd.DataFrame(
    {"a loop": [0.1, 1.0, 10.0], "one call": [0.2, 0.2, 0.3]},
    index=pd.Index([1, 10, 100], name="rows"),
)
CALLS = {
    "activation": (X, np.tanh(X)),
    "confusion": (np.array([[8, 2, 0], [0, 9, 1], [3, 0, 7]]),),
    "firing": (UNITS,),
    "growth": (SECONDS,),
    "history": (LOSSES,),
    "images": (np.linspace(0, 1, 5 * 4 * 3).reshape(5, 4, 3),),
    "network": ([3, 2, 1],),
    "parity": (np.array([1.0, 3.0]), np.array([2.0, 4.0])),
    "plane": (X, X[:5], np.multiply.outer(X[:5], X)),
    "reliability": (np.array([0.5, 0.72, 0.78]), np.array([True, False, True])),
    "weights": ([0.1, 0.9], [0.0, 1.0]),
}


@pytest.fixture(autouse=True)
def _close_figures():
    """Leave no figure open."""
    yield
    plt.close("all")


def labels(ax) -> tuple[str, str]:
    """Read both axes' labels."""
    return ax.get_xlabel(), ax.get_ylabel()


def legend(ax) -> list[str]:
    """Read the legend's lines."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def points(ax) -> list[np.ndarray]:
    """Read where the points of each scatter are."""
    return [
        np.asarray(collection.get_offsets())
        for collection in ax.collections
        if isinstance(collection, PathCollection)
    ]


# Every function


def test_every_public_function_is_called_below():
    assert sorted(CALLS) == plotting.__all__


@pytest.mark.parametrize("name", CALLS)
def test_it_draws_into_the_axes_it_is_given_and_nowhere_else(name):
    figure, (ax, other) = plt.subplots(ncols=2)
    assert getattr(plotting, name)(*CALLS[name], ax=ax) is ax
    assert ax.has_data()
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("name", CALLS)
def test_without_axes_it_makes_a_new_figure_and_leaves_the_current_one_alone(name):
    current = plt.figure()
    ax = getattr(plotting, name)(*CALLS[name])
    assert ax.has_data()
    assert ax.figure is not current
    assert current.axes == []
    assert len(plt.get_fignums()) == 2


@pytest.mark.parametrize("name", CALLS)
def test_it_is_drawn_in_the_style_of_the_book_and_leaves_its_input_alone(name):
    copies = [np.array(argument) for argument in CALLS[name]]
    with plt.style.context("tfbook.book"):
        getattr(plotting, name)(*CALLS[name]).figure.canvas.draw()
    for argument, copy in zip(CALLS[name], copies, strict=True):
        assert np.array_equal(argument, copy)


@pytest.mark.parametrize("name", CALLS)
def test_options_are_given_by_keyword_and_may_be_left_out(name):
    parameters = inspect.signature(getattr(plotting, name)).parameters
    options = [
        parameters[key]
        for key in ("ax", "label", "labels", "units")
        if key in parameters
    ]
    assert options[0].name == "ax"
    for option in options:
        assert option.kind is inspect.Parameter.KEYWORD_ONLY
        assert option.default in (None, "", "output")


# The history


def test_a_history_has_a_line_a_column_against_epochs():
    ax = plotting.history(LOSSES)
    assert [line.get_label() for line in ax.lines] == ["training loss", "testing loss"]
    for line, name in zip(ax.lines, LOSSES, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), LOSSES.index)
        np.testing.assert_array_equal(line.get_ydata(), LOSSES[name])
    assert legend(ax) == ["training loss", "testing loss"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")


@pytest.mark.parametrize(
    ("units", "label"), [("", "loss"), ("1000 dollars²", "loss (1000 dollars²)")]
)
def test_a_history_names_the_unit_of_the_loss(units, label):
    assert labels(plotting.history(LOSSES, units=units)) == ("epoch", label)


def test_a_history_tells_its_lines_apart_without_colour_and_takes_many():
    frame = pd.DataFrame(np.ones((2, 6)), columns=[*"abcdef"])
    lines = plotting.history(frame).lines
    assert [line.get_label() for line in lines] == [*"abcdef"]
    assert len({line.get_linestyle() for line in lines[:4]}) == 4


def test_a_history_within_one_power_of_ten_has_plain_numbers_on_its_axis():
    ax = plotting.history(pd.DataFrame({"loss": [90.0, 20.0]}))
    ax.figure.canvas.draw()
    ticks = [*ax.yaxis.get_major_ticks(), *ax.yaxis.get_minor_ticks()]
    texts = {tick.label1.get_text() for tick in ticks} - {""}
    assert {"20", "30", "60"} <= texts
    assert all(float(text) > 0 for text in texts)


# Activations


def test_an_activation_is_a_line_through_the_points_given():
    ax = plotting.activation(X, np.tanh(X))
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([X, np.tanh(X)]))
    assert labels(ax) == ("input x", "output f(x)")
    assert ax.get_legend() is None


def test_a_gradient_is_a_second_line_told_apart_in_the_legend():
    ax = plotting.activation(X, np.tanh(X), 1 - np.tanh(X) ** 2)
    value, gradient = ax.lines
    np.testing.assert_array_equal(value.get_ydata(), np.tanh(X))
    np.testing.assert_array_equal(gradient.get_xdata(), X)
    np.testing.assert_array_equal(gradient.get_ydata(), 1 - np.tanh(X) ** 2)
    assert legend(ax) == ["value", "gradient"]
    assert value.get_linestyle() != gradient.get_linestyle()


# Units


def test_each_unit_is_a_bar_as_high_as_the_share_it_fires_on():
    ax = plotting.firing(UNITS)
    assert [bar.get_height() for bar in ax.patches] == UNITS["fires"].tolist()
    centres = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    np.testing.assert_allclose(centres, range(5))
    assert [label.get_text() for label in ax.get_xticklabels()] == [*"01201"]
    assert labels(ax) == ("hidden unit", "share of inputs it fires on")


def test_layers_have_a_colour_each_and_dead_units_a_cross():
    ax = plotting.firing(UNITS)
    colours = [bar.get_facecolor() for bar in ax.patches]
    assert colours[0] == colours[1] == colours[2] != colours[3] == colours[4]
    (crosses,) = points(ax)
    np.testing.assert_array_equal(crosses, [[1, 0], [3, 0]])
    assert sorted(legend(ax)) == ["dead", "first", "second"]


def test_where_all_units_live_there_is_no_cross():
    ax = plotting.firing(UNITS[UNITS["fires"] > 0])
    assert points(ax) == []
    assert legend(ax) == ["first", "second"]


def test_many_units_leave_room_between_their_numbers():
    many = pd.DataFrame({"layer": "wide", "unit": range(100), "fires": 0.5})
    ax = plotting.firing(many)
    assert len(ax.patches) == 100
    assert len(ax.get_xticks()) <= 16


def test_a_model_without_hidden_units_is_not_drawn():
    with pytest.raises(
        ValueError,
        match=r"^firing: expected one unit or more, got an empty frame; "
        r"pass dead_units of a model with hidden layers$",
    ):
        plotting.firing(UNITS[:0])
    assert plt.get_fignums() == []


# Growth


def test_growth_has_a_line_a_way_against_the_size_on_logarithmic_axes():
    ax = plotting.growth(SECONDS)
    assert legend(ax) == ["a loop", "one call"]
    for line, name in zip(ax.lines, SECONDS, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), SECONDS.index)
        np.testing.assert_array_equal(line.get_ydata(), SECONDS[name])
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert labels(ax) == ("rows", "seconds")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


# Weights


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_weights_stand_over_their_feature_beside_the_truth(shape):
    estimates, truth = np.reshape([0.1, 0.9, 2.2], shape), np.reshape([0, 1, 2], shape)
    ax = plotting.weights(estimates, truth)
    drawn = {each.get_label(): each.get_offsets() for each in ax.collections}
    np.testing.assert_array_equal(drawn["truth"], [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(drawn["estimate"], [[0, 0.1], [1, 0.9], [2, 2.2]])
    assert sorted(legend(ax)) == ["estimate", "truth"]
    assert labels(ax) == ("feature", "weight")
    assert ax.get_xticks().tolist() == [0, 1, 2]


@pytest.mark.parametrize(("num_estimates", "num_truth"), [(2, 3), (1, 5), (3, 0)])
def test_as_many_estimates_as_true_weights_are_asked_for(num_estimates, num_truth):
    with pytest.raises(
        ValueError,
        match="^weights: expected as many estimates as true weights, got "
        f"{num_estimates} and {num_truth}; pass one number per feature in both$",
    ):
        plotting.weights(np.ones(num_estimates), np.ones(num_truth))
    assert plt.get_fignums() == []


# Predictions


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("", ("target", "prediction")),
        ("1000 dollars", ("target (1000 dollars)", "prediction (1000 dollars)")),
    ],
)
def test_predictions_are_drawn_over_their_targets(units, expected):
    predictions, targets = np.array([[1.0], [5.0], [3.0]]), np.array([2.0, 4.0, 9.0])
    ax = plotting.parity(predictions, targets, units=units)
    (drawn,) = points(ax)
    np.testing.assert_array_equal(drawn, [[2, 1], [4, 5], [9, 3]])
    assert labels(ax) == expected


@pytest.mark.parametrize(
    ("predictions", "targets"), [([1, 3], [2, 9]), ([2, 9], [1, 3]), ([4], [4])]
)
def test_the_line_of_perfect_predictions_spans_all_numbers(predictions, targets):
    ax = plotting.parity(np.array(predictions), np.array(targets))
    (line,) = ax.lines
    ends = [min(predictions + targets), max(predictions + targets)]
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([ends, ends]))


# Networks


@pytest.mark.parametrize("widths", [[5, 3, 1], [1, 1], [4], [2, 6, 6, 2]])
def test_a_network_has_a_circle_a_unit_and_a_line_a_weight(widths):
    ax = plotting.network(widths)
    columns = points(ax)
    assert [len(column) for column in columns] == widths
    for number, column in enumerate(columns):
        assert set(column[:, 0]) == {number}
        assert sorted(np.diff(column[:, 1])) == [1] * (widths[number] - 1)
        assert column[:, 1].mean() == 0
    lines = [each for each in ax.collections if isinstance(each, LineCollection)]
    assert len(lines) == len(widths) - 1
    for left, right, collection in zip(columns, columns[1:], lines, strict=False):
        ends = {tuple(map(tuple, segment)) for segment in collection.get_segments()}
        expected = {(tuple(start), tuple(end)) for start in left for end in right}
        assert ends == expected
        assert len(collection.get_segments()) == len(left) * len(right)


def test_a_network_has_its_labels_under_its_columns_and_no_axes():
    ax = plotting.network([3, 2], labels=["features", "hidden"])
    assert [text.get_text() for text in ax.texts] == ["features", "hidden"]
    assert [text.xy for text in ax.texts] == [(0, -1), (1, -0.5)]
    assert all(text.xyann[1] < 0 for text in ax.texts)
    assert not ax.axison
    assert not plotting.network([3, 2]).texts


def test_circles_hide_the_ends_of_lines():
    collections = plotting.network([3, 2]).collections
    orders = {type(each): each.get_zorder() for each in collections}
    assert orders[PathCollection] > orders[LineCollection]


# Functions of two inputs


def test_a_plane_has_contours_of_the_function_over_its_grid():
    x1, x2 = np.linspace(0, 3, 7), np.linspace(-1, 1, 5)
    z = 10 * x1[None, :] + x2[:, None]  # rises from left to right
    ax = plotting.plane(x1, x2, z)
    (contours,) = (each for each in ax.collections if isinstance(each, QuadContourSet))
    assert contours.filled
    assert len(contours.levels) > 10
    assert contours.levels[0] <= z.min() < z.max() <= contours.levels[-1]
    np.testing.assert_allclose(ax.get_xlim(), (0, 3))
    np.testing.assert_allclose(ax.get_ylim(), (-1, 1))
    for low, high, path in zip(
        contours.levels, contours.levels[1:], contours.get_paths(), strict=False
    ):
        values = path.vertices @ [10, 1]
        assert (values >= low - 1e-9).all()
        assert (values <= high + 1e-9).all()


def test_a_plane_names_its_axes_and_its_colours():
    ax = plotting.plane(*CALLS["plane"], label="price (1000 dollars)")
    _, colours = ax.figure.axes
    assert labels(ax) == ("x₁", "x₂")
    assert colours.get_ylabel() == "price (1000 dollars)"
    assert ax.get_aspect() == 1
    assert plotting.plane(*CALLS["plane"]).figure.axes[1].get_ylabel() == "output"


# Pictures


def drawn_pictures(ax) -> list[tuple[list[float], np.ndarray]]:
    """Read each picture, and where it lies."""
    return [(list(each.get_extent()), each.get_array()) for each in ax.images]


def test_pictures_stand_in_rows_from_left_to_right_without_overlap():
    pictures = CALLS["images"][0]
    drawn = drawn_pictures(plotting.images(pictures, columns=2))
    for (_, grey), picture in zip(drawn, pictures, strict=True):
        np.testing.assert_array_equal(grey, picture)
    lefts, rights, bottoms, tops = np.transpose([extent for extent, _ in drawn])
    assert (rights - lefts == 3).all()
    assert (bottoms - tops == 4).all()
    assert lefts[0] == lefts[2] == lefts[4] < rights[0] < lefts[1] == lefts[3]
    assert tops[0] == tops[1] < bottoms[0] < tops[2] == tops[3] < bottoms[2] < tops[4]


def test_ink_is_black_and_paper_white_whatever_the_picture_holds():
    ax = plotting.images(np.stack([np.full((2, 2), 0.5), np.ones((2, 2))]))
    for image in ax.images:
        assert image.get_clim() == (0, 1)
        np.testing.assert_allclose(image.cmap(image.norm(1.0))[:3], 0, atol=0.01)
        np.testing.assert_allclose(image.cmap(image.norm(0.0))[:3], 1, atol=0.01)


@pytest.mark.parametrize("captions", [None, ["a", "b", "c", "d", "e"]])
def test_all_pictures_and_their_captions_lie_within_the_axes(captions):
    ax = plotting.images(CALLS["images"][0], captions=captions, columns=2)
    assert [text.get_text() for text in ax.texts] == (captions or [])
    (low, high), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for (left, right, lower, upper), _ in drawn_pictures(ax):
        assert low <= left < right <= high
        assert top <= upper < lower <= bottom
    for text, (extent, _) in zip(ax.texts, drawn_pictures(ax), strict=False):
        x, y = text.get_position()
        assert (x, text.get_ha()) == ((extent[0] + extent[1]) / 2, "center")
        assert top < y < extent[3]
    assert not ax.axison


# Classification


def test_a_confusion_matrix_has_its_counts_at_row_and_column():
    (counts,) = CALLS["confusion"]
    ax = plotting.confusion(counts)
    written = {text.get_position()[::-1]: int(text.get_text()) for text in ax.texts}
    assert written == {place: count for place, count in np.ndenumerate(counts) if count}
    assert labels(ax) == ("predicted", "true")
    assert ax.get_xticks().tolist() == ax.get_yticks().tolist() == [0, 1, 2]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top


def test_the_colours_of_a_confusion_matrix_are_those_of_the_mistakes():
    (image,) = plotting.confusion(CALLS["confusion"][0]).images
    np.testing.assert_array_equal(image.get_array(), [[0, 2, 0], [0, 0, 1], [3, 0, 0]])
    assert image.get_clim() == (0, 6)
    (perfect,) = plotting.confusion(np.diag([4, 5])).images
    assert perfect.get_clim() == (0, 1)


def test_a_reliability_diagram_has_a_point_a_bin_of_equal_width():
    confidence = np.array([0.05, 0.51, 0.59, 0.61, 0.95, 1.0])
    correct = np.array([False, True, False, True, True, True])
    diagonal, line = plotting.reliability(confidence, correct).lines
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    expected = [[0.05, 0], [0.55, 0.5], [0.61, 1], [0.975, 1]]
    np.testing.assert_allclose(line.get_xydata(), expected)


def test_the_number_of_bins_can_be_chosen_and_an_edge_belongs_to_the_lower_bin():
    confidence, correct = np.array([0.5, 0.25, 0.75]), np.array([1, 1, 0])
    ax = plotting.reliability(confidence, correct, bins=2)
    expected = [[0.375, 1], [0.75, 0]]
    np.testing.assert_allclose(ax.lines[-1].get_xydata(), expected)


def test_a_second_line_shares_the_diagonal_and_has_its_name_in_the_legend():
    confidence, correct = CALLS["reliability"]
    ax = plotting.reliability(confidence, correct, label="one")
    plotting.reliability(confidence, ~correct, label="other", ax=ax)
    assert len(ax.lines) == 3
    assert legend(ax) == ["one", "other"]
    assert labels(ax) == ("confidence", "share of right predictions")
    assert plotting.reliability(confidence, correct).get_legend() is None


# The style


def test_the_style_of_the_book_has_no_background():
    with plt.style.context("tfbook.book"):
        for name in ("figure", "axes", "savefig"):
            assert mpl.rcParams[f"{name}.facecolor"] == "none"
        figure, ax = plt.subplots()
        assert figure.get_facecolor()[3] == ax.get_facecolor()[3] == 0
        figure.canvas.draw()
        assert np.asarray(figure.canvas.buffer_rgba())[0, 0, 3] == 0


def test_the_colours_of_the_style_are_those_of_okabe_and_ito():
    # The eight without black and yellow.
    names = "#E69F00 #56B4E9 #009E73 #0072B2 #D55E00 #CC79A7"
    with plt.style.context("tfbook.book"):
        cycle = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    assert sorted(cycle) == sorted(names.split())

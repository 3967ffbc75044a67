"""What holds for every exercise, and that pages and checks name the same ones."""

import importlib
import pkgutil
import re
from pathlib import Path

import keras
import pytest

from tfbook import exercises
from tfbook.exercises._answers import letters

PAGES = sorted((Path(__file__).parents[2] / "book").glob("*/*.md"))
TEXTS = {page.stem: page.read_text() for page in PAGES}
PROBLEMS = "problems"  # of other pages, whose modules check them
NAMES = sorted(exercises.checks())


def modules() -> dict[str, list[str]]:
    """Name the checks of each page's module."""
    names = [each.name for each in pkgutil.iter_modules(exercises.__path__)]
    pages = [name for name in names if not name.startswith("_")]
    package = exercises.__name__
    return {
        page: importlib.import_module(f"{package}.{page}").__all__ for page in pages
    }


def test_two_pages_have_no_exercise_of_the_same_name():
    names = [name for listed in modules().values() for name in listed]
    assert sorted(names) == sorted(set(names)) == sorted(exercises.checks())


def asked(page: str) -> set[str]:
    """Name the checks that a page calls."""
    return set(re.findall(r'exercises\.check\(\s*"(\w+)"', TEXTS[page]))


@pytest.mark.parametrize("page", modules())
def test_each_check_of_a_module_is_asked_for_on_its_page_or_as_a_problem(page):
    checked = set(modules()[page])
    assert asked(page) <= checked
    assert checked - asked(page) <= asked(PROBLEMS)
    assert not asked(page) & asked(PROBLEMS)


def test_each_problem_has_a_check_and_says_how_long_it_takes():
    assert asked(PROBLEMS) <= set(NAMES)
    texts = re.findall(
        r"^```\{exercise\}.*\n:label: \S+\n\n(.*)", TEXTS[PROBLEMS], re.MULTILINE
    )
    assert len(texts) == len(asked(PROBLEMS))
    assert all(re.match(r"\*About \d+ minutes[.,]", text) for text in texts)


def test_a_page_that_checks_answers_has_a_module_that_does():
    pages = {page for page, text in TEXTS.items() if "exercises.check(" in text}
    assert pages - {PROBLEMS} == modules().keys()


@pytest.mark.parametrize("page", TEXTS)
def test_every_exercise_has_a_solution(page):
    exercise = r"^```\{exercise\}.*\n:label: (\S+)"
    solution = r"^```\{solution(?:-start)?\} (\S+)"
    labels = re.findall(exercise, TEXTS[page], re.MULTILINE)
    assert labels == re.findall(solution, TEXTS[page], re.MULTILINE)
    assert len(labels) == TEXTS[page].count("```{exercise}")


@pytest.mark.parametrize("page", TEXTS)
def test_every_solution_in_code_is_asserted_to_be_right(page):
    asserted = re.findall(
        r'assert exercises\.hint\(\s*"(\w+)",[^)]*\) is None', TEXTS[page]
    )
    assert asked(page) == set(asserted)


def unwritten(x): ...


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stub", [None, ..., unwritten])
def test_a_stub_is_told_from_an_answer(name, stub):
    assert exercises.hint(name, stub).startswith("nothing to check yet")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", ["no", object(), lambda *_: 1 / 0, []])
def test_whatever_the_answer_the_hint_is_one_line(name, answer):
    hint = exercises.hint(name, answer)
    assert hint
    assert "\n" not in hint


def test_check_says_nothing_of_a_stub(capsys):
    exercises.check("column", unwritten)
    exercises.check("feature_scale", keras.layers.Layer)
    exercises.check("remembering_linear", keras.layers.Layer)
    assert capsys.readouterr().out == ""


def test_check_prints_the_verdict(capsys):
    exercises.check("column", lambda y: y[:, None])
    exercises.check("column", lambda y: y)
    right, wrong = capsys.readouterr().out.splitlines()
    assert right == "column: right"
    assert wrong.startswith("column: of 3 targets")


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"got 'colunm'; did you mean 'column'\?"):
        exercises.hint("colunm", 1)


@pytest.mark.parametrize(
    "answer",
    ["BD", "b, d", "B and D", {"b", "d"}, ["d", "B"], ("(b)", "(d)"), "b/d.", "D+b"],
)
def test_letters_are_read_however_they_are_written(answer):
    assert letters(answer, "abcd") == {"b", "d"}
    assert letters(answer, "ABCD") == {"B", "D"}


@pytest.mark.parametrize("answer", ["be", 2, [2], {"bd", "x"}, object(), "b?"])
def test_what_is_not_one_of_the_letters_is_refused(answer):
    assert letters(answer, "abcd") is None


# The exercises that are answered with letters, and their right ones.
LETTERS = {
    "comparison_flaws": "acef",
    "dropout_flaws": "abde",
    "eight_times": "c",
    "equal_units": "AD",
    "flaws": "abce",
    "lost_state": "abc",
    "nine_flaws": "abde",
    "report_flaws": "BCDF",
    "snapshot": "abce",
    "unfair": "bce",
    "unfair_race": "ACE",
    "which_part": "dab",
    "wrong_line": "d",
}


@pytest.mark.parametrize("name", LETTERS)
@pytest.mark.parametrize("write", [str.lower, str.upper, ", ".join, set, tuple])
def test_an_answer_of_letters_may_be_a_text_or_a_set(name, write):
    assert exercises.hint(name, write(LETTERS[name])) is None
    assert exercises.hint(name, write(LETTERS[name][1:])) is not None

"""Nothing that a learner writes ends, blocks or floods the grader: each gets one clear sentence."""

import subprocess
import sys
import time

import numpy as np
import pytest

import minigrad
from minigrad import learn
from minigrad.learn import process, report, sandbox
from minigrad.learn.__main__ import main
from minigrad.learn.exercises import exercises

HOSTILE = {
    "while True: pass": "did not end in 1 seconds",
    "raise SystemExit": "ended the program",
    "exit(3)": "slope",
    "return slope(f, x)": "called itself until Python gave up in line 2",
    "1 / 0": "slope stopped with ZeroDivisionError in line 2, `1 / 0`: division by zero",
    "raise KeyboardInterrupt": "slope stopped with KeyboardInterrupt in line 2",
    "return 'abc'": "slope returned text, abc; it should return a number",
    "return None": "Is a `return` missing?",
    "return f": "slope returned a function",
    "return {}": "slope returned a dict",
    "return [1, 2]": "slope returned 2 numbers, [1, 2]; it should return one",
    "return __import__('numpy').ones(10**6)": "slope returned 1000000 numbers, numbers of shape (1000000,)",
    "return input('x?')": "waits for input()",
    "return 'x' * 10**7": "slope returned text, xxx",
    "return 1j": "slope returned a complex",
    "return ...": "still returns the `...` of the starter",
}


def answer(body):
    return "def slope(f, x):\n    " + body + "\n"


@pytest.mark.parametrize("body", HOSTILE)
def test_each_way_to_fail_has_a_sentence(body):
    begun = time.process_time()
    scope = sandbox.functions_of(answer(body), "lesson_00.py", ("slope",))
    said = " ".join(repr(learn.check(scope["slope"])).split())
    assert HOSTILE[body] in said
    assert len(said) < 700
    assert time.process_time() - begun < 2.0


def test_a_broken_file_has_a_sentence():
    for source, sentence in {
        "def slope(f, x)\n    return 1": "Python cannot read the file: expected ':' in line 1",
        "x = 1": "no function named slope",
        "import nowhere_at_all": "No module named 'nowhere_at_all'",
        "while True: pass": "did not end in 0.3 seconds",
        "import sys; sys.exit()": "ended the program",
        "a\0b": "cannot read the file",
    }.items():
        with pytest.raises(sandbox.TroubleError) as caught:
            sandbox.functions_of(source, "lesson_00.py", ("slope",), 0.3)
        assert sentence in str(caught.value)


def test_what_is_printed_is_shown_and_bounded():
    def slope(f, x):
        print("here I am " * 1000)  # noqa: T201
        for _ in range(1000):
            print(x)  # noqa: T201

    said = repr(learn.check(slope))
    assert "your code printed\n      here I am" in said
    assert said.count("here I am here") < 10  # of the smallest case alone
    assert len(said) < 1200


def test_an_input_that_is_overwritten_is_noticed():
    def damage(x):
        x *= 2
        return x

    with pytest.raises(sandbox.TroubleError, match="changed its input"):
        sandbox.Answer({"damage": damage}).damage(np.ones(2))


def test_a_process_that_ends_or_never_ends_has_a_sentence(tmp_path):
    path = tmp_path / "lesson_00.py"
    path.write_text("import os\nos._exit(3)\n")
    assert process.check_file(exercises[0], path) == (
        False,
        "0 nudge   not yet\n  Python itself ended while it ran your file.",
    )
    stubborn = "def slope(f, x):\n    while True:\n        try:\n            while True: pass\n"
    path.write_text(stubborn + "        except BaseException: pass\n")
    passed, said = process.check_file(exercises[0], path)
    assert not passed
    assert "did not end in 1 seconds" in said


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_start_never_writes_over_work(folder, capsys):
    assert main(["start", "0"]) == 0
    assert "Edit lesson_00.py" in capsys.readouterr().out
    (folder / "lesson_00.py").write_text("my work")
    assert main(["start", "0"]) == 1
    assert (folder / "lesson_00.py").read_text() == "my work"
    page = folder / "page.html"
    page.write_text("mine")
    assert main(["show", "0", "--html", "page.html"]) == 2
    assert page.read_text() == "mine"


def test_the_way_through_a_lesson(folder, capsys):
    assert main(["check", "3"]) == 2
    assert "Start the lesson first" in capsys.readouterr().out
    main(["start", "3"])
    assert main(["check", "3"]) == 1
    assert "Only the part that came last is kept" in capsys.readouterr().out
    assert main(["show", "3", "--html", "page.html"]) == 1
    said = capsys.readouterr().out
    assert "BACKWARD" in said and "page.html" in said and (folder / "page.html").exists()
    (folder / "lesson_03.py").write_text(exercises[3].solution)
    assert main(["check", "3"]) == 0
    capsys.readouterr()
    main([])
    assert "[x]  3" in capsys.readouterr().out


def test_progress_that_cannot_be_read_is_no_progress(folder, capsys):
    for text in ("", "[1]", '{"done": 3}', "\x00"):
        (folder / ".minigrad-learn.json").write_text(text)
        assert main([]) == 0
        assert "[x]" not in capsys.readouterr().out


@pytest.mark.parametrize("exercise", exercises, ids=str)
def test_hints_and_solution_are_printed(exercise, capsys):
    for which in ("1", "2", "3"):
        assert main(["hint", str(exercise.number), which]) == 0
    assert main(["solution", str(exercise.number)]) == 0
    assert exercise.solution.strip() in capsys.readouterr().out


def test_check_finds_the_lesson_by_name_or_number():
    def slope(f, x):
        return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5

    assert learn.check(slope)
    slope.__name__ = "of_another_name"
    assert learn.check(slope, lesson=0)
    with pytest.raises(ValueError, match="no lesson asks for a function named <lambda>"):
        learn.check(lambda: 0)
    with pytest.raises(ValueError, match="there is no lesson 99"):
        learn.check(slope, lesson=99)
    with pytest.raises(TypeError, match=r"learn\.check takes functions"):
        learn.check(3)
    with pytest.raises(TypeError, match="mul_rule, log_rule is missing"):
        learn.check(_named("sin_rule"))


def test_a_test_of_ones_own_fails_with_the_report():
    with pytest.raises(AssertionError, match="Is a `return` missing"):
        learn.check(_named("slope", None)).require()
    learn.check(lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 2e-5, lesson=0).require()


def _named(name, result=0):
    def function(*_):
        return result

    function.__name__ = name
    return function


def test_a_wrong_answer_is_explained_in_a_notebook(capsys):
    def gradients(x, y):
        return 1, 1, 1, 1, 1, 1

    verdict = learn.check(gradients)
    verdict.show()
    assert "BACKWARD" in capsys.readouterr().out


def test_the_ladder_shows_what_is_next():
    said = report.ladder(exercises, {0}, {1})
    assert "[x]  0" in said and "[.]  1" in said and said.endswith("check 1")
    assert report.ladder(exercises, range(20), ()).endswith("All done.")


def test_importing_minigrad_does_not_load_the_exercises():
    code = "import sys, minigrad; print('minigrad.learn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_grading_leaves_the_random_stream_as_it_was():
    before = minigrad.get_rng_state()
    scope = sandbox.functions_of(exercises[14].solution, "lesson_14.py", ("train",))
    assert learn.check(scope["train"])
    assert minigrad.equal(minigrad.get_rng_state(), before)

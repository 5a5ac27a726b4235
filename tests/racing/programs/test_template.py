import pytest
from hypothesis import given
from hypothesis import strategies as st

from sooner.errors import RecipeError
from sooner.racing.programs.template import fill, places, require_executable, words


def test_words_are_those_of_a_shell():
    assert words("python 'my train.py' --name=\"a b\" \\$HOME") == ["python", "my train.py", "--name=a b", "$HOME"]


def test_places_are_filled_and_double_braces_are_braces():
    command = "train --seed={seed} --epochs {budget} --set '{{\"lr\": 1}}'"
    assert places(command) == {"seed", "budget"}
    assert fill(command, {"seed": "7", "budget": "2.5"}) == [
        "train",
        "--seed=7",
        "--epochs",
        "2.5",
        "--set",
        '{"lr": 1}',
    ]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("train {sead}", r"\{sead\}; the race fills in \{seed\} and \{budget\} alone"),
        ("train {}", r"has \{\}; the race"),
        ("train {seed:03d}", r"has \{seed:03d\}"),
        ("train {seed!r}", r"has \{seed!r\}"),
        ("train '{seed.real}'", r"has \{seed.real\}"),
        ("train {seed", "a brace that is not closed"),
        ("train '{\"a\": 1}'", r"Write \{\{ and \}\}"),
        ("train 'x", "cannot be split into words: no closing quotation"),
        ("", "a command is empty"),
        ("train\0", "null character"),
        ("train {seed} | tee log", r"has a \|, but no shell runs it; .*sh -c"),
    ],
)
def test_what_cannot_be_filled_in_is_refused(command, says):
    with pytest.raises(RecipeError, match=says):
        places(command)


@given(st.text(max_size=40))
def test_any_text_is_a_command_or_refused(command):
    try:
        found = places(command)
    except RecipeError:
        return
    assert fill(command, {"seed": "1", "budget": "2"})
    assert found <= {"seed", "budget"}


def test_a_command_must_start_with_a_program(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("")
    require_executable("sh -c 'true'")
    require_executable("./train-{seed}.sh")  # known only when it runs
    for command, says in [
        ("no-such-program-here {seed}", "not on PATH"),
        ("./no/such.sh {seed}", "no such file"),
        (f"{script} {{seed}}", f"name what runs it, such as: python {script}"),
        ("OMP_NUM_THREADS=1 python train.py", "env OMP_NUM_THREADS=1"),
    ]:
        with pytest.raises(RecipeError, match=says):
            require_executable(command)

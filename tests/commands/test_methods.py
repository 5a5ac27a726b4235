import subprocess
import sys

import pytest

from sooner import registry
from sooner.recipes import shipped
from tests.commands.line import Run


def test_all_methods_and_recipes_are_listed(sooner: Run) -> None:
    status, out, _ = sooner("methods")
    assert status == 0
    words = set(out.split())
    assert {method.name for method in registry.methods()} <= words
    assert {recipe.name for recipe in shipped()} <= words


def test_one_is_shown_in_full(sooner: Run) -> None:
    status, out, _ = sooner("methods", "rs2")
    assert status == 0
    assert "fraction: float" in out
    assert "Okanovic et al." in out
    assert "sampling: {name: rs2, fraction: 0.3}" in out


def test_a_pattern_shows_those_that_match(sooner: Run) -> None:
    status, out, _ = sooner("methods", "s*")
    assert status == 0
    assert "static" in out
    assert "infobatch" not in out
    assert "static-10" in out
    assert "rs2-10" not in out


def test_a_recipe_is_shown_with_the_method_that_it_uses(sooner: Run) -> None:
    status, out, _ = sooner("methods", "rs2-10")
    assert status == 0
    assert "rs2-10, a recipe that uses rs2" in out
    assert "sampling: {name: rs2, fraction: 0.1, drop_last: true}" in out
    assert "a lane of mnist, fashion_mnist, cifar10, cifar100" in out
    assert "Okanovic et al." in out
    status, out, _ = sooner("methods", "baseline")
    assert (status, "The task's own recipe" in out) == (0, True)


def test_a_method_names_its_recipes(sooner: Run) -> None:
    _, out, _ = sooner("methods", "rs2")
    assert ["recipes", "rs2-10,", "rs2-30"] in [line.split() for line in out.splitlines()]


@pytest.mark.parametrize(
    ("given", "meant"),
    [("rs-10", "rs2-10"), ("infobtach", "infobatch"), ("RS2", "rs2"), ("baseline@3.6ep", "baseline")],
)
def test_a_near_miss_is_told_what_was_meant(sooner: Run, given: str, meant: str) -> None:
    status, _, err = sooner("methods", given)
    assert status == 2
    assert f"did you mean '{meant}'?" in err


@pytest.mark.parametrize("command", [["methods"], ["methods", "rs2-10"], ["tasks"], ["tasks", "digits"], ["--help"]])
def test_listing_loads_no_torch(command: list[str]) -> None:
    code = (
        "import sys, atexit; sys.argv = ['sooner', *sys.argv[1:]]; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); from sooner.cli import main; main()"
    )
    run = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    assert {"torch", "numpy", "yaml", "scipy", "lightning_fabric"} & set(run.stderr.split()) == set()
    assert "sooner.cli" in run.stderr


def test_no_match_is_one_message_and_status_2(sooner: Run) -> None:
    status, _, err = sooner("methods", "nothing")
    assert status == 2
    assert "no method or recipe matches 'nothing'; allowed: " in err
    assert "rs2" in err

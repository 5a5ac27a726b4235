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
    assert "Recipes for --lanes" not in out


def test_no_match_is_one_message_and_status_2(sooner: Run) -> None:
    status, _, err = sooner("methods", "nothing")
    assert status == 2
    assert "no method matches 'nothing'; there are: " in err
    assert "rs2" in err

"""What is taken on the lanes' own word is said of programs and functions, and not of recipes."""

import pytest

from sooner.reporting.checks import checks
from sooner.reporting.own_word import own_word
from sooner.results.records import Lane
from tests.reporting.races import race, run


@pytest.mark.parametrize(("holds", "named"), [("function", "functions"), ("command", "programs")])
def test_a_race_of_them_says_what_it_cannot_measure(holds: str, named: str) -> None:
    lane = Lane("baseline", "baseline", {holds: "a"}, [run([0.1, 0.9])])
    (check,) = own_word(race([lane]))
    assert (check.level, check.subject) == ("caution", "Own word")
    assert check.text.startswith(
        f"The metric is each lane's own word, as a race of {named} cannot measure it. So is its"
    )
    assert check in checks(race([lane]))


def test_of_a_count_that_no_lane_gives_nothing_is_said() -> None:
    lane = Lane("baseline", "baseline", {"function": "a"}, [run([0.1, 0.9])], counts_examples=False)
    (check,) = own_word(race([lane]))
    assert "So is its" not in check.text


def test_of_recipes_the_race_measures_both() -> None:
    assert list(own_word(race([Lane("baseline", "baseline", {"model": "mlp"}, [run([0.1, 0.9])])]))) == []

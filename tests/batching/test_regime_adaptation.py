import pytest

from sooner.batching import RegimeAdaptation, SqrtScaling
from sooner.budget import Budget


@pytest.mark.parametrize(
    ("given", "stretched"), [("8ep", "256ep"), ("0.5ep", "16ep"), ("1000ex", "32000ex"), ("2000ba", "2000ba")]
)
def test_the_number_of_updates_stays(given, stretched):
    n, small, large = 60_000, 128, 4096
    before = Budget.parse(given)
    after = RegimeAdaptation(large, reference=small).budget(before)
    assert str(after) == stretched
    assert after.examples(n, large) / large == pytest.approx(before.examples(n, small) / small)


def test_seconds_hold_no_number_of_updates():
    with pytest.raises(ValueError, match=r"a budget of 90s does not have a fixed one: give it in epochs"):
        RegimeAdaptation(4096, reference=128).budget(Budget.parse("90s"))


def test_the_learning_rate_grows_with_the_square_root():
    assert RegimeAdaptation(2048, reference=128).lr_scale == SqrtScaling(2048, reference=128).lr_scale == 4.0

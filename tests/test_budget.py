import pytest
from hypothesis import given
from hypothesis import strategies as st

from sooner.budget import Budget

SPENT = {"step": 0, "examples": 0, "seconds": 0.0, "n": 100}


@pytest.mark.parametrize(
    ("text", "amount", "unit", "shortest"),
    [
        ("10ep", 10, "ep", "10ep"),
        ("0.35ep", 0.35, "ep", "0.35ep"),
        (".5ep", 0.5, "ep", "0.5ep"),
        ("5000ba", 5000, "ba", "5000ba"),
        ("5e3ba", 5000, "ba", "5000ba"),
        ("2e6ex", 2_000_000, "ex", "2000000ex"),
        ("1.5E+2ex", 150, "ex", "150ex"),
        (" 90 s ", 90, "s", "90s"),
        ("0.1x", 0.1, "x", "0.1x"),
    ],
)
def test_reads_a_number_and_a_unit_and_writes_the_shortest_form(text, amount, unit, shortest):
    budget = Budget.parse(text)
    assert budget == Budget(amount, unit)
    assert str(budget) == shortest


@given(
    st.one_of(
        st.builds(Budget, st.floats(1e-6, 1e30), st.sampled_from(["ep", "s", "x"])),
        st.builds(Budget, st.integers(1, 10**20), st.sampled_from(["ba", "ex"])),
    )
)
def test_text_round_trip(budget):
    assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize(
    "given", ["", "10", "ep", "ten ep", "10epochs", "-1ep", "1,000ex", "10ep 5ba", "nanep", 10, None]
)
def test_what_is_no_budget_is_refused_with_what_is_allowed(given):
    with pytest.raises(ValueError, match=r"10ep.*5000ba.*2e6ex.*90s.*0\.1x") as error:
        Budget.parse(given)
    assert repr(given) in str(error.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0ep", "above 0"),
        ("1e999ep", "finite"),
        ("2.5ba", "whole number"),
        ("0.5ex", "whole number"),
        ("0x", "above 0"),
    ],
)
def test_an_impossible_amount_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        Budget.parse(text)


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="ep, ba, ex, s or x, not 'h'"):
        Budget(1, "h")


@pytest.mark.parametrize(
    ("text", "factor", "scaled"),
    [
        ("10ep", 0.1, "1ep"),
        ("3ep", 0.1, "0.3ep"),  # 0.30000000000000004 in floating point
        ("5000ba", 0.3, "1500ba"),
        ("7ba", 0.5, "4ba"),
        ("3ba", 0.01, "1ba"),
        ("90s", 0.5, "45s"),
        ("0.5x", 0.1, "0.05x"),
    ],
)
def test_scaled(text, factor, scaled):
    assert str(Budget.parse(text).scaled(factor)) == scaled


@pytest.mark.parametrize("factor", [0, -1, float("nan")])
def test_scaling_by_nothing_is_refused(factor):
    with pytest.raises(ValueError, match="above 0"):
        Budget.parse("10ba").scaled(factor)


@pytest.mark.parametrize(
    ("text", "examples"),
    [("2ep", 200), ("0.355ep", 36), ("0.001ep", 1), ("7ba", 224), ("2e6ex", 2_000_000), ("9s", None)],
)
def test_examples_it_pays_for(text, examples):
    assert Budget.parse(text).examples(n=100, batch_size=32) == examples


@pytest.mark.parametrize(
    ("text", "spent", "progress"),
    [
        ("2ep", {"examples": 50, "step": 9, "seconds": 9}, 0.25),
        ("8ba", {"step": 2, "examples": 999}, 0.25),
        ("400ex", {"examples": 100, "step": 999}, 0.25),
        ("8s", {"seconds": 2.0, "examples": 999}, 0.25),
        ("8s", {"seconds": 9.0}, 1.0),
        ("1ep", {"examples": 128}, 1.0),
        ("1ep", {}, 0.0),
    ],
)
def test_progress_is_the_share_of_its_own_unit(text, spent, progress):
    assert Budget.parse(text).progress(**{**SPENT, **spent}) == progress


@given(st.integers(1, 10**6), st.floats(1e-3, 1e3))
def test_the_examples_it_pays_for_are_those_that_finish_it(n, epochs):
    budget = Budget(epochs, "ep")
    needed = budget.examples(n, batch_size=1)
    assert budget.progress(step=0, examples=needed, seconds=0, n=n) >= 1
    assert budget.progress(step=0, examples=needed - 1, seconds=0, n=n) < 1


def test_the_last_binary_digits_cost_no_further_batch():
    assert 0.07 * 100 > 7
    assert Budget.parse("0.07ep").progress(step=0, examples=7, seconds=0, n=100) >= 1


def test_a_relative_budget_has_to_be_resolved_first():
    share = Budget.parse("0.1x")
    assert share.relative
    assert not Budget.parse("10ep").relative
    with pytest.raises(ValueError, match=r"0\.1x is a share of another budget"):
        share.progress(**SPENT)
    with pytest.raises(ValueError, match=r"0\.1x is a share of another budget"):
        share.examples(n=100, batch_size=1)

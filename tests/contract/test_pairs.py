"""Pairs of methods: the rule of every one, and training of a few of each two kinds, besides a sample of all."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from sooner.combining import relation
from sooner.errors import RecipeError
from sooner.recipes import Recipe
from sooner.registry import methods
from sooner.seams import seam
from tests.contract.pairs import (
    SAMPLED,
    SEED,
    all_pairs,
    called,
    kind,
    recipe,
    representatives,
    sample,
    shares_a_field,
    train,
    trainable,
)

TABLE = Path(__file__).parents[2] / "docs" / "pairs.tsv"
REFUSED = [pair for pair in all_pairs() if relation(*pair).kind == "refused"]
CALLED = {called(pair): pair for pair in all_pairs()}


def test_the_rule_of_every_pair_is_the_same_either_way_and_the_one_in_the_docs() -> None:
    rows = [line.split("\t") for line in TABLE.read_text().splitlines()[1:]]
    listed = {f"{one} + {other}": (kind, reason) for one, other, kind, reason in rows}
    assert listed.keys() == CALLED.keys()
    for name, (one, other) in CALLED.items():
        how = relation(one, other)
        assert relation(other, one) == how
        assert (how.kind, how.reason) == listed[name]


def test_a_pair_is_refused_where_a_record_says_so_or_a_run_has_one_of_the_two_and_nowhere_else() -> None:
    for one, other in all_pairs():
        named = [
            reason
            for method, beside in ((one, other), (other, one))
            for pattern, reason in method.refuses.items()
            if fnmatchcase(f"{beside.seam}/{beside.name}", pattern)
        ]
        rivals = one.seam == other.seam and not one.many and not other.many
        how = relation(one, other)
        assert (how.kind == "refused") == bool(named or rivals), called((one, other))
        if how.kind == "refused":
            assert how.reason in (named or [seam(one.seam).alone])


def test_what_a_record_refuses_is_there() -> None:
    known = [f"{method.seam}/{method.name}" for method in methods()]
    for method in methods():
        for pattern in method.refuses:
            assert any(fnmatchcase(name, pattern) for name in known), f"{method.name} refuses {pattern}: there is none"


def of_each_reason() -> list[str]:
    """One refused pair for each reason and two kinds, of those that a recipe has room for."""
    found = {}
    for one, other in REFUSED:
        if not (shares_a_field(one, other) and one.seam == "optim" and not one.many):
            found.setdefault((relation(one, other).reason, kind(one), kind(other)), called((one, other)))
    return list(found.values())


@pytest.mark.parametrize("pair", of_each_reason())
def test_a_recipe_with_a_refused_pair_is_refused_with_the_reason(pair: str) -> None:
    one, other = CALLED[pair]
    for fields in (recipe(one, other), recipe(other, one)):
        with pytest.raises(RecipeError) as error:
            Recipe(**fields)
        assert relation(one, other).reason in str(error.value)


@pytest.mark.parametrize("pair", [called(pair) for pair in representatives()])
def test_two_kinds_train_together(pair: str) -> None:
    train(*CALLED[pair])


@pytest.mark.parametrize("pair", [called(pair) for pair in sample()], ids=lambda pair: f"seed {SEED}: {pair}")
def test_a_sample_of_all_pairs_trains(pair: str) -> None:
    train(*CALLED[pair])


def test_how_many_are_trained_grows_with_the_kinds_and_not_with_the_methods() -> None:
    kinds = {kind(method) for method in methods()}
    seams = {method.seam for method in methods()}
    assert len(kinds) <= 4 * len(seams)
    assert len(representatives()) <= len(kinds) * (len(kinds) + 1) // 2
    assert len(sample()) == SAMPLED
    met = {frozenset((one.seam, other.seam)) for one, other in representatives()}
    together = {frozenset((one.seam, other.seam)) for one, other in trainable()}
    assert met == together

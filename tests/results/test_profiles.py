"""Profiles against ones worked out by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from sooner.results.profiles import Identity, by_name, identities, left_out, profiles
from sooner.results.records import Lane, Results, Role, Run

BASELINE, A, B = (Identity("lane", (name,)) for name in ("baseline", "a", "b"))
Times = Sequence[float | None]


def lane(
    name: str,
    times: Times,
    *,
    role: Role = "lane",
    added_for: str | None = None,
    budget: str = "8ep",
    rate: float = 0.1,
) -> Lane:
    runs = [Run(k, t is not None, t, t and t * 10, t and t * 100, 99.0, 0.9, 0.9, {}, []) for k, t in enumerate(times)]
    return Lane(name, role, {"name": name, "budget": budget, "rate": rate}, runs, added_for)


def race(*lanes: Lane) -> Results:
    return Results("t", 0.9, "accuracy", "first-hit", "cpu", "2026", list(lanes), [])


def races(**tasks: Mapping[str, Times]) -> dict[str, Results]:
    return {
        task: race(
            *(lane(name, times, role="baseline" if name == "baseline" else "lane") for name, times in lanes.items())
        )
        for task, lanes in tasks.items()
    }


def test_by_hand() -> None:
    # Medians: on one, baseline 4 and fast 2; on two, 3 and none (two of three missed); on three, 9 and 3.
    found = profiles(
        races(
            one={"baseline": [4.0, 5.0, 3.0], "fast": [2.0, 1.0, None]},
            two={"baseline": [3.0, 3.0, 3.0], "fast": [1.0, None, None]},
            three={"baseline": [9.0, 9.0, 9.0], "fast": [3.0, 3.0, 3.0]},
        ),
        "wall",
    )
    baseline, fast = sorted(found, key=lambda each: each.identity.lanes)
    assert baseline.times == {"one": 4.0, "two": 3.0, "three": 9.0}
    assert baseline.factors == {"one": 2.0, "two": 1.0, "three": 3.0}
    assert fast.factors == {"one": 1.0, "two": None, "three": 1.0}
    assert [baseline.share(tau) for tau in (1.0, 1.99, 2.0, 2.5, 3.0, 100.0)] == [1 / 3, 1 / 3, 2 / 3, 2 / 3, 1, 1]
    assert [fast.share(tau) for tau in (1.0, 100.0)] == [2 / 3, 2 / 3]
    # Baseline: 1/3 from 1 to 2, 2/3 from 2 to 3, 1 from 3 to 4.
    assert baseline.area == pytest.approx((1 / 3 + 2 / 3 + 1) / 3)
    assert fast.area == pytest.approx(2 / 3)


def test_a_factor_beyond_the_reach_adds_no_area() -> None:
    fast, slow = profiles(races(one={"slow": [8.0], "fast": [2.0]}, two={"slow": [9.0], "fast": [1.0]}), "wall")
    assert (fast.area, slow.area) == (1.0, 0.0)
    assert slow.share(4.0) == 0.5


@pytest.mark.parametrize(("clock", "expected"), [("wall", 4.0), ("examples", 400.0)])
def test_on_every_clock(clock: str, expected: float) -> None:
    (only,) = profiles(races(one={"baseline": [4.0]}), clock)  # type: ignore[arg-type]
    assert only.times == {"one": expected}


def test_half_of_the_runs_missing_is_no_time() -> None:
    (only,) = profiles(races(one={"baseline": [4.0, None]}), "wall")
    assert (only.times, only.factors, only.area) == ({"one": None}, {"one": None}, 0.0)


def test_controls_are_called_by_what_they_are() -> None:
    def task(budget: str, *, apart: bool) -> Results:
        controls = [lane(f"baseline@{budget}", [2.0], role="control", added_for="a, b", budget=budget)]
        if apart:
            controls = [
                lane("baseline@1ep", [2.0], role="control", added_for="a", budget="1ep"),
                lane("baseline@2ep", [4.0], role="control", added_for="b", budget="2ep"),
            ]
        chosen = lane("random@a", [8.0], role="control", added_for="a", rate=0.5)
        return race(lane("baseline", [8.0], role="baseline"), lane("a", [1.0]), lane("b", [2.0]), *controls, chosen)

    together = {"one": task("1ep", apart=False), "two": task("4ep", apart=False)}
    fitted = Identity("fitted", ("a", "b"))
    known = {each.identity for each in profiles(together, "wall")}
    assert known == {BASELINE, A, B, fitted, Identity("random", ("a",))}
    assert by_name(together["one"])["baseline@1ep"] == fitted
    # Where they are two lanes in one task, each has a profile of its own.
    mixed = {"one": task("1ep", apart=False), "two": task("4ep", apart=True)}
    found = {each.identity: each.times for each in profiles(mixed, "wall")}
    assert found[Identity("fitted", ("a",))] == {"one": 2.0, "two": 2.0}
    assert found[Identity("fitted", ("b",))] == {"one": 2.0, "two": 4.0}
    assert identities(mixed["two"])[Identity("fitted", ("b",))] == "baseline@2ep"
    assert left_out(mixed) == []


def test_a_lane_that_chooses_examples_and_weights_has_two_random_controls() -> None:
    found = identities(
        race(
            lane("baseline", [4.0], role="baseline"),
            lane("a", [2.0]),
            lane("random@a", [3.0], role="control", added_for="a", rate=0.2),
            lane("random-mask@a", [5.0], role="control", added_for="a", rate=0.3),
        )
    )
    assert found[Identity("random", ("a",))] == "random@a"
    assert found[Identity("random-mask", ("a",))] == "random-mask@a"


def test_a_control_without_a_method_is_called_by_lane_and_method() -> None:
    def made(name: str, role: Role, opponents: list[str], added_for: str | None = None, **fields: object) -> Lane:
        recipe = {"name": name, "budget": "8ep", "batch_size": 64, **fields}
        return Lane(name, role, recipe, lane(name, [1.0]).runs, added_for, opponents=opponents)

    ema, lookahead = {"name": "ema"}, [{"name": "lookahead"}]
    both = made("both", "lane", ["baseline", "c", "d"], averaging=ema, wrappers=lookahead)
    found = identities(
        race(
            made("baseline", "baseline", []),
            both,
            made("c", "control", ["baseline"], "both", wrappers=lookahead),
            made("d", "control", ["baseline"], "both", averaging=ema),
        )
    )
    assert found[Identity("without", ("both without ema",))] == "c"
    assert found[Identity("without", ("both without lookahead",))] == "d"


def test_a_lane_that_did_not_run_everywhere_is_left_out_and_sets_no_best() -> None:
    found = races(one={"baseline": [4.0], "odd": [1.0]}, two={"baseline": [4.0]})
    (only,) = profiles(found, "wall")
    assert (only.identity, only.area) == (BASELINE, 1.0)
    assert left_out(found) == [Identity("lane", ("odd",))]


def test_a_target_that_needs_no_training_has_no_factors_but_for_those_that_tie() -> None:
    tied = races(one={"a": [0.0], "b": [0.0], "c": [1.0]})
    found = {each.identity.lanes[0]: each.factors for each in profiles(tied, "wall")}
    assert found == {"a": {"one": 1.0}, "b": {"one": 1.0}, "c": {"one": None}}


def test_a_lane_named_like_a_control_is_no_control() -> None:
    odd = "fitted control of a"
    known = {each.identity for each in profiles({"one": race(lane("a", [1.0]), lane(odd, [2.0]))}, "wall")}
    assert known == {A, Identity("lane", (odd,))}


def test_no_race_has_no_profile() -> None:
    with pytest.raises(ValueError, match="one race"):
        profiles({}, "wall")


def test_a_lane_without_runs_has_solved_nothing() -> None:
    (only,) = profiles({"one": replace(race(lane("baseline", [])), complete=False)}, "wall")
    assert only.times == {"one": None}

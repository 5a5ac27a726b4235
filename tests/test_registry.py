import dataclasses

import pytest

from sooner import registry
from sooner.registry import Method, get, methods, register
from sooner.sampling import RS2


def method(name, make=RS2):
    return Method(
        name=name,
        seam="sampling",
        make=make,
        title="T",
        paper="folklore",
        year=None,
        changes="c",
        costs="c",
        helps="h",
        hurts="h",
    )


@pytest.fixture
def apart(monkeypatch):
    """A registry of the test's own, with what is there already."""
    methods()
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))


def test_by_name_and_pattern():
    assert get("sampling", "rs2").make is RS2
    assert [m.name for m in methods("rs*", seam="sampling")] == ["rs2"]
    assert {"reshuffle", "rs2", "static"} <= {m.name for m in methods()}
    assert methods("RS*") == []
    assert methods(seam="losses", pattern="rs2") == []


def test_sorted_by_seam_and_name():
    keys = [(m.seam, m.name) for m in methods()]
    assert keys == sorted(keys)


def test_options_are_the_methods_own_arguments():
    options = get("sampling", "rs2").options
    assert list(options) == ["drop_last", "fraction", "variant"]
    assert options["variant"].default == "without-replacement"


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(KeyError, match=r"no sampling method is named 'rs'; there are: .*reshuffle.*rs2.*static"):
        get("sampling", "rs")
    with pytest.raises(KeyError, match="no search method is named 'rs2'; there are: "):
        get("search", "rs2")


def test_a_name_is_taken_once(apart):
    new = register(method("new"))
    assert get("sampling", "new") is new
    with pytest.raises(ValueError, match="sampling already has a method named 'new'"):
        register(method("new"))
    register(dataclasses.replace(new, seam="losses"))


def test_a_record_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        get("sampling", "rs2").name = "rs3"
    with pytest.raises(TypeError):
        get("sampling", "rs2").example["fraction"] = 0.5

import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sooner.racing.programs.reading import Reading, UnreadableError, json_reader, pattern_reader


@pytest.mark.parametrize(
    ("pattern", "line", "reading"),
    [
        ("acc=([0-9.]+)", "epoch 3 acc=0.93, loss=0.1", (0.93, None, None, None)),
        ("acc=([0-9.]+)", "Reached acc=0.93.", (0.93, None, None, None)),  # the full stop of a sentence
        (r"acc: (\S+)", "acc: -1.5e-3", (-0.0015, None, None, None)),
        ("acc=([0-9.]+)", "loss=0.1", None),
        (r"(?P<step>\d+) (?P<examples>\d+) (?P<seconds>\S+) (?P<metric>\S+)", "7 448 1.5 0.5", (0.5, 7, 448, 1.5)),
        (r"(?:step (?P<step>\d+) )?acc (?P<metric>\S+)", "acc 0.5", (0.5, None, None, None)),
        (r"step \d+(?: acc (?P<metric>\S+))?", "step 3", None),
    ],
)
def test_a_pattern_finds_the_metric(pattern, line, reading):
    found = pattern_reader(pattern)(line)
    assert (astuple(found) if found else None) == reading


@pytest.mark.parametrize(
    ("pattern", "line", "says"),
    [
        (r"acc=(\S+)", "acc=N/A", "found the metric 'N/A', which is not a number"),
        (r"(?P<step>\S+) (?P<metric>\S+)", "1.5 0.5", "it gave step as 1.5, which is not a whole number"),
        (r"(?P<seconds>\S+) (?P<metric>\S+)", "-1 0.5", "it gave seconds as -1"),
        (r"(?P<seconds>\S+) (?P<metric>\S+)", "nan 0.5", "it gave seconds as nan"),
    ],
)
def test_what_it_finds_must_be_numbers(pattern, line, says):
    with pytest.raises(UnreadableError, match=says):
        pattern_reader(pattern)(line)


def test_json_needs_the_metric_alone():
    assert json_reader('{"metric": 1, "loss": "low"}') == Reading(1.0)
    full = '  {"step": 5, "examples": 6.4e1, "metric": 0.5, "seconds": 2}'
    assert json_reader(full) == Reading(0.5, 5, 64, 2.0)
    assert math.isnan(json_reader('{"metric": NaN}').metric)


@pytest.mark.parametrize("line", ["", "metric", '{"step": 1}', "{'metric': 1}", '["metric"]', "{" * 100_000, "{}"])
def test_other_lines_are_no_metrics(line):
    assert json_reader(line) is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"metric": "accuracy"}', "gave the metric 'accuracy', which is not a number"),
        ('{"metric": true}', "gave the metric True"),
        ('{"metric": 1, "seconds": "12"}', "gave seconds as '12', which is not a number of at least 0"),
        ('{"metric": 1, "step": -1}', "gave step as -1, which is not a whole number of at least 0"),
        ('{"metric": 1, "examples": 9223372036854775808}', "gave examples as 9223372036854775808"),
        ('{"metric": 1, "step": Infinity}', "gave step as inf"),
    ],
)
def test_json_must_give_numbers(line, says):
    with pytest.raises(UnreadableError, match=says):
        json_reader(line)


def test_a_metric_too_large_for_a_float_is_not_finite():
    assert json_reader('{"metric": 1%s}' % ("0" * 400)).metric == math.inf


@given(st.text())
def test_any_line_is_read_or_not(line):
    for read in (json_reader, pattern_reader("(.*)"), pattern_reader(r"(?P<metric>\d)(?P<step>.*)")):
        try:
            found = read(line)
        except UnreadableError:
            continue
        assert found is None or isinstance(found.metric, float)

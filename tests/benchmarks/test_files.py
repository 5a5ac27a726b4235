import json

import pytest

from benchmarks import _files


def test_one_entry_of_a_list_is_one_line_and_what_is_short_stays_on_one():
    runs = [{"seed": seed, "curve": [0.1] * 40} for seed in range(3)]
    text = _files.text({"machine": {"cores": 2}, "runs": runs})
    assert json.loads(text) == {"machine": {"cores": 2}, "runs": runs}
    lines = text.splitlines()
    assert ' "machine": {"cores": 2},' in lines
    assert sum(line.strip().startswith('{"seed"') for line in lines) == 3


def test_rows_are_those_of_the_table():
    rows = [{"a": 1, "b": 0.123456789}, {"a": 2, "c": [1 / 3]}]
    kept = _files.table(rows, 3)
    assert kept == {"columns": ["a", "b", "c"], "rows": [[1, 0.123, None], [2, None, [0.333]]]}
    assert _files.rows(kept) == [{"a": 1, "b": 0.123, "c": None}, {"a": 2, "b": None, "c": [0.333]}]


def test_nothing_is_written_of_what_json_does_not_have(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("before")
    with pytest.raises(ValueError, match="JSON"):
        _files.write(path, {"a": float("nan")})
    assert path.read_text() == "before"

import sys

from benchmarks.startup.measure import compared, table

NOTHING = [sys.executable, "-S", "-c", ""]
WORK = [sys.executable, "-S", "-c", "sum(range(10**7))"]


def test_what_computes_more_has_a_ratio_above_one():
    found = compared(WORK, NOTHING, turns=3)
    assert found["cpu_ratio"] > 1.5
    assert found["cpu_ratio_low"] <= found["cpu_ratio"] <= found["cpu_ratio_high"]
    assert "| import sooner | import torch |" in table({"import sooner": found})

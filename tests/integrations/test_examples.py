"""Every example runs, and learns."""

import re
import runpy
from pathlib import Path

import pytest
import torch

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*_loop.py"))


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_learns(example, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng():
        runpy.run_path(str(example))
    assert float(re.search(r"accuracy (\d\.\d+)", capfd.readouterr().out)[1]) > 0.85

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from sooner.errors import DataError
from sooner.tasks import _files, load_data


def test_hub_data_without_the_extra_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"'owner/name' needs the package datasets: pip install "):
        load_data("owner/name")


def test_so_does_a_file_larger_than_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parquet.write_table(pa.table({"x": [1.0, 2.0], "label": [0, 1]}), tmp_path / "train.parquet")
    monkeypatch.setitem(sys.modules, "datasets", None)
    monkeypatch.setattr(_files, "fits", lambda size: False)
    with pytest.raises(DataError, match=r"which does not fit into memory, needs the package datasets: pip install"):
        load_data(str(tmp_path / "train.parquet"))

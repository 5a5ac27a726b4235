from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from sooner.errors import DataError
from sooner.tasks._files import from_folder, open_part


def write(path: Path, values: list[int]) -> None:
    parquet.write_table(pa.table({"x": values}), path)


def test_parts_by_name_in_pieces(tmp_path: Path) -> None:
    write(tmp_path / "train-00001-of-00002.parquet", [3])
    write(tmp_path / "train-00000-of-00002.parquet", [1, 2])
    write(tmp_path / "validation.parquet", [4])
    write(tmp_path / "trainer.parquet", [9])
    train, test = from_folder(tmp_path)
    assert train.table.column("x").to_pylist() == [1, 2, 3]
    assert test is not None
    assert test.table.column("x").to_pylist() == [4]


def test_test_goes_before_validation(tmp_path: Path) -> None:
    for name, value in (("train", 1), ("validation", 2), ("test", 3)):
        write(tmp_path / f"{name}.parquet", [value])
    _, test = from_folder(tmp_path)
    assert test is not None
    assert test.table.column("x").to_pylist() == [3]


def test_a_single_file_is_all_train(tmp_path: Path) -> None:
    write(tmp_path / "anything.parquet", [1])
    assert from_folder(tmp_path)[1] is None


def test_no_train_file(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [1])
    write(tmp_path / "b.parquet", [1])
    with pytest.raises(DataError, match=r"has no train file.*a\.parquet, b\.parquet"):
        from_folder(tmp_path)
    (tmp_path / "b.parquet").unlink()
    (tmp_path / "a.parquet").rename(tmp_path / "test.parquet")
    with pytest.raises(DataError, match="has no train file"):
        from_folder(tmp_path)


def test_pieces_must_fit_together(tmp_path: Path) -> None:
    write(tmp_path / "train-0.parquet", [1])
    parquet.write_table(pa.table({"x": ["a"]}), tmp_path / "train-1.parquet")
    with pytest.raises(DataError, match="do not have the same columns"):
        from_folder(tmp_path)
    (tmp_path / "train-1.parquet").rename(tmp_path / "train-1.csv")
    with pytest.raises(DataError, match=r"different kinds \(csv, parquet\)"):
        from_folder(tmp_path)


def test_large_files_are_memory_mapped(tmp_path: Path, arrow_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "big.parquet", list(range(1000)))
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 100})())
    part = open_part("train", [tmp_path / "big.parquet"])
    assert part.table.column("x").to_pylist() == list(range(1000))
    assert [Path(file["filename"]).is_relative_to(arrow_cache) for file in part.mapped().cache_files] == [True]
    (tmp_path / "big.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match=r"big\.parquet cannot be read"):
        open_part("train", [tmp_path / "big.parquet"])


def test_columns_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("x,x,label\n1,2,a\n")
    with pytest.raises(DataError, match=r"twice\.csv has several columns named 'x'"):
        open_part("train", [tmp_path / "twice.csv"])


def test_a_csv_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("x,label\n1,é\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"latin\.csv is not UTF-8 text \(see column 'label'\)"):
        open_part("train", [tmp_path / "latin.csv"])

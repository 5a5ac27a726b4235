"""The results of a race as files: read from a race's folder or a file, and written with their report."""

from __future__ import annotations

from pathlib import Path

from sooner import files, reporting
from sooner.errors import StoreError
from sooner.racing import race as racing
from sooner.racing.store import NAME
from sooner.results.records import FORMAT, Results

RESULTS, PAGE = "results.json", "report.html"


def load(path: Path) -> Results:
    """The results of a race: scored from its store where `path` is its folder, else as they were written.

    Raises SoonerError where there are none, or none that this version reads.
    """
    if path.is_dir() and (path / NAME).exists():
        return racing.results(path)
    file = path / RESULTS if path.is_dir() else path
    if not file.is_file():
        raise StoreError(f"there is no race at {path}; give a folder that `sooner race` wrote, or its {RESULTS}")
    try:
        results = Results.load(file)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{file} cannot be read as the results of a race ({type(error).__name__}: {error}); write it again with "
            "`sooner report` on the race's folder"
        ) from error
    if results.format != FORMAT:
        raise StoreError(
            f"{file} has format {results.format}, and this sooner reads {FORMAT}: read it with the sooner that wrote it"
        )
    return results


def write(results: Results, folder: Path) -> None:
    """Write results.json and report.html into `folder`, each whole or not at all; it is made if it is not there.

    Raises:
        OSError: results.json or the folder cannot be written; the caller knows what to do about it.
        StoreError: report.html cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files.write_text(folder / RESULTS, reporting.results_json(results))
    reporting.write_page(results, folder / PAGE)

"""Data sets of the Hugging Face hub, through `datasets`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sooner.errors import DataError
from sooner.tasks._datasets import datasets
from sooner.tasks._files import TEST_NAMES
from sooner.tasks._part import Part

_PATIENCE_S = 10.0


def from_hub(name: str) -> tuple[Part, Part | None]:
    """The train and test part of the data set `owner/name`, downloaded into the cache of `datasets` once.

    Without a network the cached copy is used. Raises DataError, after at most some ten seconds, when the hub cannot be
    reached and nothing is cached, when there is no such data set, or when it cannot be loaded as it is.
    """
    package = datasets(f"the hub's data set '{name}'")
    reason = _unreachable(name)
    try:
        with _offline(reason is not None):
            loaded = package.load_dataset(name)
    except Exception as error:  # the loader raises all kinds, from its own to ValueError
        if reason is not None:
            raise DataError(
                f"'{name}' is not on this machine and the hub cannot be reached ({reason}): connect to the network, "
                "or fetch the data elsewhere and give its path"
            ) from error
        raise DataError(
            f"the hub's data set '{name}' cannot be loaded: {error}. "
            "Its files can be downloaded and given as a path, or loaded by a function of yours (module:function)"
        ) from error
    return from_datasets(name, loaded)


def from_datasets(name: str, splits: Mapping[str, Any]) -> tuple[Part, Part | None]:
    """The train and test part of a `datasets.DatasetDict`; the test part is the first of test, validation, ..."""
    if "train" not in splits:
        raise DataError(f"'{name}' has no train part; its parts are: {', '.join(splits)}")
    test = next((splits[part] for part in TEST_NAMES if part in splits), None)
    return _part(name, "train", splits["train"]), None if test is None else _part(name, "test", test)


def _part(name: str, part: str, dataset: Any) -> Part:
    if not len(dataset):
        raise DataError(f"the {part} part of '{name}' is empty: it has no rows")
    return Part(part, dataset.data.table, f"'{name}' ({part})", Path.cwd(), lambda: dataset)


def _unreachable(name: str) -> str | None:
    """Why the hub cannot be asked about `name`, or None. One question; `load_dataset` itself retries for long."""
    from datasets import config
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        HfApi(endpoint=config.HF_ENDPOINT).dataset_info(name, timeout=_PATIENCE_S)
    except RepositoryNotFoundError as error:
        raise DataError(
            f"there is no file or folder '{name}' here, and the hub has no data set of that name that you may read"
        ) from error
    except Exception as error:  # of the HTTP library, which has changed more than once
        return str(error).split("\n")[0] or type(error).__name__
    return None


@contextmanager
def _offline(offline: bool) -> Iterator[None]:
    """Have `datasets` look in its cache alone: what HF_DATASETS_OFFLINE does, which it reads at import only."""
    from datasets import config

    before = config.HF_HUB_OFFLINE
    config.HF_HUB_OFFLINE = before or offline
    try:
        yield
    finally:
        config.HF_HUB_OFFLINE = before

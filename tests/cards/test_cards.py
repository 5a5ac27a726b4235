from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch.utils.data import TensorDataset

from sooner import registry
from sooner.cards import pairs
from sooner.cards.cards import card, write
from sooner.cards.measured import _all, measured
from sooner.recipes import Recipe
from sooner.tasks import get_task

DOCS = Path(__file__).parents[2] / "docs" / "methods"


def test_the_cards_in_the_docs_are_those_of_the_records(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("a method that is no more")
    write(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written.keys() == {"README.md", *(f"{method.name}.md" for method in registry.methods())}
    assert written == {path.name: path.read_text() for path in DOCS.iterdir()}, (
        "the cards are out of date: python -m sooner.cards.cards docs/methods"
    )


def test_a_loop_over_a_cards_loader_that_is_left_and_started_again_loses_nothing() -> None:
    """Workers fetch ahead: without the guard the second loop would go on behind what they had fetched."""
    code = card(registry.get("sampling", "reshuffle")).split("```python\n")[1].split("for epoch in")[0]
    names: dict[str, Any] = {"data": TensorDataset(torch.zeros(1000), torch.zeros(1000))}
    exec(
        code.replace("batch_size=64", "batch_size=20").replace("DataLoader(", "DataLoader(num_workers=2, dataset="),
        names,
    )
    seen: list[int] = []
    for batch in names["loader"]:
        seen += batch.index.tolist()
        if len(seen) == 200:
            break
    for batch in names["loader"]:
        seen += batch.index.tolist()
    assert sorted(seen) == list(range(1000))


def test_the_page_of_pairs_is_that_of_the_records(tmp_path: Path) -> None:
    pairs.write(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_text() == (DOCS.parent / path.name).read_text(), (
            "the page is out of date: python -m sooner.cards.pairs docs"
        )


def test_every_result_names_a_method_and_a_benchmark_that_exist() -> None:
    root = DOCS.parents[1]
    known = {f"{method.seam}/{method.name}" for method in registry.methods()}
    assert known >= set(_all())
    for found in (each for method in registry.methods() for each in measured(method)):
        assert (root / found.benchmark / "README.md").exists()
        assert found.found.endswith(".")


@pytest.mark.parametrize("method", registry.methods(), ids=lambda method: method.name)
def test_the_recipe_on_a_card_is_one(method: registry.Method) -> None:
    fields = yaml.safe_load(card(method).split("```yaml\n")[1].split("```")[0])
    del fields["extends"]
    Recipe.from_dict({**get_task("digits").recipe, "name": "card", **fields})

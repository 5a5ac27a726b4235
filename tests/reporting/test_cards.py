from pathlib import Path

import pytest
import torch
import yaml

from sooner import registry
from sooner.recipes import Recipe
from sooner.reporting.cards import card, write
from sooner.tasks import get_task

DOCS = Path(__file__).parents[2] / "docs" / "methods"


def test_the_cards_in_the_docs_are_those_of_the_records(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("a method that is no more")
    write(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written.keys() == {"README.md", *(f"{method.name}.md" for method in registry.methods())}
    assert written == {path.name: path.read_text() for path in DOCS.iterdir()}, (
        "the cards are out of date: python -m sooner.reporting.cards docs/methods"
    )


@pytest.mark.parametrize("method", registry.methods(), ids=lambda method: method.name)
def test_the_code_on_a_card_runs(method: registry.Method) -> None:
    text = card(method)
    code = text.split("```python\n")[1].split("```")[0].splitlines()
    names = {name: value for name, value in method.example.items() if isinstance(value, torch.Tensor)}
    names["data"] = list(range(max([200, *(len(value) for value in names.values())])))
    names["targets"] = torch.arange(len(names["data"])) % 2
    exec("\n".join(code[:2]), names)


@pytest.mark.parametrize("method", registry.methods(), ids=lambda method: method.name)
def test_the_recipe_on_a_card_is_one(method: registry.Method) -> None:
    fields = yaml.safe_load(card(method).split("```yaml\n")[1].split("```")[0])
    del fields["extends"]
    Recipe.from_dict({**get_task("digits").recipe, "name": "card", **fields})

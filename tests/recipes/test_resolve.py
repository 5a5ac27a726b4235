import pytest

from sooner.errors import RecipeError
from sooner.recipes import ALIASES, Recipe, load, resolve, save, shipped
from sooner.tasks import tasks


def refused(name_or_path, base):
    with pytest.raises(RecipeError) as error:
        resolve(name_or_path, base)
    return str(error.value)


def test_the_baseline_is_the_tasks_own_recipe(base):
    recipe = resolve("baseline", base)
    assert recipe.name == "baseline"
    assert {**recipe.to_dict(), "name": "mine", "summary": ""} == Recipe(name="mine", **base).to_dict()


@pytest.mark.parametrize(
    ("name", "budget", "method"),
    [
        ("rs2-10", "1ep", {"name": "rs2", "fraction": 0.1, "variant": "without-replacement", "drop_last": True}),
        ("rs2-30", "3ep", {"name": "rs2", "fraction": 0.3, "variant": "without-replacement", "drop_last": True}),
        ("static-10", "1ep", {"name": "static", "fraction": 0.1, "stratified": False, "drop_last": True}),
        ("static-30", "3ep", {"name": "static", "fraction": 0.3, "stratified": False, "drop_last": True}),
    ],
)
def test_shipped_recipes_change_the_data_and_the_budget_alone(base, name, budget, method):
    recipe = resolve(name, base)
    own = {"name": name, "summary": recipe.summary, "budget": budget, "sampling": method}
    assert recipe.to_dict() == {**resolve("baseline", base).to_dict(), **own}


def test_shipped_recipes_are_listed_with_a_summary():
    names = [recipe.name for recipe in shipped()]
    assert names == sorted(names)
    assert {"baseline", "rs2-10", "rs2-30", "single-shuffle", "static-10", "stratified", "with-replacement"} <= set(
        names
    )
    assert all(recipe.summary for recipe in shipped())


def test_the_command_line_lies_between_the_task_and_every_recipe(base):
    half = {"budget": "0.5x"}
    assert resolve("baseline", base, half).budget == "5ep"
    assert resolve("rs2-10", base, half).budget == "0.5ep"
    assert resolve("baseline", base, {"budget": "300ba"}).budget == "300ba"
    assert resolve("baseline", base, {}) == resolve("baseline", base)


def test_a_mistake_on_the_command_line_is_put_down_to_it(base):
    with pytest.raises(RecipeError, match=r"^the command line: budget: .* a number with a unit: .*not '10'$"):
        resolve("rs2-10", base, {"budget": "10"})


def test_an_alias_yields_the_recipe_that_it_stands_for(base):
    assert resolve("rs2", base) == resolve("rs2-10", base)
    assert set(ALIASES.values()) <= {recipe.name for recipe in shipped()}


def test_every_task_can_race_every_shipped_recipe():
    for task in tasks():
        for recipe in shipped():
            assert resolve(recipe.name, task.recipe).model == task.recipe["model"]


def test_a_file_lies_over_the_tasks_recipe(base, write):
    recipe = resolve(write("batch_size: 64\noptimizer: {lr: 5e-2}\naugmentation: [flip]\n", "faster.yaml"), base)
    assert recipe.name == "faster"
    assert recipe == Recipe(
        name="faster",
        **{**base, "batch_size": 64, "optimizer": {**base["optimizer"], "lr": 0.05}, "augmentation": ["flip"]},
    )


def test_python_and_yaml_make_equal_recipes(base, write):
    written = write(
        """
        name: mine
        summary: all of it
        model: resnet20
        budget: 2e6ex
        batch_size: 256
        accumulate: 2
        optimizer: {name: adamw, lr: 1e-3, betas: [0.9, 0.95]}
        schedule: cosine
        augmentation:
          - flip
          - {name: cutout, size: 4}
        sampling:
          name: static
          fraction: .5
        loss: {name: cross-entropy, label_smoothing: 0.1}
        precision: bf16
        """
    )
    assert load(written) == Recipe(
        name="mine",
        summary="all of it",
        model="resnet20",
        budget="2000000ex",
        batch_size=256,
        accumulate=2,
        optimizer={"name": "adamw", "lr": 0.001, "betas": (0.9, 0.95)},
        schedule="cosine",
        augmentation=("flip", {"name": "cutout", "size": 4}),
        sampling={"name": "static", "fraction": 0.5},
        loss={"name": "cross-entropy", "label_smoothing": 0.1},
        precision="bf16",
    )


def test_save_and_load(base, tmp_path):
    recipe = resolve("rs2-30", {**base, "optimizer": {"name": "adamw", "lr": 1e-7, "eps": 1e-8}})
    save(recipe, tmp_path / "saved.yaml")
    assert load(tmp_path / "saved.yaml") == recipe


@pytest.mark.parametrize(
    ("above", "options"),
    [
        ("{lr: 0.2}", {"name": "sgd", "lr": 0.2, "momentum": 0.8}),
        ("{name: sgd, lr: 0.2}", {"name": "sgd", "lr": 0.2, "momentum": 0.8}),
        ("sgd", {"name": "sgd", "lr": 0.1, "momentum": 0.8}),
        ("{name: adamw, lr: 0.2}", {"name": "adamw", "lr": 0.2}),
    ],
)
def test_options_are_taken_over_while_the_method_stays_the_same(base, write, above, options):
    base["optimizer"] = {"name": "sgd", "lr": 0.1, "momentum": 0.8}
    recipe = resolve(write(f"optimizer: {above}"), base)
    assert recipe == Recipe(name="mine", **{**base, "optimizer": options})


def test_a_chain_of_files_by_relative_path(base, write):
    write("extends: rs2-30\nname: bottom\nsummary: of the bottom\nbatch_size: 32\n", "shared/bottom.yaml")
    write("extends: shared/bottom.yaml\nbudget: 0.5x\n", "middle.yaml")
    recipe = resolve(write("extends: ./middle.yaml\nsampling: {fraction: 0.2}\n", "top.yaml"), base)
    assert (recipe.name, recipe.summary, recipe.batch_size) == ("top", "", 32)
    assert recipe.budget == "1.5ep"  # half of three tenths of 10ep
    assert recipe.sampling.options["fraction"] == 0.2


def test_the_name_can_be_given(base, write):
    assert resolve(write("name: lane-7\nsummary: lucky"), base).name == "lane-7"


@pytest.mark.parametrize(
    ("full", "tenth"), [("10ep", "1ep"), ("5000ba", "500ba"), ("2e6ex", "200000ex"), ("90s", "9s")]
)
def test_a_relative_budget_keeps_the_unit(base, full, tenth):
    assert resolve("rs2-10", {**base, "budget": full}).budget == tenth


def test_a_problem_is_put_down_to_the_file_that_wrote_it(base, write):
    write("optimizer: {lr: -1}\nbatch_size: 0\n", "below.yaml")
    assert refused(write("extends: below.yaml\nbatch_size: 8\noptimizer: {momentum: 0.5}\n"), base) == (
        "below.yaml: optimizer.lr: must be finite and above 0, not -1.0"
    )
    assert refused(write("batchsize: 8\n"), base).startswith("mine.yaml: batchsize: there is no such field")
    assert refused(write("batch_size: 8\n"), {**base, "budget": "10"}).startswith("the task's recipe: budget: ")
    assert refused(write("optimizer: adamw\n"), base) == "mine.yaml: optimizer.lr: is required by adamw"
    assert refused(write("sampling: {fraction: 0.1}\n"), base).startswith("mine.yaml: sampling.name: is required")


def test_a_share_of_a_budget_that_is_none_is_put_down_to_it(base):
    assert refused("rs2-10", {**base, "budget": "10"}).startswith("the task's recipe: budget: a budget must be")
    assert refused("rs2-10", {**base, "budget": "0.5x"}).startswith("rs2-10: budget: 0.05x is a share of")


def test_circles_are_refused_with_the_chain(base, write):
    assert refused(write("extends: mine.yaml"), base) == (
        "these recipes extend each other in a circle: mine.yaml -> mine.yaml"
    )
    write("extends: ../mine.yaml", "far/other.yaml")
    assert refused(write("extends: far/other.yaml"), base) == (
        "these recipes extend each other in a circle: mine.yaml -> far/other.yaml -> far/../mine.yaml"
    )


def test_what_is_extended_must_exist(base, write):
    assert refused(write("extends: rs2-1"), base).startswith(
        "mine.yaml: extends: no recipe is named 'rs2-1'; did you mean 'rs2-10'? allowed: baseline, "
    )
    assert refused(write("extends: 3"), base) == "mine.yaml: extends: must be a recipe's name or path, not 3"
    assert refused(write("extends: gone.yaml"), base) == "gone.yaml: there is no such file"


def test_an_unknown_name_is_refused_with_those_there_are(base):
    names = ", ".join([*(recipe.name for recipe in shipped()), *ALIASES])
    assert refused("basline", base) == (
        f"no recipe is named 'basline'; did you mean 'baseline'? allowed: {names}, or a path that ends in .yaml"
    )


def test_what_load_reads_must_be_complete(write):
    with pytest.raises(RecipeError, match=r"mine.yaml: model: is required\nmine.yaml: budget: 0.1x is a share"):
        load(write("budget: 0.1x"))

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from sooner import optim, sampling, schedules
from sooner._modules import unwrapped
from sooner.budget import Budget
from sooner.losses import CrossEntropy
from sooner.tasks import load_data
from sooner.training import checkpoint
from sooner.training.clock import Clock
from sooner.training.evaluation import Stopped
from sooner.training.loading import Loader
from sooner.training.loop import Loop

TRAIN = load_data("digits").train.subset(torch.arange(600))
BATCH = 50


def make_loop(sampler: sampling.Sampler, fabric: Fabric | None = None, **changes: Any) -> Loop:
    """Digits and a small network with batch norm."""
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    options: dict[str, Any] = {"budget": "3ep", "accumulate": 1, "phases": None, "lr": 0.1} | changes
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 10))
    sampler.shard(fabric.global_rank, fabric.world_size)
    return Loop(
        model=model,
        loader=Loader(TRAIN, sampler),
        optimizer=optim.make("sgd", model, lr=options["lr"]),
        schedule=schedules.make("one-cycle", warmup=0.2),
        budget=Budget.parse(options["budget"]),
        loss=CrossEntropy(),
        evaluate=lambda module: 0.0,
        every=10**6,
        fabric=fabric,
        clock=Clock(phases=options["phases"]),
        accumulate=options["accumulate"],
    )


def weights(loop: Loop) -> Tensor:
    state = unwrapped(loop.model).state_dict()
    return torch.cat([value.flatten().double() for value in state.values()])  # batch norm's statistics among them


class KeepAll(sampling.Screening, sampling.Reshuffling):
    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        return torch.ones(len(index), dtype=torch.bool), torch.ones(len(index))


class KeepNone(sampling.Screening, sampling.Reshuffling):
    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        return torch.zeros(len(index), dtype=torch.bool), torch.ones(len(index))


class KeepEven(sampling.Screening, sampling.Reshuffling):
    """Keeps examples of even index at weight 3; notes what it saw and what was observed."""

    def __init__(self, n: int, batch_size: int) -> None:
        super().__init__(n, batch_size)
        self.seen: list[int] = []
        self.observed: list[int] = []

    def observe(self, index: Tensor, loss: Tensor) -> None:
        self.observed += index.tolist()

    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        assert not losses.requires_grad
        self.seen += index.tolist()
        return index % 2 == 0, torch.full((len(index),), 3.0)


def test_keeping_everything_is_plain_training() -> None:
    screened, plain = (make_loop(kind(600, BATCH)) for kind in (KeepAll, sampling.Reshuffling))
    screened.run()
    plain.run()
    assert torch.equal(weights(screened), weights(plain))
    assert (screened.trained, screened.scored) == (1800, 1800)
    assert (plain.trained, plain.scored) == (1800, 0)
    assert screened.clock.phases["scoring"] > 0
    assert "scoring" not in plain.clock.phases


@pytest.mark.parametrize("accumulate", [1, 3])
def test_only_what_is_kept_is_trained_on_and_observed(accumulate: int) -> None:
    sampler = KeepEven(600, BATCH)
    loop = make_loop(sampler, budget="1ep", accumulate=accumulate)
    seen = []
    forward = loop.stepper.loss

    def spy(outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        if outputs.requires_grad:
            seen.extend(index.tolist())
        return forward(outputs, targets, index)

    loop.stepper.loss = spy
    loop.run()
    assert sorted(sampler.seen) == list(range(600))
    assert sorted(seen) == sorted(sampler.observed) == list(range(0, 600, 2))
    assert (loop.examples, loop.trained, loop.scored) == (600, 300, 600)


class KeepFirst(KeepNone):
    """Keeps all of the first batch and nothing after it."""

    kept = False

    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        self.kept, kept = True, self.kept
        return torch.full((len(index),), not kept), torch.ones(len(index))


def test_a_budget_ends_though_nothing_is_left_to_train_on() -> None:
    loop = make_loop(KeepFirst(600, BATCH))
    loop.run()
    assert loop.progress == 1.0
    assert (loop.step, loop.trained, loop.examples) == (1, 50, 1800)
    assert loop.failure is None


def test_a_run_without_a_step_has_failed() -> None:
    loop = make_loop(KeepNone(600, BATCH))
    before = weights(loop)
    loop.run()
    assert (loop.step, loop.trained, loop.examples) == (0, 0, 1800)
    assert torch.equal(weights(loop), before)
    assert loop.failure == (
        "nothing was trained on: KeepNone screened out all of the 1800 examples of the run; make it screen out less"
    )


SURE: dict[str, Any] = {"variant": "difficulty", "threshold": 1e-9}  # sure of everything from the start


@pytest.mark.parametrize(
    ("sampler", "examples"),
    [
        (KeepFirst(600, BATCH), 50 + 1200),
        (sampling.ProgressiveDropout(600, BATCH, **SURE), 1200),
        (sampling.ProgressiveDropout(600, BATCH, **SURE | {"variant": "schedule-matched"}), 1200),
    ],
    ids=["after a step", "difficulty", "schedule-matched"],
)
def test_a_budget_in_steps_fails_after_two_rounds_without_one(sampler: sampling.Sampler, examples: int) -> None:
    loop = make_loop(sampler, budget="30ba")
    loop.run()
    assert loop.examples == examples
    assert loop.failure == (
        f"nothing was trained on in the last 1200 examples: {type(sampler).__name__} screened out all of them, and a "
        "budget in steps would never end; make it screen out less, or give the budget in epochs"
    )


def test_that_count_goes_on_in_a_resumed_run(tmp_path: Path) -> None:
    first = make_loop(KeepNone(600, BATCH), budget="30ba")
    with pytest.raises(Stopped):
        first.run(on_step=stop_at(20, first))
    checkpoint.save(tmp_path / "run.safetensors", first.state_dict())
    state = checkpoint.load(tmp_path / "run.safetensors")
    second = make_loop(KeepNone(600, BATCH), budget="30ba", phases=state["phases"])
    second.load_state_dict(state)
    second.run()
    assert second.examples == 1200
    del state["idle"]  # what 0.2.0 saved
    make_loop(KeepNone(600, BATCH)).load_state_dict(state)


def zeroed(loop: Loop) -> Loop:
    """The last layer at zero, as many start training: all losses are log 10."""
    last = unwrapped(loop.model)[-1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return loop


@pytest.mark.parametrize("warmup", [0, 1])
def test_selective_backprop_trains_where_all_losses_are_equal(warmup: int) -> None:
    loop = zeroed(make_loop(sampling.SelectiveBackprop(600, BATCH, warmup=warmup), budget="30ba"))
    loop.run()
    assert (loop.step, loop.failure) == (30, None)
    assert loop.scored == loop.examples - 600 * warmup


SCREENED: list[dict[str, Any]] = [
    {"name": "selective-backprop", "warmup": 0},
    {"name": "progressive-dropout", "threshold": 0.5},
    {"name": "progressive-dropout", "threshold": 0.5, "variant": "schedule-matched"},
    {"name": "kakurenbo"},
    {"name": "ies", "threshold": 0.3},
]


@pytest.mark.parametrize("method", SCREENED, ids=lambda method: "-".join(map(str, method.values())))
def test_a_run_that_diverges_is_noticed_whatever_screens(method: dict[str, Any]) -> None:
    loop = make_loop(sampling.make(n=600, batch_size=BATCH, **method), budget="40ep")

    def break_it() -> None:
        if loop.examples == 2000:
            nn.init.constant_(unwrapped(loop.model)[-1].bias, torch.nan)

    loop.run(on_step=break_it)
    assert loop.failure is not None
    assert loop.failure.startswith("the loss became nan by step")
    assert loop.examples <= 4000


class KeepFinite(sampling.Screening, sampling.Reshuffling):
    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        return losses < -1.0, torch.ones(len(index))


def test_a_rule_of_ones_own_cannot_screen_out_a_divergence() -> None:
    loop = make_loop(KeepFinite(600, BATCH), budget="40ep")
    nn.init.constant_(unwrapped(loop.model)[-1].bias, torch.nan)
    loop.run()
    assert loop.failure == "the loss became nan by step 20"


class KeepOne(KeepEven):
    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        return index == index[3], torch.ones(len(index))


def test_a_single_example_gets_company_of_no_weight_for_batch_norm() -> None:
    sampler = KeepOne(600, BATCH)
    loop = make_loop(sampler, budget="1ep")
    loop.run()
    assert (loop.step, loop.trained) == (12, 12)
    assert len(sampler.observed) == 12
    assert weights(loop).isfinite().all()


def test_the_learning_rate_follows_the_sampler() -> None:
    class Louder(sampling.Reshuffling):
        @property
        def lr_scale(self) -> float:
            return 2.5

    rates: dict[str, list[float]] = {}
    for kind in (sampling.Reshuffling, Louder):
        loop = make_loop(kind(600, BATCH), budget="1ep")
        taken = rates[kind.__name__] = []
        loop.run(on_step=lambda loop=loop, taken=taken: taken.append(loop.optimizer.param_groups[0]["lr"]))  # type: ignore[misc]
    assert rates["Louder"] == pytest.approx([2.5 * rate for rate in rates["Reshuffling"]])


def test_progress_reaches_the_sampler_before_each_round() -> None:
    class Noting(sampling.Reshuffling):
        noted: ClassVar[list[float]] = []

        def _batches(self) -> Any:
            self.noted.append(self.progress)
            yield from super()._batches()

    loop = make_loop(Noting(600, BATCH), budget="4ep")
    loop.run()
    assert Noting.noted == [0.0, 0.25, 0.5, 0.75]


def stop_at(step: int, loop: Loop) -> Callable[[], None]:
    def on_step() -> None:
        if loop.examples >= step * BATCH:
            raise Stopped

    return on_step


SCORED: list[dict[str, Any]] = [
    {"name": "infobatch", "prune_ratio": 0.6},
    {"name": "selective-backprop", "beta": 1.0},
    {"name": "kakurenbo", "hidden": 0.4},
    {"name": "progressive-dropout", "variant": "schedule-matched", "threshold": 0.6},
    {"name": "ies", "threshold": 0.3},
    {"name": "importance"},
]


@pytest.mark.parametrize("method", SCORED, ids=lambda method: method["name"])
@pytest.mark.parametrize("moment", [3, 25, 50])
def test_a_run_saved_anywhere_goes_on_exactly(tmp_path: Path, moment: int, method: dict[str, Any]) -> None:
    def make(**changes: Any) -> Loop:
        return make_loop(sampling.make(n=600, batch_size=BATCH, **method), budget="5ep", **changes)

    unbroken = make()
    unbroken.run()
    first = make()
    with pytest.raises(Stopped):
        first.run(on_step=stop_at(moment, first))
    checkpoint.save(tmp_path / "run.safetensors", first.state_dict())
    state = checkpoint.load(tmp_path / "run.safetensors")
    second = make(phases=state["phases"])
    second.load_state_dict(state)
    second.run()
    assert torch.equal(weights(second), weights(unbroken))
    counts = ("step", "examples", "trained", "scored")
    assert [getattr(second, name) for name in counts] == [getattr(unbroken, name) for name in counts]
    assert unbroken.trained < unbroken.examples or method["name"] in ("infobatch", "importance")


class KeepByRank(sampling.Screening, sampling.Scored):
    """Rank 1 keeps nothing of every other batch, and screens no other; every loss is noted."""

    def decide(self, epoch: int) -> dict[str, Tensor]:
        return {}

    def arrange(self, epoch: int, decision: object) -> sampling.Order:
        return sampling.Permutation(self.n, epoch)

    def screens(self, index: Tensor) -> bool:
        return self.rank == 1 and self.position % (2 * self.batch_size) == 0

    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        self.observe(index, losses)
        return torch.zeros(len(index), dtype=torch.bool), torch.ones(len(index))


NAMES = ("by-rank", "kakurenbo", "selective-backprop")


def _two_processes(fabric: Fabric, folder: str) -> None:
    found = {}
    for name in NAMES:
        sampler = KeepByRank(600, BATCH) if name == "by-rank" else sampling.make(name, 600, BATCH)
        loop = make_loop(sampler, fabric, budget="4ep")
        loop.run()
        found[name] = {
            "weights": weights(loop)[: 64 * 16],
            "counts": torch.tensor([loop.step, loop.trained, loop.scored]),
        }
        if isinstance(sampler, sampling.Scored):
            sampler.scores.exchange()
            found[name]["scores"] = sampler.scores["loss"].clone()
    torch.save(found, f"{folder}/{fabric.global_rank}.pt")


def test_two_processes_stay_together_whatever_each_keeps(tmp_path: Path) -> None:
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp_fork")
    fabric.launch(_two_processes, str(tmp_path))
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    for name in NAMES:
        assert first[name].keys() == second[name].keys()
        assert all(torch.equal(first[name][part], second[name][part]) for part in first[name])
        assert first[name]["weights"].isfinite().all()
    # Rank 1 keeps none of its half of every other batch.
    assert first["by-rank"]["counts"].tolist() == [48, 2400 - 600, 600]

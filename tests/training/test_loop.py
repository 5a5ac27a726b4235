from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from tests.clock_by_hand import Hand
from torch import Tensor, nn

from sooner import optim, sampling, schedules
from sooner._modules import unwrapped
from sooner.budget import Budget
from sooner.losses import CrossEntropy
from sooner.tasks import load_data, models
from sooner.tasks.split import split
from sooner.training import checkpoint
from sooner.training.accuracy import accuracy
from sooner.training.clock import Clock
from sooner.training.evaluation import Stopped
from sooner.training.loading import Loader, channel_statistics, evaluation_batches
from sooner.training.loop import Loop

DATA = load_data("digits")
MEAN, STD = channel_statistics(DATA.train)


def make_loop(fabric: Fabric | None = None, *, clock: Clock | None = None, **changes: Any) -> Loop:
    """A small run on digits: mlp, 2 epochs, a look every 400 examples."""
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    options: dict[str, Any] = {
        "model": "mlp", "budget": "2ep", "batch_size": 64, "accumulate": 1, "lr": 0.05, "every": 400, "seed": 0,
        "loss": CrossEntropy(), "sampling": {"name": "reshuffle"},
    } | changes  # fmt: skip
    train_rows, validation_rows = split(DATA.train.targets, 0.2, options["seed"])
    train, validation = DATA.train.subset(train_rows), DATA.train.subset(validation_rows)
    model = models.build(options["model"], DATA.shape, 10, seed=options["seed"])
    sampler = sampling.make(
        n=len(train),
        batch_size=options["batch_size"],
        seed=options["seed"],
        targets=train.targets,
        **options["sampling"],
    )
    sampler.shard(fabric.global_rank, fabric.world_size)
    return Loop(
        model=model,
        loader=Loader(train, sampler, mean=MEAN, std=STD, seed=options["seed"]),
        optimizer=optim.make("sgd", model, lr=options["lr"], weight_decay=5e-4),
        schedule=schedules.make("one-cycle", warmup=0.2),
        budget=Budget.parse(options["budget"]),
        loss=options["loss"],
        evaluate=lambda module: accuracy(module, evaluation_batches(validation, 500, mean=MEAN, std=STD)),
        every=options["every"],
        fabric=fabric,
        clock=clock or Clock(),
        accumulate=options["accumulate"],
    )


def weights(loop: Loop) -> Tensor:
    return torch.cat([p.detach().flatten().double() for p in unwrapped(loop.model).parameters()])


def trajectory(loop: Loop) -> list[tuple[int, int, float]]:
    return [(look.step, look.examples, look.metric) for look in loop.looks]


def stop_at(step: int, loop: Loop) -> Callable[[], None]:
    def on_step() -> None:
        if loop.step == step:
            raise Stopped

    return on_step


def test_it_learns_and_looks_on_an_even_grid_and_at_both_ends() -> None:
    loop = make_loop(budget="6ep")
    loop.run()
    n = loop.loader.sampler.n
    assert loop.examples == 6 * n
    assert loop.looks[0].examples == 0
    assert loop.looks[-1].examples == loop.examples
    crossed = [look.examples // 400 for look in loop.looks]
    assert sorted(set(crossed)) == list(range(6 * n // 400 + 1))
    assert len(crossed) - len(set(crossed)) <= 1  # only the end may share a cell of the grid
    assert loop.looks[-1].metric > 0.9 > loop.looks[0].metric
    assert [look.seconds for look in loop.looks] == sorted(look.seconds for look in loop.looks)


@pytest.mark.parametrize(("budget", "steps"), [("7ba", 7), ("448ex", 7), ("449ex", 8)])
def test_budgets_of_steps_and_examples_end_where_they_say(budget: str, steps: int) -> None:
    loop = make_loop(budget=budget)
    loop.run()
    assert loop.step == steps


def test_a_budget_of_seconds_ends_in_time(hand: Hand) -> None:
    hand.moves("training.clock")
    loop = make_loop(budget="3s", every=10**6)
    step = loop.optimizer.step

    def slow(*arguments: Any) -> Any:
        hand.sleep(0.25)
        return step(*arguments)

    loop.optimizer.step = slow  # type: ignore[method-assign]
    loop.run()
    assert (loop.step, loop.clock.seconds) == (12, 3.0)


def test_gradient_accumulation_changes_nothing() -> None:
    whole, parts = make_loop(), make_loop(accumulate=4)
    whole.run()
    parts.run()
    assert parts.step == whole.step
    torch.testing.assert_close(weights(parts), weights(whole), rtol=0, atol=1e-5)


class Weighted(sampling.Reshuffling):
    """Reshuffling that gives the first half of the examples three times the weight."""

    def weight(self, index: Tensor) -> Tensor:
        return torch.where(index < self.n // 2, 3.0, 1.0)


def test_weights_reach_the_gradient_by_hand() -> None:
    loop = make_loop(budget="1ba", batch_size=10**6, lr=1.0)
    loop.loader.sampler = Weighted(loop.loader.sampler.n, 10**6)
    batch = next(iter(make_loop(batch_size=10**6).loader))
    model = models.build("mlp", DATA.shape, 10, seed=0)
    losses = nn.functional.cross_entropy(model(batch.inputs), batch.targets, reduction="none")
    factor = torch.where(batch.index < loop.loader.sampler.n // 2, 3.0, 1.0)
    (losses * factor).mean().backward()
    seen: list[Tensor] = []
    step = loop.optimizer.step

    def spy(*arguments: Any, **named: Any) -> Any:
        seen.extend(p.grad.clone() for p in unwrapped(loop.model).parameters() if p.grad is not None)
        return step(*arguments, **named)

    loop.optimizer.step = spy  # type: ignore[method-assign]
    loop.run()
    for got, parameter in zip(seen, model.parameters(), strict=True):
        torch.testing.assert_close(got, parameter.grad, rtol=1e-4, atol=1e-6)


def test_every_loss_is_observed_on_its_own_example() -> None:
    class Encoded(CrossEntropy):
        def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
            return outputs.sum(1) * 0 + index

    loop = make_loop(loss=Encoded(), accumulate=3, budget="1ep")
    seen: dict[int, float] = {}
    loop.loader.sampler.observe = lambda index, loss: seen.update(zip(index.tolist(), loss.tolist(), strict=True))  # type: ignore[method-assign]
    loop.run()
    assert seen == {i: float(i) for i in range(loop.loader.sampler.n)}


def test_grab_is_given_each_batchs_mean_gradient() -> None:
    loop = make_loop(budget="3ep", sampling={"name": "grab"}, batch_size=128)
    loop.run()
    first, second = loop.loader.sampler.order(0)[:], loop.loader.sampler.order(loop.loader.sampler.epoch)[:]
    batches = {frozenset(batch.tolist()) for batch in first.split(128)}
    assert not torch.equal(first, second)
    # Whole batches moved: a full one of the first round is a run of the later order.
    starts = {frozenset(second[i : i + 128].tolist()) for i in range(len(second) - 127)}
    assert sum(len(batch) == 128 and batch in starts for batch in batches) >= 1


@pytest.mark.parametrize("sampler", [{"name": "reshuffle"}, {"name": "rs2", "fraction": 0.3}])
@pytest.mark.parametrize("moment", [1, 6, 7, 13])
def test_a_run_saved_anywhere_goes_on_exactly(tmp_path: Path, moment: int, sampler: dict[str, Any]) -> None:
    unbroken = make_loop(sampling=sampler)
    unbroken.run()
    first = make_loop(sampling=sampler)
    with pytest.raises(Stopped):
        first.run(on_step=stop_at(moment, first))
    checkpoint.save(tmp_path / "run.safetensors", first.state_dict())
    state = checkpoint.load(tmp_path / "run.safetensors")
    second = make_loop(sampling=sampler, clock=Clock(phases=state["phases"]))
    second.load_state_dict(state)
    second.run()
    assert trajectory(second) == trajectory(unbroken)
    assert torch.equal(weights(second), weights(unbroken))
    assert second.clock.seconds > first.clock.seconds


def test_a_run_that_diverges_ends_with_its_reason() -> None:
    loop = make_loop(lr=1e6, budget="30ep")
    loop.run()
    assert loop.failure is not None
    assert loop.failure.startswith(("the loss became", "the loss exploded"))
    assert loop.progress < 1
    assert all(look.step <= loop.step for look in loop.looks)


def test_a_loss_that_is_already_a_mean_is_refused_with_the_remedy() -> None:
    loop = make_loop(loss=lambda outputs, targets, index: nn.functional.cross_entropy(outputs, targets))
    with pytest.raises(ValueError, match=r'shape \(64,\), not \(\); with a torch loss pass reduction="none"'):
        loop.run()


def _two_processes(fabric: Fabric, folder: str, accumulate: int) -> None:
    loop = make_loop(fabric, budget="80ba", accumulate=accumulate)
    loop.run()
    torch.save({"weights": weights(loop), "looks": trajectory(loop)}, f"{folder}/{fabric.global_rank}.pt")


@pytest.mark.parametrize("accumulate", [1, 3])
def test_two_processes_train_as_one(tmp_path: Path, accumulate: int) -> None:
    alone = make_loop(budget="80ba")
    alone.run()
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp_fork")
    fabric.launch(_two_processes, str(tmp_path), accumulate)
    found = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    assert torch.equal(found[0]["weights"], found[1]["weights"])
    torch.testing.assert_close(found[0]["weights"], weights(alone), rtol=0, atol=1e-4)
    for looks in (found[0]["looks"], found[1]["looks"]):
        assert [look[:2] for look in looks] == [look[:2] for look in trajectory(alone)]
        assert all(abs(a[2] - b[2]) <= 0.01 for a, b in zip(looks, trajectory(alone), strict=True))


def test_what_a_round_costs_at_its_start_is_sampling_and_no_step(hand: Hand) -> None:
    hand.moves("training.clock")

    class SlowToBegin(sampling.Reshuffling):
        """Reshuffling that takes two seconds to decide on a round."""

        def order(self, epoch: int) -> Any:
            hand.sleep(2.0)
            return super().order(epoch)

    loop = make_loop(budget="2ep")
    n = loop.loader.sampler.n
    loop.loader = Loader(DATA.train.subset(torch.arange(n)), SlowToBegin(n, 64), mean=MEAN, std=STD)
    loop.run()
    phases = loop.clock.phases
    assert phases["sampling"] == loop.looks[-1].besides == 4.0
    first, *_, last = loop.looks
    assert first.besides == first.seconds == 0
    assert (last.scoring, last.scored) == (0, 0)
    rounds = [{look.besides for look in loop.looks if 0 < look.examples - n * epoch <= n} for epoch in (0, 1)]
    assert rounds == [{2.0}, {4.0}]  # paid when the round begins, all at once
    assert last.seconds == 4.0
    assert phases["train"] == 0.0


def test_scoring_is_told_from_steps_look_by_look() -> None:
    loop = make_loop(budget="1ep", sampling={"name": "selective-backprop", "beta": 1.0, "warmup": 0})
    loop.run()
    last = loop.looks[-1]
    assert last.scored == loop.scored == loop.loader.sampler.n
    assert 0 < last.scoring == pytest.approx(loop.clock.phases["scoring"])
    assert [look.scored for look in loop.looks] == [look.examples for look in loop.looks]

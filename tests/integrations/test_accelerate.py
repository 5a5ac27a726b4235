"""Accelerate, whose loader fetches one batch ahead: every loss on its own example, and its checkpoints resume."""

from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DataLoaderConfiguration

from sooner.integrations import SamplerReplaced, guard
from sooner.integrations.accelerate import prepare
from sooner.sampling import Reshuffling
from tests.integrations.example import (
    BATCH,
    DECAY,
    RATE,
    SAMPLERS,
    Louder,
    N,
    Noted,
    credited,
    expected,
    loader,
    losses_of,
    network,
    schedule,
    weights_at_the_samplers_rate,
)
from tests.integrations.processes import in_two_processes


def train(sampler, *, folder=None, stop=None, resume=False, workers=0, accumulate=4):
    """Trains to the end of the last round, or saves into `folder` after `stop` batches. Returns the accelerator."""
    accelerator = Accelerator(cpu=True, mixed_precision="bf16", gradient_accumulation_steps=accumulate)
    model, optimizer = accelerator.prepare(network(), torch.optim.SGD(network().parameters(), lr=0.1))
    batches = prepare(accelerator, loader(sampler, workers))
    accelerator.register_for_checkpointing(batches)
    if resume:
        accelerator.load_state(folder)
    used = 0
    while sampler.epoch < sampler.rounds:
        for batch in batches:
            with accelerator.accumulate(model), accelerator.autocast():
                losses = losses_of(model(batch.inputs), batch.inputs, batch.targets)
                sampler.observe(batch.index, losses.detach())
                accelerator.backward(losses.mean())
                optimizer.step()
                optimizer.zero_grad()
            used += 1
            if used == stop:
                accelerator.save_state(folder)
                return accelerator
    return accelerator


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_every_loss_lands_on_its_own_example(kind, workers):
    sampler = SAMPLERS[kind](N, BATCH)
    train(sampler, workers=workers)
    assert credited(sampler.noted)
    assert sampler.noted == expected(SAMPLERS[kind])


def test_steps_are_made_at_the_samplers_rate():
    sampler, layer = Louder(N, BATCH), network()
    raw = torch.optim.SGD(layer.parameters(), lr=RATE)
    accelerator = Accelerator(cpu=True)
    model, optimizer, scheduler = accelerator.prepare(layer, raw, schedule(raw))
    batches = prepare(accelerator, loader(sampler))
    for _ in range(2):
        for batch in batches:
            accelerator.backward(torch.nn.functional.cross_entropy(model(batch.inputs), batch.targets))
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    torch.testing.assert_close(layer.weight.detach(), weights_at_the_samplers_rate(28))
    assert raw.param_groups[0]["lr"] == pytest.approx(RATE * DECAY**28)
    assert not raw._optimizer_step_pre_hooks
    iterations = [iter(batches), iter(batches)]  # the first is left, and still referred to
    for iteration in iterations:
        next(iteration)
        assert len(raw._optimizer_step_pre_hooks) == 1


def test_an_accumulation_ends_with_the_round():
    sampler = Reshuffling(5 * BATCH, BATCH)  # five batches: a step of four and a step of one
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4)
    model = accelerator.prepare(network())
    synced = []
    for _ in prepare(accelerator, loader(sampler)):
        with accelerator.accumulate(model):
            synced.append(accelerator.sync_gradients)
    assert synced == [False, False, False, True, True]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", SAMPLERS)
def test_its_checkpoints_resume_exactly(kind, workers, tmp_path):
    whole = expected(SAMPLERS[kind])
    for stop in SAMPLERS[kind].stops[:: 1 + workers]:
        first, second = SAMPLERS[kind](N, BATCH), SAMPLERS[kind](N, BATCH)
        train(first, folder=tmp_path / str(stop), stop=stop, workers=workers)
        forget()
        train(second, folder=tmp_path / str(stop), resume=True, workers=workers)
        forget()
        assert first.noted + second.noted == whole


def forget():
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


def in_one_of_two():
    sampler = Noted(N, BATCH)
    train(sampler)
    sampler.scores.exchange()
    return sampler.noted, sampler.scores["loss"]


def test_every_loss_lands_on_its_own_example_in_two_processes(tmp_path):
    (first, scores), (second, same) = in_two_processes(in_one_of_two, tmp_path)
    assert credited(first)
    assert credited(second)
    assert sorted(first + second) == sorted(expected())
    assert scores.tolist() == same.tolist() == list(range(N))


def resumed_in_one_of_two(folder):
    first, second = Noted(N, BATCH), Noted(N, BATCH)
    train(first, folder=folder, stop=5)
    train(second, folder=folder, resume=True)
    return first.noted + second.noted


def test_its_checkpoints_resume_exactly_in_two_processes(tmp_path):
    first, second = in_two_processes(resumed_in_one_of_two, tmp_path, str(tmp_path / "state"))
    assert sorted(first + second) == sorted(expected())


def replaced(options):
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(**options))
    messages = []
    for sampler in (Reshuffling(N, BATCH), Reshuffling(N, BATCH).shard(0, 1)):
        batches = guard(accelerator.prepare(loader(sampler)), sampler)
        with pytest.raises(SamplerReplaced) as error:
            list(batches)
        messages.append(str(error.value))
    return messages


@pytest.mark.parametrize("options", [{}, {"even_batches": False}, {"split_batches": True}], ids=str)
def test_batches_that_accelerate_has_divided_are_noticed(options, tmp_path):
    for undivided, whole in in_two_processes(replaced, tmp_path, options):
        assert "2 processes, and this sampler would hand each of them all of every batch" in undivided
        assert "are not those that the sampler handed out" in whole
        for message in (undivided, whole):
            assert "prepare the loader with sooner.integrations.accelerate.prepare(accelerator, loader)" in message


def test_a_round_that_accelerate_has_chosen_is_noticed():
    sampler = Noted(N, BATCH)
    for index in sampler:
        sampler.observe(index, index.float())
    with pytest.raises(SamplerReplaced, match=r"was in round 1, but the loader has sent it to round 0.*\.prepare\(acc"):
        next(iter(guard(Accelerator(cpu=True).prepare(loader(sampler)), sampler)))


def test_a_loader_without_a_sampler_of_ours_is_refused():
    with pytest.raises(TypeError, match=r"expected DataLoader\(\.\.\., batch_sampler=sampler\)"):
        prepare(Accelerator(cpu=True), torch.utils.data.DataLoader([1, 2], batch_size=2))


def test_a_rate_without_an_optimizer_is_refused():
    batches = prepare(Accelerator(cpu=True), loader(Louder(N, BATCH)))
    with pytest.raises(ValueError, match=r"Louder asks for learning rates of its own.*accelerator\.prepare"):
        next(iter(batches))


@pytest.mark.parametrize("options", [{"split_batches": True}, {"even_batches": False}, {"use_seedable_sampler": True}])
def test_settings_that_concern_other_loaders_change_nothing(options):
    sampler = Noted(N, BATCH)
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(**options))
    for _ in range(3):
        for batch in prepare(accelerator, loader(sampler)):
            sampler.observe(batch.index, batch.inputs[:, 0])
    assert sampler.noted == expected()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dispatch_batches": True}, "dispatch_batches=True has one process read for all"),
        ({"data_seed": 7}, "data_seed=7 is that of another order, the sampler's seed being 0"),
    ],
)
def test_settings_that_the_sampler_decides_are_refused(options, message):
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(**options))
    with pytest.raises(ValueError, match=rf"the Accelerator cannot have .*{message}"):
        prepare(accelerator, loader(Noted(N, BATCH)))


@pytest.mark.parametrize("name", ["tp_size", "cp_size", "sp_size"])
def test_processes_that_share_the_model_are_refused(name, monkeypatch):
    sizes = SimpleNamespace(tp_size=1, cp_size=1, sp_size=1)
    setattr(sizes, name, 2)
    accelerator = Accelerator(cpu=True)
    monkeypatch.setattr(Accelerator, "parallelism_config", sizes)
    with pytest.raises(ValueError, match=rf"parallelism_config\.{name}=2 has 2 processes train on the same examples"):
        prepare(accelerator, loader(Noted(N, BATCH)))

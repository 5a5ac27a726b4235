"""Hugging Face Trainer: every loss on its own example, the gradient of the whole step, and checkpoints that resume."""

from itertools import chain, islice, repeat

import pytest
import torch
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments
from transformers.modeling_outputs import SequenceClassifierOutput

from sooner.integrations import SamplerReplaced
from sooner.integrations.transformers import SamplerCallback, SamplerTrainerMixin
from sooner.sampling import Reshuffling
from tests.integrations.example import (
    BATCH,
    DECAY,
    IMAGES,
    RATE,
    SAMPLERS,
    Louder,
    N,
    Noted,
    credited,
    network,
    schedule,
    weights_at_the_samplers_rate,
)
from tests.integrations.processes import in_two_processes


class Network(PreTrainedModel):
    config_class = PretrainedConfig

    def __init__(self, config):
        super().__init__(config)
        self.layer = network()
        self.post_init()

    def forward(self, inputs, labels=None):
        logits = self.layer(inputs)
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        # The index comes back as the model's output, in float32 whatever autocast does to the layer.
        return SequenceClassifierOutput(loss=loss, logits=logits, hidden_states=inputs[:, 0])

    def _init_weights(self, module):
        torch.nn.init.zeros_(module.weight)


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return N

    def __getitem__(self, index):
        inputs, target = IMAGES[index]
        return {"inputs": inputs, "labels": target}


def own_index(outputs, labels):
    return outputs.hidden_states + 0 * outputs.logits.float().sum(1)


class MyTrainer(SamplerTrainerMixin, Trainer):
    pass


def arguments(folder, *, per_device=BATCH, accumulate=4, epochs=3, workers=0, **options):
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=accumulate,
        num_train_epochs=epochs,
        dataloader_num_workers=workers,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        learning_rate=0.1,
        **{"bf16": True, "save_strategy": "no", **options},
    )


def make_trainer(sampler, args, losses=own_index):
    model = Network(PretrainedConfig())
    return MyTrainer(model, args, train_dataset=Pairs(), sampler=sampler, example_losses=losses)


def steps_of(sampler, steps=9, accumulate=4):
    """Each batch and its weights: rounds end to end, a step's batches fetched before any of them is trained on."""
    batches = chain.from_iterable(repeat(sampler))
    for _ in range(steps):
        for index, weight in [(index, sampler.weight(index)) for index in islice(batches, accumulate)]:
            sampler.observe(index, index.float())
            yield index, weight


def stream(make):
    """What one process would note."""
    sampler = make(N, BATCH)
    for _ in steps_of(sampler):
        pass
    return sampler.noted


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_every_loss_lands_on_its_own_example_and_no_batch_is_left_out(kind, workers, tmp_path):
    sampler = SAMPLERS[kind](N, BATCH)
    trainer = make_trainer(sampler, arguments(tmp_path, workers=workers))
    trainer.train()
    assert trainer.state.global_step == 9  # three epochs of 331 examples, to the nearest step of 96
    assert credited(sampler.noted)
    assert sampler.noted == stream(SAMPLERS[kind])
    assert len({epoch for epoch, _, _ in sampler.noted}) >= 3


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_its_checkpoints_resume_exactly(kind, workers, tmp_path):
    saving = arguments(tmp_path, workers=workers, save_strategy="steps", save_steps=1)
    sampler = SAMPLERS[kind](N, BATCH)
    unbroken = make_trainer(sampler, saving)
    unbroken.train()
    for step in (5,) if workers else (1, 3, 5, 8):
        resumed = SAMPLERS[kind](N, BATCH)
        trainer = make_trainer(resumed, arguments(tmp_path, workers=workers))
        trainer.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{step}"))
        assert trainer.state.global_step == 9
        assert resumed.noted == sampler.noted[-len(resumed.noted) :]
        assert torch.equal(trainer.model.layer.weight, unbroken.model.layer.weight)


class Evaluated(MyTrainer):
    """Notes after how many steps it was evaluated, and the epochs that it logged there."""

    def evaluate(self, *args, **kwargs):
        self.evaluations = [*getattr(self, "evaluations", []), (self.state.global_step, self.state.epoch)]
        return super().evaluate(*args, **kwargs)


@pytest.mark.parametrize("start", [4, 5, 6])
def test_what_happens_once_an_epoch_keeps_its_steps_after_a_resume(start, tmp_path):
    """An epoch has three steps here."""
    evaluations = []
    for resume in (None, str(tmp_path / f"checkpoint-{start}")):
        args = arguments(tmp_path, eval_strategy="epoch", save_strategy="steps", save_steps=1)
        model, sampler = Network(PretrainedConfig()), Noted(N, BATCH)
        trainer = Evaluated(
            model, args, train_dataset=Pairs(), eval_dataset=Pairs(), sampler=sampler, example_losses=own_index
        )
        trainer.train(resume_from_checkpoint=resume)
        assert trainer.state.global_step == 9
        evaluations.append(trainer.evaluations)
    unbroken, resumed = evaluations
    assert unbroken == [(3, 1.0), (6, 2.0), (9, 3.0)]
    assert resumed == [(step, pytest.approx(epoch)) for step, epoch in unbroken if step > start]
    assert trainer.state.epoch == pytest.approx(3.0)


class Weighing(MyTrainer):
    """Notes by what factor the weights raise each batch's loss."""

    factors = ()

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        loss = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        self.factors += (float(loss.detach() * num_items_in_batch / inputs["inputs"][:, 0].sum()),)
        return loss


def test_weights_are_those_of_the_round_that_a_batch_belongs_to(tmp_path):
    model = Network(PretrainedConfig())
    sampler = Noted(N, BATCH)
    trainer = Weighing(model, arguments(tmp_path), train_dataset=Pairs(), sampler=sampler, example_losses=own_index)
    trainer.train()
    factors = []
    for index, weight in steps_of(Noted(N, BATCH)):
        factors.append(float((index * weight).sum() / index.sum()))
    assert factors[:14] == [1] * 14  # nothing is known in the first round
    assert min(factors[14:]) > 1
    assert trainer.factors == pytest.approx(factors)


def in_one_of_two(folder):
    sampler = Noted(N, BATCH)
    trainer = make_trainer(sampler, arguments(folder, per_device=BATCH // 2, save_strategy="steps", save_steps=4))
    trainer.train()
    sampler.scores.exchange()
    resumed = Noted(N, BATCH)
    make_trainer(resumed, arguments(folder, per_device=BATCH // 2)).train(str(folder / "checkpoint-4"))
    return sampler.noted, sampler.scores["loss"], resumed.noted


def test_every_loss_lands_on_its_own_example_in_two_processes(tmp_path):
    (first, scores, rest), (second, same, other) = in_two_processes(in_one_of_two, tmp_path, tmp_path)
    assert credited(first)
    assert credited(second)
    assert sorted(first + second) == sorted(stream(Noted))
    assert scores.tolist() == same.tolist() == list(range(N))
    assert rest == first[-len(rest) :]
    assert other == second[-len(other) :]


def weights_after_a_step(folder, batch_size, accumulate, world):
    options = {"bf16": False, "optim": "sgd", "max_grad_norm": 0.0, "max_steps": 1, "lr_scheduler_type": "constant"}
    args = arguments(folder, per_device=batch_size // world, accumulate=accumulate, **options)
    model = Network(PretrainedConfig())
    trainer = MyTrainer(model, args, train_dataset=Pairs(), sampler=Reshuffling(N, batch_size))
    trainer.train()
    return model.layer.weight.detach().clone()


def test_neither_accumulation_nor_processes_change_the_step(tmp_path):
    whole = weights_after_a_step(tmp_path, 96, 1, 1)
    assert whole.abs().max() > 0
    torch.testing.assert_close(weights_after_a_step(tmp_path, 24, 4, 1), whole)
    for weights in in_two_processes(weights_after_a_step, tmp_path, tmp_path, 24, 4, 2):
        torch.testing.assert_close(weights, whole)


def test_steps_are_made_at_the_samplers_rate(tmp_path):
    model, sampler = Network(PretrainedConfig()), Louder(N, BATCH)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    args = arguments(tmp_path, accumulate=1, bf16=False, max_grad_norm=0.0, max_steps=28)
    MyTrainer(model, args, train_dataset=Pairs(), sampler=sampler, optimizers=(optimizer, schedule(optimizer))).train()
    torch.testing.assert_close(model.layer.weight.detach(), weights_at_the_samplers_rate(28))
    assert optimizer.param_groups[0]["lr"] == pytest.approx(RATE * DECAY**28)
    assert not optimizer._optimizer_step_pre_hooks


def test_a_trainer_that_makes_its_own_batches_is_stopped(tmp_path):
    sampler = Reshuffling(N, BATCH)
    trainer = Trainer(Network(PretrainedConfig()), arguments(tmp_path), train_dataset=Pairs())
    trainer.add_callback(SamplerCallback(sampler))
    with pytest.raises(SamplerReplaced, match=r"batches of its own, by .*RandomSampler.*class MyTrainer\(SamplerTr"):
        trainer.train()


def test_the_mixin_comes_first():
    with pytest.raises(SamplerReplaced, match=r"Wrong\.get_train_dataloader replaces the sampler.*mixin first"):

        class Wrong(Trainer, SamplerTrainerMixin):
            pass


def test_sizes_that_do_not_fit_are_named(tmp_path):
    for sampler in (Reshuffling(N, BATCH + 1), Reshuffling(N - 1, BATCH)):
        with pytest.raises(
            ValueError, match=rf"over {sampler.n} examples in batches of {sampler.batch_size}, but .*24"
        ):
            make_trainer(sampler, arguments(tmp_path)).train()


def test_a_loss_that_is_no_longer_per_example_is_named(tmp_path):
    trainer = make_trainer(Noted(N, BATCH), arguments(tmp_path), lambda outputs, labels: outputs.logits.mean())
    with pytest.raises(ValueError, match=r"must give 24 losses, one per example, not \(\)"):
        trainer.train()


def test_a_checkpoint_without_the_sampler_is_not_resumed(tmp_path):
    trainer = make_trainer(Noted(N, BATCH), arguments(tmp_path))
    with pytest.raises(FileNotFoundError, match="there is no checkpoint in"):
        trainer.train(resume_from_checkpoint=True)
    (tmp_path / "checkpoint-3").mkdir()
    with pytest.raises(FileNotFoundError, match=r"sampler\.pt is missing"):
        trainer.train(resume_from_checkpoint=True)


def test_evaluation_is_as_ever(tmp_path):
    args = arguments(tmp_path, eval_strategy="epoch")
    trainer = MyTrainer(
        Network(PretrainedConfig()), args, train_dataset=Pairs(), eval_dataset=Pairs(), sampler=Reshuffling(N, BATCH)
    )
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    assert before == pytest.approx(2.3026, abs=0.01)

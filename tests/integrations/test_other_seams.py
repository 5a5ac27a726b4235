"""Losses, wrappers and masks in other people's loops: the same weights as in a plain one."""

import pytest
import torch
from accelerate import Accelerator
from lightning.pytorch import LightningModule, Trainer
from transformers import PretrainedConfig, PreTrainedModel, TrainerCallback, TrainingArguments
from transformers import Trainer as HuggingFaceTrainer
from transformers.modeling_outputs import SequenceClassifierOutput

from sooner.integrations.accelerate import prepare
from sooner.integrations.lightning import Rounds, SamplerCallback
from sooner.integrations.transformers import SamplerTrainerMixin
from sooner.losses import ELR, CrossEntropy
from sooner.optim import Lookahead, sgd
from sooner.random import isolated
from sooner.sampling import Reshuffling
from sooner.sparsity import RigL
from tests.integrations.example import IMAGES, N, loader

BATCH, ROUNDS = 32, 2
STEPS = ROUNDS * -(-N // BATCH)

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")


def network():
    with isolated(0, "network"):
        return torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))


def made(net):
    optimizer = Lookahead(sgd(net, lr=0.05), k=3)
    return optimizer, RigL(net, optimizer, density=0.3, every=4)


def weights(net):
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters()])


def plain(loss):
    net = network()
    optimizer, sparsity = made(net)
    sampler, step = Reshuffling(N, BATCH), 0
    for _ in range(ROUNDS):
        for batch in loader(sampler):
            loss(net(batch.inputs), batch.targets, batch.index).mean().backward()
            optimizer.step()
            step += 1
            sparsity.step(step / STEPS)
            optimizer.zero_grad()
    assert step == STEPS
    assert sparsity.version > 2
    return weights(net)


def test_accelerate():
    accelerator, net, loss = Accelerator(cpu=True), network(), ELR(N, 10)
    optimizer, sparsity = made(net)
    net, prepared = accelerator.prepare(net, optimizer)
    sampler, step = Reshuffling(N, BATCH), 0
    batches = prepare(accelerator, loader(sampler))
    for _ in range(ROUNDS):
        for batch in batches:
            accelerator.backward(loss(net(batch.inputs), batch.targets, batch.index).mean())
            prepared.step()
            step += 1
            sparsity.step(step / STEPS)
            prepared.zero_grad()
    torch.testing.assert_close(weights(net), plain(ELR(N, 10)))


class Module(LightningModule):
    def __init__(self):
        super().__init__()
        self.network = network()
        self.loss = ELR(N, 10)

    def training_step(self, batch, batch_idx):
        return self.loss(self.network(batch.inputs), batch.targets, batch.index).mean()

    def configure_optimizers(self):
        optimizer, self.sparsity = made(self.network)
        return optimizer

    def on_train_batch_end(self, outputs, batch, batch_idx):
        self.sparsity.step(self.trainer.global_step / STEPS)


def test_lightning(tmp_path):
    sampler, module = Reshuffling(N, BATCH), Module()
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=ROUNDS,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        callbacks=[SamplerCallback(sampler)],
    )
    trainer.fit(module, Rounds(loader(sampler)))
    torch.testing.assert_close(weights(module.network), plain(ELR(N, 10)))


class Network(PreTrainedModel):
    config_class = PretrainedConfig

    def __init__(self, config):
        super().__init__(config)
        self.network = network()
        self.post_init()

    def forward(self, inputs, labels=None):
        logits = self.network(inputs)
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def _init_weights(self, module):
        pass


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return N

    def __getitem__(self, index):
        inputs, target = IMAGES[index]
        return {"inputs": inputs, "labels": target}


class Masks(TrainerCallback):
    def __init__(self, sparsity):
        self.sparsity = sparsity

    def on_optimizer_step(self, args, state, control, **kwargs):
        self.sparsity.step((state.global_step + 1) / STEPS)


class MyTrainer(SamplerTrainerMixin, HuggingFaceTrainer):
    pass


def test_transformers(tmp_path):
    model = Network(PretrainedConfig())
    optimizer, sparsity = made(model.network)
    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        per_device_train_batch_size=BATCH,
        max_steps=STEPS,
        max_grad_norm=0.0,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        save_strategy="no",
    )
    MyTrainer(
        model,
        arguments,
        train_dataset=Pairs(),
        sampler=Reshuffling(N, BATCH),
        optimizers=(optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)),
        callbacks=[Masks(sparsity)],
    ).train()
    torch.testing.assert_close(weights(model.network), plain(CrossEntropy()))

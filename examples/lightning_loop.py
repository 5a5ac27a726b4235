"""InfoBatch in Lightning's Trainer: a callback shards, checks and checkpoints the sampler, the module observes."""

import torch
from lightning.pytorch import LightningModule, Trainer
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

import sooner
from sooner.integrations.lightning import Rounds, SamplerCallback
from sooner.sampling import InfoBatch
from sooner.schedules import OneCycle

torch.manual_seed(0)
digits = load_digits()
images, labels = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
data = TensorDataset(images[:1500], labels[:1500])
STEPS = 10 * len(data) // 64


class Digits(LightningModule):
    def __init__(self, sampler):
        super().__init__()
        self.network = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
        self.sampler = sampler

    def training_step(self, batch, batch_idx):
        losses = cross_entropy(self.network(batch.inputs), batch.targets, reduction="none")
        self.sampler.observe(batch.index, losses.detach())
        return (losses * self.sampler.weight(batch.index)).mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.5, momentum=0.9)
        # Rounds differ in length, so the rate follows the share of the run's steps that is spent, and no epochs.
        schedule = OneCycle()
        scheduler = LambdaLR(optimizer, lambda step: schedule(min(1.0, step / STEPS)))
        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]


sampler = InfoBatch(len(data), batch_size=64, seed=0)
loader = DataLoader(sooner.Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate)
model = Digits(sampler)
trainer = Trainer(
    max_epochs=-1,  # one epoch of the Trainer is one round of the sampler
    max_steps=STEPS,
    callbacks=[SamplerCallback(sampler)],
    accelerator="cpu",
    devices=1,
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(model, Rounds(loader))  # and ckpt_path=... resumes after any batch

accuracy = (model.network(images[1500:]).argmax(1) == labels[1500:]).float().mean().item()
print(f"{sampler.epoch} rounds, accuracy {accuracy:.3f}")

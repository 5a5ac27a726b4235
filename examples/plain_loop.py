"""A plain PyTorch loop with five methods, one of each of five seams, and nothing of the race.

InfoBatch chooses the examples, ghost batch norm splits the statistics, ELR is the loss, perpGrad bends the step, and
RigL keeps a fifth of the weights. Each is two or three lines; leave out any. It shows how, not that they pay here.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

import sooner
from sooner.batching import ghost_batch_norm
from sooner.integrations import guard
from sooner.losses import ELR
from sooner.optim import PerpGrad, sgd
from sooner.sampling import InfoBatch
from sooner.schedules import OneCycle
from sooner.sparsity import RigL

torch.manual_seed(0)
digits = load_digits()
images, labels = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None], torch.tensor(digits.target)
data = TensorDataset(images[:1500], labels[:1500])

model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
    nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
    nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(128, 10),
)  # fmt: skip

sampler = InfoBatch(len(data), batch_size=64, seed=0)
loader = guard(DataLoader(sooner.Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate, num_workers=2))
ghost_batch_norm(model, size=32)
loss = ELR(len(data), classes=10, strength=1.0)
optimizer = PerpGrad(sgd(model, lr=0.05))
sparsity = RigL(model, optimizer, density=0.2, every=20)

# Rounds get shorter as examples are left out. The budget is in examples, and the schedule a function of its share.
seen, budget = 0, 10 * len(data)
schedule = OneCycle()
scheduler = LambdaLR(optimizer, lambda _: schedule(min(1.0, seen / budget)))

while seen < budget:
    sampler.progress = seen / budget
    for batch in loader:
        losses = loss(model(batch.inputs), batch.targets, batch.index)
        sampler.observe(batch.index, losses.detach())
        (losses * sampler.weight(batch.index)).mean().backward()
        optimizer.step()
        seen += len(batch)
        sparsity.step(min(1.0, seen / budget))
        optimizer.zero_grad()
        scheduler.step()
        # Exact here: torch.save({"sampler": loader.state_dict(), "loss": loss.state_dict(), ...}, path), and where the
        # model has dropout "random": torch.get_rng_state().

model.eval()
accuracy = (model(images[1500:]).argmax(1) == labels[1500:]).float().mean().item()
print(f"{sampler.epoch} rounds, {seen} examples, density {sparsity.density:.2f}, accuracy {accuracy:.3f}")

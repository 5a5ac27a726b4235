"""A plain PyTorch loop with InfoBatch: each loss is credited to its own example, and the rate follows the examples."""

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

import sooner
from sooner.integrations import guard
from sooner.sampling import InfoBatch
from sooner.training.schedules import OneCycle

torch.manual_seed(0)
digits = load_digits()
images, labels = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
data = TensorDataset(images[:1500], labels[:1500])

sampler = InfoBatch(len(data), batch_size=64, seed=0)
loader = guard(DataLoader(sooner.Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate, num_workers=2))

model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)

# Rounds get shorter as examples are left out. The budget is in examples, and the schedule a function of its share.
seen, budget = 0, 10 * len(data)
schedule = OneCycle()
scheduler = LambdaLR(optimizer, lambda _: schedule(min(1.0, seen / budget)))

while seen < budget:
    sampler.progress = seen / budget
    for batch in loader:
        losses = cross_entropy(model(batch.inputs), batch.targets, reduction="none")
        sampler.observe(batch.index, losses.detach())
        (losses * sampler.weight(batch.index)).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        seen += len(batch)
        scheduler.step()
        # torch.save({"sampler": loader.state_dict(), ...}, path) is exact here, whatever the workers have fetched.

accuracy = (model(images[1500:]).argmax(1) == labels[1500:]).float().mean().item()
print(f"{sampler.epoch} rounds, {seen} examples, accuracy {accuracy:.3f}")

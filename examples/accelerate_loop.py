"""The plain loop under Accelerate, with four batches accumulated: run it with `accelerate launch` on any devices."""

import torch
from accelerate import Accelerator
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import sooner
from sooner.integrations.accelerate import prepare
from sooner.sampling import InfoBatch
from sooner.schedules import OneCycle

torch.manual_seed(0)
digits = load_digits()
images, labels = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
data = TensorDataset(images[:1500], labels[:1500])

accelerator = Accelerator(gradient_accumulation_steps=4)
model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
model, optimizer = accelerator.prepare(model, optimizer)  # but not the loader:

sampler = InfoBatch(len(data), batch_size=16, seed=0)  # examples of all processes together
loader = prepare(accelerator, DataLoader(sooner.Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate))
accelerator.register_for_checkpointing(loader)  # accelerator.save_state is exact after any batch

seen, budget = 0, 10 * len(data)
schedule = OneCycle()

while seen < budget:
    sampler.progress = seen / budget
    for batch in loader:
        for group in optimizer.param_groups:
            group["lr"] = 0.5 * schedule(min(1.0, seen / budget))
        with accelerator.accumulate(model):
            losses = cross_entropy(model(batch.inputs), batch.targets, reduction="none")
            sampler.observe(batch.index, losses.detach())
            # A mean over the batch of all processes: gradients are averaged over them, hence their number.
            weighted = (losses * sampler.weight(batch.index)).sum()
            accelerator.backward(weighted * accelerator.num_processes / sampler.batch_size)
            optimizer.step()
            optimizer.zero_grad()
        seen += sampler.batch_size

test = images[1500:].to(accelerator.device)
accuracy = (model(test).argmax(1).cpu() == labels[1500:]).float().mean().item()
accelerator.print(f"{sampler.epoch} rounds, accuracy {accuracy:.3f}")

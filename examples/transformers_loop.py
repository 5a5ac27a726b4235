"""InfoBatch in the Hugging Face Trainer, with a small vision transformer."""

import tempfile

import torch
from sklearn.datasets import load_digits
from transformers import Trainer, TrainingArguments, ViTConfig, ViTForImageClassification

from sooner.integrations.transformers import SamplerTrainerMixin
from sooner.sampling import InfoBatch

torch.manual_seed(0)
digits = load_digits()
items = [
    {"pixel_values": torch.tensor(image / 16, dtype=torch.float32)[None], "labels": int(label)}
    for image, label in zip(digits.images, digits.target, strict=True)
]
train, test = items[:1500], items[1500:]


class MyTrainer(SamplerTrainerMixin, Trainer):
    """Trains on the sampler's batches; the mixin comes first."""


config = ViTConfig(
    image_size=8,
    patch_size=2,
    num_channels=1,
    hidden_size=48,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=96,
    num_labels=10,
)
arguments = TrainingArguments(
    output_dir=tempfile.mkdtemp(),
    per_device_train_batch_size=16,
    gradient_accumulation_steps=2,
    num_train_epochs=10,  # of 1,500 examples each, however many the sampler's rounds have
    learning_rate=3e-3,
    warmup_steps=0.1,
    use_cpu=True,
    save_strategy="no",
    report_to=[],
    disable_tqdm=True,
)
sampler = InfoBatch(len(train), batch_size=16 * arguments.world_size, seed=0)
trainer = MyTrainer(
    ViTForImageClassification(config), arguments, train_dataset=train, eval_dataset=test, sampler=sampler
)
trainer.train()  # and resume_from_checkpoint=... resumes exactly

predicted = torch.tensor(trainer.predict(test).predictions).argmax(1)
accuracy = (predicted == torch.tensor(digits.target[1500:])).float().mean().item()
print(f"{sampler.epoch} rounds, accuracy {accuracy:.3f}")

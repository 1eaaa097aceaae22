"""A translator's training as PyTorch's tutorials write the loop: a DataLoader that shuffles and pads each batch, in float32.

`python plain_translator.py MODEL PAIRS.tsv EPOCHS DEVICE`

The network is the zoo's own and so are its words, so that only the loop differs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from protocol import answer, hush, requests
from torch import Tensor, nn
from torch.utils.data import DataLoader

from zoo.data.load import load_dataset
from zoo.progress import Progress
from zoo.registry import registry
from zoo.text import END, PADDING
from zoo.training.build import build_module, fitted_config
from zoo.training.translation import vocabularies

BATCH = 128


def padded(pairs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """int64 [batch, length], lengths [batch], int64 [batch, time]."""
    source, target = zip(*pairs, strict=True)
    pad = nn.utils.rnn.pad_sequence
    lengths = torch.tensor([len(ids) for ids in source])
    return pad(source, True, PADDING), lengths, pad(target, True, PADDING)


def main() -> None:
    """An epoch for each line."""
    hush()
    model_id, path, epochs, place = sys.argv[1:5]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu") if place == "auto" else torch.device(place)
    spec = registry().model(model_id)
    columns = {"source": "0", "target": "1"}
    dataset = load_dataset(registry().dataset(spec.dataset), own=Path(path), name="x", progress=Progress(), columns=columns)
    config = fitted_config(spec, spec.config, dataset)
    train = dataset.splits["train"]
    reads, writes = vocabularies(config, train)
    sources = [torch.from_numpy(reads.encode([text]).ids[0]) for text in train["source"]]
    targets = [torch.from_numpy(writes.encode_target([text])[0][0]) for text in train["target"]]
    assert all(int(ids[-1]) == END for ids in targets)
    torch.manual_seed(0)
    module = build_module(spec, config).to(device).train()
    loader = DataLoader(list(zip(sources, targets, strict=True)), BATCH, shuffle=True, collate_fn=padded)  # type: ignore[arg-type]
    optimiser = torch.optim.AdamW(module.parameters(), 2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=int(epochs) * len(loader), pct_start=0.1)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    answer(ready=f"torch {torch.__version__}, DataLoader, {device}, fp32")
    for _ in requests():
        began = time.perf_counter()
        total = 0.0
        for source, lengths, target in loader:
            to = target.to(device)
            logits = module(source.to(device), lengths, to)  # [words, target ids]
            loss = loss_of(logits, to[to != PADDING])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        answer(seconds=time.perf_counter() - began, loss=total / len(loader))


if __name__ == "__main__":
    main()

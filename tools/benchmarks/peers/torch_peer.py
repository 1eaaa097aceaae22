"""The recipes as PyTorch's tutorials write the loop: a DataLoader over a TensorDataset, in float32.

`python torch_peer.py RECIPE DATA.npz EPOCHS DEVICE`
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
from protocol import answer, hush, requests
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

BATCH = 128


def mlp() -> nn.Module:
    """784-512-512-10 with dropout 0.2."""
    return nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2)),
        *(nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2)),
        nn.Linear(512, 10),
    )


def keras_3x3() -> nn.Module:
    """Keras's own example mnist_cnn.py."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten()),
        *(nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    )


def fast() -> nn.Module:
    """The zoo's own small network with batch normalisation."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 5, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.Conv2d(64, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10)),
    )


def keras_start(module: nn.Module) -> nn.Module:
    """Glorot uniform weights and zero biases, as the published recipes have them."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return module


def cropped(pictures: Tensor) -> Tensor:
    """A random 24×24 crop of each; float32 [batch, 1, 28, 28] → [batch, 1, 24, 24]."""
    device = pictures.device
    rows, columns = torch.randint(5, (2, len(pictures), 1), device=device) + torch.arange(24, device=device)  # [batch, 24] each
    flat = (28 * rows)[:, :, None] + columns[:, None, :]  # [batch, 24, 24]
    return pictures.flatten(1).gather(1, flat.flatten(1)).view(-1, 1, 24, 24)  # [batch, 1, 24, 24]


def main() -> None:
    """An epoch for each line."""
    hush()
    recipe, arrays = sys.argv[1], dict(np.load(sys.argv[2]))
    device = torch.device(sys.argv[4])
    torch.manual_seed(0)
    images, test = (torch.from_numpy(arrays[name]).unsqueeze(1).float() / 255 for name in ("image", "test_image"))  # [n, 1, 28, 28]
    labels, test_labels = (torch.from_numpy(arrays[name]).long() for name in ("label", "test_label"))
    schedule = None
    loss_of = nn.CrossEntropyLoss()
    loader = DataLoader(TensorDataset(images, labels), batch_size=BATCH, shuffle=True)
    if recipe == "cnn.fast":
        images.sub_(0.1307).div_(0.3081)
        test = ((test - 0.1307) / 0.3081)[:, :, 2:26, 2:26]
        model = fast().to(device)
        optimiser: torch.optim.Optimizer = torch.optim.AdamW(model.parameters(), 0.01, betas=(0.9, 0.99), weight_decay=0.02)
        loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
        total = int(sys.argv[3]) * len(loader)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(5 * step / total, 1.25 * (1 - step / total)))
    elif recipe.startswith("mlp"):
        model = keras_start(mlp()).to(device)
        optimiser = torch.optim.RMSprop(model.parameters(), 1e-3, alpha=0.9, eps=1e-7)
    else:
        model = keras_start(keras_3x3()).to(device)
        optimiser = torch.optim.Adadelta(model.parameters(), 1.0, rho=0.95, eps=1e-8)
    answer(ready=f"PyTorch {torch.__version__}, DataLoader, {device}")
    for _ in requests():
        model.train()
        began = time.perf_counter()
        for batch, label in loader:
            inputs, target = batch.to(device), label.to(device)
            if schedule is not None:
                inputs = cropped(inputs)
            loss = loss_of(model(inputs), target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if schedule is not None:
                schedule.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - began
        model.eval()
        with torch.inference_mode():
            logits = torch.cat([model(part.to(device)).cpu() for part in test.split(1000)])  # [examples, 10]
        accuracy = (logits.argmax(1) == test_labels).float().mean().item()
        answer(seconds=seconds, accuracy=accuracy, loss=nn.functional.cross_entropy(logits, test_labels).item())


if __name__ == "__main__":
    main()

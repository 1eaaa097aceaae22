"""What an autoencoder makes of pictures: given back, denoised, from codes between two others, from codes drawn at random."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from zoo.certify.rounding import decide
from zoo.report.generated import Generated
from zoo.report.reconstructions import Reconstructions
from zoo.report.walk import Walk
from zoo.spec import Noise
from zoo.training.reconstruction import NOISE_SEED, noisy_pictures
from zoo.training.task import EVALUATION_BATCH
from zoo.views.subject import LeftOut, Subject, numbers

SHOWN = 10
"""Pictures."""
STEPS = 9
"""From one code to another, both ends included."""
PAIRS = 6
"""Walks."""
DRAWN = 60
"""Pictures from random codes."""


def reconstructions(subject: Subject) -> Reconstructions:
    """Test pictures, one of each class first, their codes, and what they become; of a denoiser noisy ones go in."""
    network, pictures = subject.autoencoder, subject.pictures
    shown = _different_labels(subject)[:SHOWN]
    clean = _tensor(pictures)  # uint8 [examples, height, width]
    noise = tuple(change for change in subject.recipe.augment if isinstance(change, Noise)) if subject.recipe else ()
    given = noisy_pictures(clean, noise, torch.Generator().manual_seed(NOISE_SEED)) if noise else clean
    with torch.inference_mode():
        made = [_pixels(network.decode(network.encode(part))) for part in torch.split(given, EVALUATION_BATCH)]
        codes = numbers(network.encode(given[shown]))  # [shown, numbers]
    back = np.concatenate(made)  # uint8 [examples, height, width]
    errors = np.square((back.astype(np.float32) - pictures) / 255).mean((1, 2), dtype=np.float64)  # [examples]
    return Reconstructions(
        id=subject.id,
        split="test",
        indices=shown,
        labels=tuple(subject.label(int(index)) for index in shown),
        pictures=pictures[shown],
        noisy=given[shown].numpy() if noise else None,
        codes=codes,
        made=back[shown],
        errors=errors[shown],
        error=float(errors.mean()),
        examples=len(pictures),
    )


def walk(subject: Subject) -> Walk:
    """Pictures from codes on the straight line between those of two test pictures, and the mean of their pixels for comparison."""
    network, pictures = subject.autoencoder, subject.pictures
    chosen = _different_labels(subject)
    pairs = np.array([(chosen[number], chosen[number + 1]) for number in range(min(PAIRS, len(chosen) - 1))])  # [pairs, 2]
    if not len(pairs):
        raise LeftOut("there are no two pictures to walk between")
    shares = torch.linspace(0, 1, STEPS)[None, :, None]  # [1, steps, 1]
    with torch.inference_mode():
        first, last = (network.encode(_tensor(pictures[pairs[:, end]]))[:, None] for end in (0, 1))  # [pairs, 1, numbers]
        codes = torch.lerp(first, last, shares)  # [pairs, steps, numbers]
        made = _pixels(network.decode(codes.flatten(0, 1)))  # [pairs · steps, height, width]
    return Walk(
        id=subject.id,
        pairs=pairs,
        labels=tuple((subject.label(int(a)), subject.label(int(b))) for a, b in pairs),
        ends=pictures[pairs],  # [pairs, 2, height, width]
        made=made.reshape(len(pairs), STEPS, *made.shape[1:]),  # [pairs, steps, height, width]
    )


def generated(subject: Subject) -> Generated:
    """Pictures from codes drawn from the prior, a standard normal, of a variational autoencoder."""
    network = subject.autoencoder
    if not network.variational:
        raise LeftOut("its codes follow no known distribution, so none can be drawn")
    with torch.inference_mode():
        size = network.encode(_tensor(subject.pictures[:1])).shape[1]
        codes = torch.randn(DRAWN, size, generator=torch.Generator().manual_seed(NOISE_SEED))  # [drawn, numbers]
        made = _pixels(network.decode(codes))
    return Generated(id=subject.id, numbers=size, pictures=made)


def _different_labels(subject: Subject) -> np.ndarray:
    """Places in the test split: the first picture of each class, then the others; int64 [examples]."""
    places = np.arange(len(subject.pictures))
    if not subject.data.classes or "label" not in subject.test:
        return places
    _, first = np.unique(subject.labels, return_index=True)
    return np.concatenate([first, np.setdiff1d(places, first)])


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array))  # a copy: a memory map may be read-only


def _pixels(made: Tensor) -> np.ndarray:
    """What a network gives as a picture: of about 0 … 1 → uint8, of the same shape."""
    return decide(made.float().numpy())

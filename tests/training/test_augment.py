"""Augmentations: what they leave alone, and what they do to a picture that shows it."""

from __future__ import annotations

import math

import pytest
import torch

from zoo.recipes import Affine, Elastic, Noise, Shift
from zoo.training.augment import augmented, blur, turned, warped

PICTURES = torch.randint(256, (64, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def spots(row: int, column: int, pictures: int = 200) -> torch.Tensor:
    """Black pictures with one round white spot each, uint8."""
    rows, columns = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    spot = 255 * torch.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 4.0)
    return spot.round().to(torch.uint8).expand(pictures, 28, 28)


def centres(pictures: torch.Tensor) -> torch.Tensor:
    """Centre of mass of each, in pixels from the middle: [pictures, 2] (down, right)."""
    mass = pictures.double()
    total = mass.sum((1, 2))
    places = torch.arange(28, dtype=torch.float64) - 13.5
    return torch.stack([(mass.sum(2) * places).sum(1) / total, (mass.sum(1) * places).sum(1) / total], 1)


@pytest.mark.parametrize(
    "nothing",
    [Shift(pixels=0), Affine(degrees=0, zoom=0, slant=0), Elastic(strength=0, smoothness=4), Noise(deviation=0)],
    ids=lambda augmentation: type(augmentation).__name__,
)
def test_an_amount_of_zero_changes_nothing(nothing):
    torch.testing.assert_close(augmented(PICTURES, [nothing]).float(), PICTURES.float(), atol=1e-2, rtol=0)


@pytest.mark.parametrize("augmentation", [Shift(), Affine(), Elastic(), Noise()], ids=lambda one: type(one).__name__)
def test_a_seed_fixes_the_pictures_and_their_range_stays(augmentation):
    torch.manual_seed(1)
    first = augmented(PICTURES, [augmentation])
    torch.manual_seed(1)
    assert torch.equal(first, augmented(PICTURES, [augmentation]))
    assert not torch.equal(first, augmented(PICTURES, [augmentation]))
    assert first.shape == PICTURES.shape
    assert first.min() >= 0
    assert first.max() <= 255


def test_a_rotation_keeps_the_distance_to_the_middle_and_stays_within_its_angle():
    torch.manual_seed(0)
    found = centres(turned(spots(8, 19), 20.0, 0.0, 0.0))
    before = centres(spots(8, 19, 1))[0]
    torch.testing.assert_close(found.norm(dim=1), before.norm().expand(200), rtol=0.02, atol=0)
    angles = torch.rad2deg(torch.atan2(found[:, 0], found[:, 1]) - torch.atan2(before[0], before[1]))
    assert angles.abs().max() <= 20.5
    assert angles.min() < -15  # both ways, and uniformly
    assert angles.max() > 15


def test_a_zoom_moves_along_the_axis_by_its_share():
    torch.manual_seed(0)
    found = centres(turned(spots(8, 19), 0.0, 0.2, 0.0)) / centres(spots(8, 19, 1))[0]
    assert found.min() == pytest.approx(0.8, abs=0.02)
    assert found.max() == pytest.approx(1.2, abs=0.02)
    assert abs(torch.corrcoef(found.T)[0, 1]) < 0.3  # each axis by itself


def test_a_slant_moves_sideways_by_the_height():
    torch.manual_seed(0)
    found = centres(turned(spots(8, 14), 0.0, 0.0, 0.3))
    before = centres(spots(8, 14, 1))[0]
    torch.testing.assert_close(found[:, 0], before[0].expand(200), atol=0.05, rtol=0)
    assert (found[:, 1] - before[1]).abs().max() == pytest.approx(0.3 * abs(before[0].item()), rel=0.1)


def test_an_elastic_field_is_as_strong_as_its_smoothing_leaves_it():
    """The mean square of the smoothed field is α²/3 · Σ g², g the Gaussian's weights in both directions."""
    torch.manual_seed(0)
    moved = centres(warped(spots(14, 14, 2000), 34.0, 4.0)) - centres(spots(14, 14, 1))
    weights = blur(28, 4.0, torch.device("cpu"))[14].double()
    expected = 34.0 * math.sqrt(1 / 3) * weights.square().sum().item()
    # A little less: the spot's centre moves by the mean of the field over the spot.
    assert 0.8 * expected < moved.square().mean().sqrt().item() < expected


@pytest.mark.parametrize("augmentation", [Shift(pixels=2), Affine()], ids=lambda one: type(one).__name__)
def test_a_share_of_the_pictures_is_changed_and_the_others_stay_sharp(augmentation):
    torch.manual_seed(0)
    several = PICTURES.repeat(8, 1, 1)
    found = augmented(several, [augmentation], share=0.25)
    same = (found.float() == several.float()).all(2).all(1)
    assert 0.65 < same.float().mean() < 0.85  # 384 of 512 are expected, with a deviation of ten
    torch.manual_seed(0)
    every = augmented(several, [augmentation])
    assert torch.equal(found[~same], every[~same])

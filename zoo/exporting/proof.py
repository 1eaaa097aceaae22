"""What lies beside a model's file: certificate, golden vectors, manifest, and the pages and pictures that people look at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from zoo.certify.certificate import Certificate
from zoo.exporting.products import products
from zoo.exporting.trained import Trained
from zoo.report.card import model_card
from zoo.report.certificate import PICTURE, certificate_page
from zoo.report.plot import Plot
from zoo.report.proven import Proven
from zoo.report.style import LIGHT
from zoo.runtime.manifest import RUN_SEAL, hash_of_run
from zoo.views.gather import gather


class Pictures:
    """The card's pictures, made when they are first needed and once for all variants.

    Args:
        trained: whose they are.
        precision: of the file that they stand beside.
    """

    def __init__(self, trained: Trained, precision: str) -> None:
        self.trained, self.precision = trained, precision

    @cached_property
    def plots(self) -> dict[str, Plot]:
        """By name."""
        with products(self.precision):
            return gather(self.trained.seen).plots

    @cached_property
    def files(self) -> dict[str, bytes]:
        """By name of the file."""
        return {f"{name}.png": plot.draw(LIGHT).encode() for name, plot in self.plots.items()}


def write_proof(
    folder: Path, facts: Mapping[str, Any], certificate: Certificate, golden: bytes, trained: Trained, pictures: Pictures
) -> dict[str, Any]:
    """Write everything but `model.onnx`, which `certificate` is of.

    Args:
        folder: of the artifact.
        facts: what file and manifest say.
        certificate: that passed.
        golden: bytes of `golden.npz`.
        trained: what was exported.
        pictures: of the card.

    Returns:
        The manifest.
    """
    encoded = msgspec.json.format(msgspec.json.encode(certificate), indent=2) + b"\n"
    (folder / "certificate.json").write_bytes(encoded)
    (folder / "golden.npz").write_bytes(golden)
    run = dict(trained.run) if trained.run else None
    manifest = {
        **facts,
        "model_sha256": certificate.model_sha256,
        "certificate_sha256": hashlib.sha256(encoded).hexdigest(),
        "golden_sha256": hashlib.sha256(golden).hexdigest(),
        "run": run,
        RUN_SEAL: hash_of_run(run),
    }
    (folder / "zoo.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    proven = Proven(certificate.id, certificate.audit, certificate.bounds)
    (folder / "certificate.md").write_text(certificate_page(certificate, manifest, proven), encoding="utf-8")
    (folder / PICTURE).write_bytes(proven.draw(LIGHT).encode())
    card = model_card(manifest, certificate, trained.spec, trained.recipe, pictures.plots)
    (folder / "README.md").write_text(card, encoding="utf-8")
    for name, picture in pictures.files.items():
        (folder / name).write_bytes(picture)
    return manifest

"""Remake the committed artifacts in `exported/`: one good model of each architecture, trained to its figure and certified.

    python tools/exported.py --runs runs [--output exported] [--certificates] [MODEL ...]

A model's newest finished run by its own recipe is taken; where there is none, it is trained now. Nothing is written that misses its
figure, is not certified, or is larger than what the repository takes. With `--certificates` the graphs stay as they are, byte for
byte, and are certified anew: what lies beside them is written again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo import api
from zoo.errors import ZooError
from zoo.exporting.deep import certified_again
from zoo.exporting.proof import Pictures, write_proof
from zoo.files import replacing_folder
from zoo.ledger.verdict import reached
from zoo.progress import default_progress
from zoo.registry import Registry, registry
from zoo.runtime.artifact import MANIFEST, MODEL, check
from zoo.training.own import own_runs

MODELS = {
    "camera.hand": "fp32",
    "boolean.xor": "fp32",
    "logreg.best": "fp32",
    "mlp.rmsprop-2x512-dropout": "fp32",
    "cnn.fast": "fp32",
    "autoencoder.dense-32": "fp32",
    "seq2seq.help-pl-en": "int8",
    "word2vec.skipgram": "int8",
}
"""With the precision of their large weights."""
LARGEST, LARGEST_TEXT, TOGETHER = 5_000_000, 10_000_000, 25_000_000
"""Bytes of one artifact's graph, of one that brings its vocabulary, and of all folders: git keeps every version for ever."""


def remake(model: str, runs: Path, output: Path, known: Registry) -> Path:
    """Train where needed, export, check, and put into its place.

    Raises:
        ZooError: it misses its figure, is too large, or is not certified.
    """
    spec, progress = known.model(model), default_progress()
    run = None
    if spec.recipe is not None:
        run = next(own_runs(spec, runs, known), None) or api.train(model, output=runs, progress=progress)
    with tempfile.TemporaryDirectory() as folder:
        default = next(iter(spec.exports))
        (made,) = api.export(
            None if run else model,
            run=run.path if run else None,
            variants=[default],
            precision=MODELS.get(model, "fp32"),
            output=folder,
            progress=progress,
        )
        for reference in spec.references:
            found = made.manifest["metrics"][reference.metric]
            # One seed of a published run may fall a little short; the ledger judges that over several.
            if reference.rule != "run" and not reached(reference, found):
                raise ZooError(f"{model} has {reference.metric} {found:.4f}, and {reference.rule} {reference.value} is asked for.")
        size = (made.path / "model.onnx").stat().st_size
        largest = most(made.manifest["inputs"])
        if size > largest:
            raise ZooError(f"{made.id} takes {size:,} bytes; at most {largest:,} are committed.")
        with replacing_folder(output / made.id) as beside:
            shutil.copytree(made.path, beside, dirs_exist_ok=True)
    return output / made.id


def renew(folder: Path, runs: Path, known: Registry) -> Path:
    """Certify the graph in `folder` again, and write everything else in there anew.

    Raises:
        ZooError: its run or its data are not there, or it is not certified.
    """
    artifact = check(folder)
    found = certified_again(artifact, [runs], provider="cpu", registry=known, progress=default_progress())
    certificate = found.certificate
    if not certificate.passed:
        raise ZooError(f"{certificate.id}: {'; '.join(certificate.problems)}.")
    precision = artifact.manifest.precision
    facts = {"precision": precision, **json.loads((folder / MANIFEST).read_text(encoding="utf-8"))}
    trained = replace(found.trained, run=facts["run"])
    with replacing_folder(folder) as beside:
        shutil.copy2(folder / MODEL, beside / MODEL)
        write_proof(beside, facts, certificate, found.golden, trained, Pictures(trained, precision))
    return folder


def most(inputs: Sequence[Mapping[str, Any]]) -> int:
    """Bytes that a graph with such inputs may take."""
    return LARGEST_TEXT if any(tensor["dtype"] == "string" for tensor in inputs) else LARGEST


def main() -> int:
    """0 where all were made; 1 where one was not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "exported")
    parser.add_argument("--certificates", action="store_true")
    given = parser.parse_args()
    known = registry(third_party=False)
    failed = False
    for model in given.models:
        try:
            chosen = known.model(model).id
            if given.certificates:
                name = chosen if MODELS[chosen] == "fp32" else f"{chosen}.{MODELS[chosen]}"
                print(renew(given.output / name, given.runs, known))
            else:
                print(remake(chosen, given.runs, given.output, known))
        except ZooError as error:
            print(f"error: {error}", file=sys.stderr)
            failed = True
    whole = sum(file.stat().st_size for file in given.output.rglob("*") if file.is_file())
    print(f"{whole:,} bytes in all")
    return int(failed or whole > TOGETHER)


if __name__ == "__main__":
    sys.exit(main())

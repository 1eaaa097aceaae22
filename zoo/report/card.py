"""The model card: what a person reads before they use an artifact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo.report.certificate import error_table
from zoo.report.tables import figure, markdown_table, setting
from zoo.spec import ModelSpec, Recipe, TensorSpec, to_plain

if TYPE_CHECKING:
    from zoo.certify.certificate import Certificate, Stored
    from zoo.report.plot import Plot

INSIDE = "A look inside"
PLACES = {
    "curves": ("Training", "Learning curves"),
    "samples": ("Data and licence", "Examples"),
    "confusion": ("Figures", "Confusion matrix"),
    "mistakes": ("Figures", "First mistakes"),
    "translations": ("Figures", "Translations"),
    "attention": (INSIDE, "Attention"),
    "neighbours": ("Figures", "Neighbours"),
    "words": (INSIDE, "Map of words"),
    "reconstructions": ("Figures", "Reconstructions"),
    "walk": (INSIDE, "Walks between codes"),
    "generated": (INSIDE, "Pictures from random codes"),
    "weights": (INSIDE, "Weights as pictures"),
    "parameters": (INSIDE, "Parameters"),
    "filters": (INSIDE, "Filters"),
    "maps": (INSIDE, "Feature maps"),
    "edges": (INSIDE, "Edge filter"),
    "separability": (INSIDE, "Could one unit do?"),
    "surface": (INSIDE, "Decision surface"),
}
"""View → the section its picture stands in, and what it is called there. A plugin's own stand in `INSIDE` under their names."""


def model_card(
    manifest: Mapping[str, Any],
    certificate: Certificate,
    spec: ModelSpec,
    recipe: Recipe | None,
    plots: Mapping[str, Plot],
) -> str:
    """Markdown for the artifact's README.md, which shows each of `plots` as `<name>.png` beside it."""
    sections = {
        "Use": _usage(manifest),
        "Inputs and outputs": _signature(manifest),
        "Figures": _figures(manifest, certificate, spec),
        INSIDE: "",
        "Training": _training(manifest, recipe) if recipe is not None else "",
        "Certificate": _certificate(certificate),
        "Data and licence": _data(manifest),
    }
    for name, plot in plots.items():
        section, title = PLACES.get(name, (INSIDE, name.replace("-", " ").capitalize()))
        picture = plot.markdown(title, f"{name}.png")
        sections[section] = f"{sections[section]}\n\n{picture}".lstrip()
    head = [_front_matter(manifest), f"# {manifest['id']}\n\n{manifest['summary']}. After: {spec.source}."]
    return "\n\n".join([*head, *(f"## {title}\n\n{text}" for title, text in sections.items() if text)]) + "\n"


def _front_matter(manifest: Mapping[str, Any]) -> str:
    """The header that model hubs read."""
    return "\n".join(
        ["---", "library_name: onnx", "tags:", "- onnx", "- onnxruntime", f"- {manifest['base'].split('.')[0]}", "---"]
    )


def _usage(manifest: Mapping[str, Any]) -> str:
    names = ", ".join(output["name"] for output in manifest["outputs"])
    only = "[0]" if len(manifest["outputs"]) == 1 else ""
    given, typed = zip(*map(_given, manifest["inputs"]), strict=True)
    asked = ", ".join(f'"{tensor["name"]}": {tensor["name"]}' for tensor in manifest["inputs"])
    return (
        "With onnxruntime alone:\n\n"
        "```python\n"
        "import numpy as np\n"
        "import onnxruntime\n\n"
        'session = onnxruntime.InferenceSession("model.onnx")\n'
        + "".join(given)
        + f"{names} = session.run(None, {{{asked}}}){only}\n"
        "```\n\n"
        f"From a shell: `zoo predict {manifest['id']} {' '.join(typed)}`. `zoo verify {manifest['id']}` replays the certificate."
    )


def _given(tensor: Mapping[str, Any]) -> tuple[str, str]:
    """A line of Python that makes an input, and how it is given in a shell."""
    shape = [3 if isinstance(axis, str) else axis for axis in tensor["shape"]]
    typed = "1" * shape[1] if tensor["dtype"] == "bool" and len(shape) == 2 else "FILE…"
    # NumPy's own name: before 2.0 it had no `bool`.
    dtype = "bool_" if tensor["dtype"] == "bool" else tensor["dtype"]
    made = f"np.zeros({shape}, np.{dtype})"
    if tensor["dtype"] == "string":
        made, typed = 'np.array(["…"], object)', '"…"'
    return f"{tensor['name']} = {made}  # {tensor['meaning']}\n", typed


def _signature(manifest: Mapping[str, Any]) -> str:
    rows = []
    for kind in ("inputs", "outputs"):
        for plain in manifest[kind]:
            tensor = TensorSpec(**{**plain, "shape": tuple(plain["shape"])})
            shape = ", ".join(str(axis) for axis in tensor.shape)
            rows.append([kind[:-1], f"`{tensor.name}`", tensor.dtype, f"[{shape}]", tensor.meaning])
    return markdown_table(["", "name", "dtype", "shape", "meaning"], rows)


def _figures(manifest: Mapping[str, Any], certificate: Certificate, spec: ModelSpec) -> str:
    own = manifest["id"] in (spec.id, f"{spec.id}.{manifest['precision']}")
    published = {reference.metric: reference for reference in spec.references} if own else {}
    rows = []
    for name, value in manifest["metrics"].items():
        reference = published.get(name)
        theirs = f"{figure(reference.value)} ({reference.source})" if reference else ""
        rows.append([name.replace("_", " "), figure(value), theirs])
    whole = "On the test split" if manifest["variant"] == next(iter(spec.exports)) else "Of the whole model, on the test split"
    return f"{whole}:\n\n" + markdown_table(["metric", "this model", "published or asked for"], rows) + _stored(certificate.stored)


def _stored(stored: Stored | None) -> str:
    """What fewer bits cost and gain, in a paragraph."""
    if stored is None:
        return ""
    name, before = stored.metric.replace("_", " "), figure(stored.value_before)
    speeds = f" Speed beside float32: {', '.join(map(str, stored.speeds))}; {stored.verdict}." if stored.speeds else ""
    return (
        f"\n\nIts {stored.numbers:,} large weights are stored in {stored.precision.partition('-')[0]}; "
        f"{stored.arithmetic}. "
        f"The file has {stored.size:,} bytes in the place of {stored.size_before:,}. Its {name} is {figure(stored.value)}; the "
        f"network as it was trained has {before} (allowed: worse by {stored.allowed:g}).{speeds}"
    )


def _training(manifest: Mapping[str, Any], recipe: Recipe) -> str:
    run = manifest.get("run") or {}
    rows = [[key.replace("_", " "), setting(value)] for key, value in to_plain(recipe).items() if value not in (None, (), "")]
    seconds = f"Trained in {run['seconds']:,.1f} s on {run['device']} ({run['precision']}).\n\n" if "seconds" in run else ""
    return seconds + markdown_table(["recipe", ""], rows)


def _certificate(certificate: Certificate) -> str:
    audit = certificate.audit
    changed = len(audit.changed)
    decisions = (
        "every decision is PyTorch's" if not changed else f"{changed} decisions differ from PyTorch's, each a tie within rounding"
    )
    oracle = certificate.oracle
    second = f"could not be asked ({oracle.skipped})" if oracle.skipped else f"agrees on {oracle.examples} examples"
    return "\n\n".join(
        part
        for part in (
            error_table(certificate),
            f"Of {audit.examples:,} {audit.split} examples {decisions}. A second engine ({oracle.engine}) {second}.",
            "\n".join(f"- {proof.claim}" for proof in certificate.proofs),
            "How it was proven, and by how much room, is told in [certificate.md](certificate.md).",
        )
        if part
    )


def _data(manifest: Mapping[str, Any]) -> str:
    dataset = manifest["dataset"]
    return f"Data set `{dataset['id']}`, SHA-256 of its arrays `{dataset['sha256']}`; licence of the data: {manifest['licence']}."

"""The readable page of a certificate: what was proven of an artifact, how, and by how much room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo.report.tables import figure, markdown_table

if TYPE_CHECKING:
    from zoo.certify.certificate import Audit, Certificate
    from zoo.report.proven import Proven

LISTED = 20
"""Changed answers that are listed; the JSON has all."""
PICTURE = "certificate.png"


def certificate_page(certificate: Certificate, manifest: Mapping[str, Any], plot: Proven | None) -> str:
    """Markdown for the artifact's `certificate.md`; `plot` lies beside it."""
    sections = {
        "What it speaks of": _subject(certificate, manifest),
        "Fewer bits": _stored(certificate),
        "Proofs of this model": _proofs(certificate),
        "Errors": _errors(certificate),
        "Decisions": _decisions(certificate),
        "The same figure": _metrics(certificate.audit),
        "A second engine": _oracle(certificate),
        "Cases": _cases(certificate),
        "Made with": _made(certificate),
    }
    if plot is not None:
        sections["Decisions"] += f"\n\n{plot.markdown('Errors and margins', PICTURE)}"
    head = (
        f"# Certificate of {certificate.id}\n\n`model.onnx` answers as its PyTorch original does: every check on this page passed, "
        f"{certificate.created}. `zoo verify {certificate.id}` replays the cases with onnxruntime alone. `certificate.json` says "
        "the same to machines."
    )
    return "\n\n".join([head, *(f"## {title}\n\n{text}" for title, text in sections.items() if text)]) + "\n"


def _subject(certificate: Certificate, manifest: Mapping[str, Any]) -> str:
    run = manifest.get("run") or {}
    rows = [["`model.onnx`", f"`{certificate.model_sha256}`"]]
    rows += [["the data's arrays", f"`{certificate.dataset_sha256}`"]] * (certificate.dataset_sha256 is not None)
    rows += [["the recipe", f"`{certificate.recipe_sha256}`"]] * (manifest.get("recipe") is not None)
    rows += [["the trained weights", f"`{run.get('weights_sha256')}`"]] * (bool(run))
    return markdown_table(["", "SHA-256"], rows)


def _stored(certificate: Certificate) -> str:
    """What was rounded before all else was proven."""
    if (stored := certificate.stored) is None:
        return ""
    name = stored.metric.replace("_", " ")
    speeds = f" Speed beside float32: {', '.join(map(str, stored.speeds))}." if stored.speeds else ""
    verdict = f" Verdict: {stored.verdict}." if stored.verdict else ""
    return (
        f"{stored.numbers:,} weights were rounded to {stored.precision.partition('-')[0]}; {stored.arithmetic}. PyTorch is, here, "
        f"the network so rounded. Its {name} on the test split is {figure(stored.value)}, that of the network as it was trained "
        f"{figure(stored.value_before)}; it may be worse by {stored.allowed:g}. The file has {stored.size:,} bytes, in float32 "
        f"{stored.size_before:,}.{speeds}{verdict}"
    )


def _proofs(certificate: Certificate) -> str:
    return "\n".join(f"- **{proof.claim}** {proof.method}" for proof in certificate.proofs)


def _errors(certificate: Certificate) -> str:
    if not (table := error_table(certificate)):
        return ""
    return (
        f"{table}\n\nAllowed is four times PyTorch's own float32 error, or eight units in the last place of the largest answer, "
        "and for what is no output at most half of what makes a tie." + _stayed(certificate)
    )


def error_table(certificate: Certificate) -> str:
    """Float by float how far engines lie from the golden answers, with under what they were run; empty where all is exact."""
    rows = [
        [f"`{name}`", f"{bound.onnxruntime_error:.2e}", f"{bound.torch_error:.2e}", f"{bound.ratio:.2f}", f"{bound.bound:.2e}"]
        for name, bound in certificate.bounds.items()
    ] + [
        [f"`{name}`, before it is made exact", "not an output", f"{hidden.torch_error:.2e}", "", f"{hidden.bound:.2e}"]
        for name, hidden in certificate.hidden.items()
    ]
    if not rows:
        return ""
    many = f", on the CPU with {' and '.join(map(str, certificate.threads))} threads" if certificate.threads else ""
    text = " and the hostile sentences" if certificate.hostile else ""
    return (
        f"Largest absolute distances from PyTorch in float64, over {len(certificate.cases)} cases at each of the "
        f"graph-optimisation levels {', '.join(certificate.levels)}{many}, and over the {certificate.audit.split} split{text}, on "
        f"{' and '.join(certificate.providers)}:\n\n"
        + markdown_table(["output", "onnxruntime", "PyTorch float32", "ratio", "allowed"], rows)
    )


def _stayed(certificate: Certificate) -> str:
    """What did not run where it was asked to."""
    said = [
        f"\n\nWith {provider}, on the CPU: " + ", ".join(f"{operator} ({count})" for operator, count in nodes.items()) + "."
        for provider, nodes in certificate.cpu_nodes.items()
        if nodes
    ]
    return "".join(said)


def _decisions(certificate: Certificate) -> str:
    audits = [certificate.audit, *([certificate.hostile] if certificate.hostile else [])]
    return "\n\n".join(_audit(audit) for audit in audits)


def _audit(audit: Audit) -> str:
    changed = f"{len(audit.changed):,}" if audit.changed else "None"
    differ = "differ" if len(audit.changed) > 1 else "differs"
    text = f"{changed} of the {audit.examples:,} answers to the {_where(audit)} {differ} from PyTorch's."
    for name, margins in audit.margins.items():
        if margins.closest is not None:
            sure = f"{margins.turnable:,} lie" if margins.turnable != 1 else "1 lies"
            text += (
                f" `{name}`: half of the answers are preferred to the next best by at least {margins.spread.median:.2g}, the "
                f"closest by {margins.closest:.2g}; {sure if margins.turnable else 'none lies'} below {margins.limit:.1e}, where "
                "rounding may turn them."
            )
    if audit.changed:
        rows = [[tie.place, str(tie.index), tie.ours, tie.theirs, f"{tie.margin:.1e}"] for tie in audit.changed[:LISTED]]
        more = f"\n\nand {len(audit.changed) - LISTED:,} more." if len(audit.changed) > LISTED else ""
        text += "\n\n" + markdown_table(["place", "example", "onnxruntime", "PyTorch", "margin"], rows) + more
    return text


def _where(audit: Audit) -> str:
    """The examples, in words."""
    return f"{audit.split} split" if audit.split == "test" else audit.split


def _metrics(audit: Audit) -> str:
    rows = [
        [name.replace("_", " "), figure(audit.onnxruntime_metrics[name]), figure(value)]
        for name, value in audit.torch_metrics.items()
        if name in audit.onnxruntime_metrics
    ]
    if not rows:
        return ""
    return f"Of the answers to the {audit.split} split:\n\n" + markdown_table(["metric", "onnxruntime", "PyTorch float32"], rows)


def _oracle(certificate: Certificate) -> str:
    oracle = certificate.oracle
    engine = f"{oracle.engine}, which shares no code with onnxruntime,"
    if oracle.skipped:
        return f"{engine} does not implement all that this graph needs: {oracle.skipped}"
    errors = ", ".join(f"`{name}` within {error:.1e}" for name, error in oracle.errors.items())
    return f"{engine} agrees on {oracle.examples} examples{': ' if errors else ''}{errors}."


def _cases(certificate: Certificate) -> str:
    rows = [
        [case.name, "; ".join(f"{name} [{', '.join(map(str, shape))}]" for name, shape in case.shapes.items())]
        for case in certificate.cases
    ]
    return "Their inputs and golden answers are in `golden.npz`.\n\n" + markdown_table(["case", "inputs"], rows)


def _made(certificate: Certificate) -> str:
    versions = ", ".join(f"{key} {value}" for key, value in certificate.versions.items())
    return f"{versions}; {_machine(certificate.machine)}."


def _machine(machine: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in machine.items() if isinstance(value, str | int | float))

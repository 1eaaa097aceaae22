"""Which artifact a name means: what the registry knows and what lies on disk together."""

from __future__ import annotations

from pathlib import Path

from zoo.errors import UnknownName, UsageError
from zoo.paths import artifact_folders
from zoo.registry import Registry
from zoo.registry import registry as default_registry
from zoo.runtime.artifact import find, list_artifacts
from zoo.runtime.manifest import PRECISIONS


def artifact_path(model: str, artifacts: str | Path | None = None, registry: Registry | None = None) -> Path:
    """Where the artifact that `model` means lies: its folder, or a bare `.onnx` file.

    Args:
        model: an id (of the registry or not, such as one of your own data), an architecture, which means its default, or a path.
        artifacts: folder of artifacts that is looked in first.
        registry: of another set of plugins.

    Raises:
        UnknownName: there is none, with near matches among artifacts, else among models.
        UsageError: an architecture's default has none, but other models of it have.
        IntegrityError: the folder holds no model, or one with another id.
    """
    unknown: UnknownName | None = None
    model_id, known = model, registry or default_registry()
    try:
        model_id = known.model(model).id
    except UnknownName as error:  # ids of artifacts may be of own data or of a variant, and a path is none
        unknown = error
    folders = artifact_folders(Path(artifacts) if artifacts is not None else None)
    try:
        return find(model_id, folders)
    except UnknownName as error:
        if others := [name for name in list_artifacts(folders) if name.startswith(f"{model}.")] if model_id != model else []:
            raise UsageError(
                f"{model} means {model_id}, of which there is no artifact in {' or '.join(map(str, folders))}; there is "
                f"{', '.join(others)}.",
                hint=f"zoo export {model_id}",
            ) from None
        if unknown is None or (made_by := _export_of(model, known)):
            error.hint = f"zoo export {model_id}" if unknown is None else made_by
        elif unknown.near and not error.near:
            raise unknown from None
        raise


def _export_of(artifact: str, registry: Registry) -> str | None:
    """The command that makes an artifact of a known model, a variant or in another precision; `None` where it is none."""
    for model, owned in registry.models.items():
        if artifact.startswith(f"{model}."):
            parts = artifact.removeprefix(f"{model}.").split(".")
            precision = f" --precision {parts.pop()}" if parts[-1] in PRECISIONS else ""
            variant = f" --variant {parts[0]}" if parts else ""
            if not parts or parts in [[name] for name in owned.spec.exports]:
                return f"zoo export {model}{variant}{precision}"
    return None

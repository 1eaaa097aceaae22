"""The page on Triton: its YAML is YAML, and its examples name models, inputs and shapes that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zoo.runtime.artifact import check

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "triton.md").read_text(encoding="utf-8")


def test_its_yaml_is_what_a_cluster_takes():
    yaml = pytest.importorskip("yaml")
    documents = [document for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) for document in yaml.safe_load_all(block)]
    assert [document["kind"] for document in documents] == ["InferenceService", "Deployment", "Service"]
    service, deployment, door = documents
    assert service["spec"]["predictor"]["model"]["modelFormat"] == {"name": "triton", "version": "2"}
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"] == door["spec"]["selector"]
    assert {port["targetPort"] for port in door["spec"]["ports"]} <= {port["name"] for port in container["ports"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["spec"]["volumes"]}
    assert f"tritonserver:{container['image'].split(':')[1]}" in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[2]


def test_its_python_names_inputs_of_committed_models():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    compile(code, "docs/triton.md", "exec")
    asked = re.findall(r'infer\("([\w.-]+)"', code)
    assert asked == ["cnn.fast", "seq2seq.help-pl-en.int8"]
    for name, given, output in zip(asked, ("image", "text"), ("probabilities", "translation"), strict=True):
        manifest = check(ROOT / "exported" / name).manifest
        assert [tensor.name for tensor in manifest.inputs] == [given]
        assert f'InferInput("{given}"' in code
        assert output in [tensor.name for tensor in manifest.outputs]

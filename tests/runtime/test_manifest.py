"""A manifest is read strictly: right, or an IntegrityError that names the field."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.artifacts import facts
from zoo.errors import IntegrityError
from zoo.runtime.manifest import DTYPES, Manifest, Picture, Tensor, parse
from zoo.spec import DType, TensorSpec
from zoo.spec import Picture as PictureSpec


def whole() -> dict[str, Any]:
    """Everything that a `zoo.json` holds."""
    hashes = dict.fromkeys(("model_sha256", "certificate_sha256", "golden_sha256"), "a" * 64)
    return {
        **facts(),
        **hashes,
        "run": {
            "path": "runs/cnn.fast/1",
            "weights_sha256": "b" * 64,
            "seconds": 17.5,
            "device": "a processor",
            "precision": "bf16",
        },
    }


def test_both_forms_are_read() -> None:
    outside = parse(json.dumps(whole()), where="zoo.json")
    inside = parse(json.dumps(facts()), where="metadata", embedded=True)
    assert outside.differences(inside) == []
    assert (inside.run, inside.model_sha256) == (None, None)
    assert outside.model_sha256 == "a" * 64


def test_what_may_be_null() -> None:
    value = {**whole(), "picture": None, "recipe": None, "recipe_sha256": None, "run": None, "classes": []}
    manifest = parse(json.dumps(value), where="zoo.json")
    assert (manifest.picture, manifest.recipe, manifest.run, manifest.classes) == (None, None, None, ())


def test_specs_and_manifests_have_the_same_fields() -> None:
    """The runtime must not import msgspec, so it has types of its own; they may not drift from the specs'."""
    for spec, own in ((TensorSpec, Tensor), (PictureSpec, Picture)):
        assert {field.name for field in msgspec.structs.fields(spec)} == set(own.__dataclass_fields__)
    assert DType.__args__ == DTYPES  # type: ignore[attr-defined]


def test_a_spec_written_as_json_is_read() -> None:
    spec = TensorSpec(name="x", dtype="uint8", shape=("batch", 3), meaning="m", low=0, high=255)
    value = {**whole(), "inputs": [msgspec.to_builtins(spec)]}
    tensor = parse(msgspec.json.encode(value), where="zoo.json").inputs[0]
    assert tensor == Tensor(name="x", dtype="uint8", shape=("batch", 3), meaning="m", low=0.0, high=255.0)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("id",), "../up", "id is '../up', which should be an id"),
        (("id",), "", "id is ''"),
        (("inputs",), [], "at least one tensor"),
        (("inputs", 0, "dtype"), "float99", r"inputs\[0\].dtype is 'float99', which should be one of uint8"),
        (("inputs", 0, "shape", 1), 0, r"inputs\[0\].shape\[1\] is 0"),
        (("inputs", 0, "shape", 1), True, r"inputs\[0\].shape\[1\] is True"),
        (("inputs", 0, "shape", 1), 1 << 70, r"inputs\[0\].shape\[1\]"),
        (("inputs", 0, "low"), 300, "low that is at most its high"),
        (("inputs", 0, "low"), 10**400, "a finite number"),
        (("outputs", 0, "name"), "probabilities", "a name of its own"),
        (("classes",), "0123", "classes is '0123', which should be a list"),
        (("classes", 3), 3, r"classes\[3\] is 3, which should be text"),
        (("picture", "framing"), "askew", "picture.framing is 'askew'"),
        (("picture", "height"), 28.0, "picture.height is 28.0, which should be a whole number"),
        (("model_sha256",), "abc", "model_sha256 is 'abc', which should be a SHA-256"),
        (("metrics", "accuracy"), "high", "metrics.accuracy is 'high', which should be a number"),
        (("recipe",), [], "recipe is .*, which should be a JSON object"),
        (("dataset", "extra"), 1, "dataset has the unknown 'extra'"),
    ],
)
def test_wrong_field_is_named(path: tuple[Any, ...], value: Any, said: str) -> None:
    changed = node = copy.deepcopy(whole())
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    with pytest.raises(IntegrityError, match=said):
        parse(json.dumps(changed), where="zoo.json")


def test_missing_and_unknown_keys_are_named() -> None:
    value = whole()
    del value["licence"]
    with pytest.raises(IntegrityError, match="it lacks 'licence'"):
        parse(json.dumps(value), where="zoo.json")
    with pytest.raises(IntegrityError, match="it has the unknown 'license'"):
        parse(json.dumps({**whole(), "license": "x"}), where="zoo.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have(number: str) -> None:
    text = json.dumps(whole()).replace('"loss": 1', f'"loss": {number}')
    with pytest.raises(IntegrityError):
        parse(text, where="zoo.json")


def test_a_key_that_occurs_twice() -> None:
    text = json.dumps(whole()).replace('"id":', '"id": "mlp.keras", "id":', 1)
    with pytest.raises(IntegrityError, match="a key occurs twice"):
        parse(text, where="zoo.json")


TEXT = st.text(alphabet="ab.:é\x00", max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values in a JSON value."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [path, *[place for key, item in items for place in _places(item, (*path, key))]]


@given(data=st.data())
def test_any_value_anywhere_is_refused_or_valid(data: st.DataObject) -> None:
    changed = node = whole()
    path = data.draw(st.sampled_from(_places(changed)[1:]))
    for step in path[:-1]:
        node = node[step]
    if data.draw(st.booleans()):
        node[path[-1]] = data.draw(JSON)
    else:
        del node[path[-1]]
    _refused_or_valid(json.dumps(changed).encode())


@given(data=st.data())
def test_any_change_of_bytes_is_refused_or_valid(data: st.DataObject) -> None:
    content = bytearray(json.dumps(whole()).encode())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    _refused_or_valid(bytes(content))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_valid(content: bytes) -> None:
    _refused_or_valid(content)


def _refused_or_valid(content: bytes) -> None:
    try:
        manifest = parse(content, where="zoo.json")
    except IntegrityError as error:
        assert str(error).startswith("zoo.json ")  # noqa: PT017
    else:
        assert isinstance(manifest, Manifest)
        assert manifest.differences(manifest) == []

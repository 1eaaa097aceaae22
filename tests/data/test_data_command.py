import json

import click
import pytest
from click.testing import CliRunner

from zoo.cli.data import command
from zoo.cli.output import current_registry
from zoo.data.words import own_words, route_words
from zoo.errors import DataError, IntegrityError, UnknownName
from zoo.plugins import LoadedPlugin
from zoo.registry import Owned, Registry
from zoo.spec import AptRoute, HttpsRoute, NpmRoute, PipRoute


@pytest.fixture(autouse=True)
def registry(spec, monkeypatch):
    owner = LoadedPlugin("made", "made", "made 1.0", 0.0)
    import msgspec

    generated = msgspec.structs.replace(spec(files=()), id="grown", summary="made by rule")
    registry = Registry(datasets={each.id: Owned(each, owner) for each in (spec(), generated)})
    monkeypatch.setattr("zoo.registry.registry", lambda *, third_party: registry)
    return registry


def ask(*args: str):
    """Exit code, stdout, stderr; errors of zoo are raised, as they are for `zoo.cli.main`."""
    result = CliRunner().invoke(command, args, standalone_mode=False)
    if result.exception:
        result.exception.output = result.stdout
        raise result.exception
    return result.stdout


def test_list(mirror):
    assert ask("list").splitlines() == [
        "id     summary       licence  cached",
        "made   made up       CC0      no",
        "grown  made by rule  CC0      generated",
    ]
    ask("fetch", "made")
    assert json.loads(ask("list", "--json"))[0] == {
        "id": "made",
        "summary": "made up",
        "source": "here",
        "licence": "CC0",
        "cached": "yes",
    }
    assert ask("list", "-q") == "made\ngrown\n"


def test_list_in_part(mirror, home):
    ask("fetch", "made")
    (home / "data" / "made" / "labels").unlink()
    assert "in part" in ask("list")


def test_fetch(mirror, home):
    assert ask("fetch", "made", "grown") == f"made  from mirror {mirror}  {home}/data/made\ngrown  generated\n"
    assert ask("fetch", "made") == f"made  from cache  {home}/data/made\n"
    assert ask("fetch", "-q", "made") == "made\n"
    folder = str(home / "data" / "made")
    assert json.loads(ask("fetch", "--json", "made", "grown")) == [
        {
            "id": "made",
            "route": "cache",
            "folder": folder,
            "files": {"images": f"{folder}/images", "labels": f"{folder}/labels"},
        },
        {"id": "grown", "route": "generated", "folder": None, "files": {}},
    ]


def test_fetch_wants_an_id():
    with pytest.raises(click.MissingParameter):
        ask("fetch")


def test_fetch_fails():
    with pytest.raises(DataError, match="Data set 'made' lacks images"):
        ask("fetch", "made")


def test_show(mirror, home):
    assert ask("show", "made").splitlines() == [
        "made: made up",
        "  source   here",
        "  licence  CC0",
        "  cached   no",
        f"  folder   {home}/data/made",
        "  files    images",
        "           labels",
        "  routes   ZOO_MIRROR/made",
    ]
    assert ask("show", "grown").splitlines()[3:] == ["  cached   generated"]
    ask("fetch", "made")
    assert json.loads(ask("show", "made", "--json")) == {
        "id": "made",
        "summary": "made up",
        "source": "here",
        "licence": "CC0",
        "cached": "yes",
        "folder": f"{home}/data/made",
        "files": ["images", "labels"],
        "routes": ["ZOO_MIRROR/made"],
        "own": None,
    }


def test_routes_and_own_data_in_words(spec):
    made = spec(
        HttpsRoute(base="https://example.org/"),
        NpmRoute(package="made@1", folder="x"),
        AptRoute(packages=("one", "two"), convert="x:y"),
        PipRoute(package="made==1", member="x"),
        own="some:reader",
        columns=("source", "target"),
        folder="shared",
    )
    assert route_words(made) == [
        "ZOO_MIRROR/shared",
        "https://example.org/",
        "npm package made@1",
        "Debian packages one and two",
        "PyPI package made==1",
    ]
    assert own_words(made) == "--data FILE --source COLUMN --target COLUMN --name NAME"
    assert own_words(spec(own="some:reader")) == "--data FOLDER --name NAME"


@pytest.mark.parametrize("verb", ["show", "fetch", "verify", "path"])
def test_a_misspelt_id_gives_near_matches(verb):
    with pytest.raises(UnknownName, match="There is no data set 'mades'; did you mean made"):
        ask(verb, "mades")


def test_verify(mirror, home):
    assert ask("verify", "made").splitlines()[1:] == ["made  images  missing", "made  labels  missing"]
    ask("fetch", "made")
    assert ask("verify").splitlines() == [
        "id     file    state",
        "made   images  ok",
        "made   labels  ok",
        "grown          generated",
    ]
    assert ask("verify", "-q") == ""
    assert json.loads(ask("verify", "--json")) == [
        {"id": "made", "files": {"images": "ok", "labels": "ok"}},
        {"id": "grown", "files": {}},
    ]


@pytest.mark.parametrize("option", [(), ("--json",), ("-q",)])
def test_verify_damaged(mirror, home, option):
    ask("fetch", "made")
    (home / "data" / "made" / "labels").write_bytes(b"other")
    with pytest.raises(IntegrityError) as caught:
        ask("verify", *option)
    assert caught.value.exit_code == 4
    assert str(caught.value) == (f"{home}/data/made/labels is damaged: its SHA-256 is not the data set's. Try: zoo data fetch made")
    output = caught.value.output
    if option == ("--json",):
        assert json.loads(output)[0]["files"] == {"images": "ok", "labels": "damaged"}
    else:
        assert ("damaged" in output) if not option else (output == "made\n")
    ask("fetch", "made")
    assert ask("verify", "-q") == ""


def test_path(mirror, home):
    with pytest.raises(DataError, match=r"'made' is not in the cache .*Try: zoo data fetch made"):
        ask("path", "made")
    ask("fetch", "made")
    assert ask("path", "made") == f"{home}/data/made\n"
    with pytest.raises(DataError, match="'grown' is generated, so it has no files"):
        ask("path", "grown")


def test_the_registry_is_asked_for_as_the_command_line_says(monkeypatch):
    seen = []
    monkeypatch.setattr("zoo.registry.registry", lambda *, third_party: seen.append(third_party))

    @click.group()
    @click.option("--no-plugins", is_flag=True)
    def root(no_plugins):
        pass

    @root.command()
    def verb():
        current_registry()

    CliRunner().invoke(root, ["--no-plugins", "verb"], catch_exceptions=False)
    CliRunner().invoke(root, ["verb"], catch_exceptions=False)
    assert seen == [False, True]

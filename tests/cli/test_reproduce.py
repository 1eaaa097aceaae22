"""`zoo reproduce`: it goes on where it was."""

from __future__ import annotations

import json


def test_the_command_goes_on_where_it_was(zoo_, here):
    first = zoo_("reproduce", "camera.hand", "--json")
    assert json.loads(first.out)[0]["rows"][0]["verdict"] == "reproduced"
    assert (here / "records" / "camera.hand.json").is_file()
    again = zoo_("reproduce", "camera.hand", "--markdown")
    assert "| `camera.hand` | accuracy | 1.0000 |" in again.out
    assert "is recorded" in again.err


def test_a_damaged_record_costs_no_other(zoo_, here):
    zoo_("reproduce", "camera.hand")
    (here / "records" / "camera.hand.json").write_text("{")
    result = zoo_("reproduce", "camera.hand", "camera.trained-stable", "--seeds", "1")
    assert result.code == 4
    assert "camera.trained-stable" in result.out
    assert "no record of the ledger" in result.err


def test_quiet_prints_ids_only(zoo_, here):
    result = zoo_("reproduce", "camera.hand", "boolean.and", "-q")
    assert (result.code, result.out.split(), result.err) == (0, ["camera.hand", "boolean.and"], "")


def test_several_processes_are_refused_once(zoo_, here, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    given = zoo_("reproduce", "camera.hand", "boolean.and")
    assert given.code == 2
    assert given.err.count("WORLD_SIZE=2") == 1
    assert "Try" not in given.err
    learned = zoo_("reproduce", "camera.*")
    assert learned.err.count("WORLD_SIZE=2") == 1
    assert "Try: torchrun --nproc-per-node 2 -m zoo train camera.trained\n" in learned.err

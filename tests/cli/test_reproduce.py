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

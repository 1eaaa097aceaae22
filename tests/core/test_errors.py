"""Hints that can be pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

from zoo.errors import FEW, UnknownName, typed
from zoo.training.distributed import resume_command


def test_only_what_a_shell_would_take_apart_is_quoted():
    assert typed("zoo", "train", "--resume", Path("runs/cnn.fast/1")) == "zoo train --resume runs/cnn.fast/1"
    words = ("zoo", "export", "--run", "my runs/it's $HOME/1")
    assert shlex.split(typed(*words)) == list(words)
    assert resume_command(Path("my runs/cnn.fast/1"), processes=1) == "zoo train --resume 'my runs/cnn.fast/1'"
    assert resume_command(Path("1"), processes=2) == "torchrun --nproc-per-node 2 -m zoo train --resume 1"
    meeting = "--rdzv-backend c10d --rdzv-endpoint HOST:PORT"
    of_two_machines = f"torchrun --nnodes 2 {meeting} --nproc-per-node 4 -m zoo train --resume 1"
    assert resume_command(Path("1"), processes=8, beside=4) == of_two_machines


def test_a_name_that_is_near_none_is_told_the_few_that_exist():
    losses = ("squared-error", "cross-entropy")
    assert str(UnknownName("loss", "bce", losses)) == "There is no loss 'bce'; there are squared-error, cross-entropy."
    assert str(UnknownName("loss", "cross-entrpy", losses)) == "There is no loss 'cross-entrpy'; did you mean cross-entropy?"
    assert str(UnknownName("loss", "bce", losses[:1])) == "There is no loss 'bce'; there is squared-error."
    assert str(UnknownName("loss", "bce", losses, hint="zoo list")) == "There is no loss 'bce'. Try: zoo list"
    assert str(UnknownName("loss", "bce", map(str, range(FEW + 1)))) == "There is no loss 'bce'."

"""Text into ids of words beside gensim's scan of a vocabulary: MB of raw text a second and peak memory, in turn, with ratios.

    python tools/benchmarks/tokenise.py [--mirror DIR] [--data text.all] [--megabytes 10 0] [--rounds 3]

- zoo: the raw text becomes a memory map of ids and a table of words (`zoo.text.corpus.read_corpus`).
- gensim, split: `Word2Vec.build_vocab` of the same words, already lower-cased and parted by spaces, a line a sentence; what parted
  them is not timed. It counts words and gives each an id; the text itself is read and looked up again in every epoch.
- gensim, own words: the same of the raw text, split by `gensim.utils.tokenize(lowercase=True)`, for which digits are no words.

Each runs in a process of its own; only the work is timed, not the start. Memory is what was resident at most (`VmHWM`: a child
inherits its parent's `ru_maxrss`), in all and above what it was once everything was imported. A ratio is ours ÷ theirs within a
round; below 1, we are faster.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from zoo.data.compressed import raw_chunks
from zoo.data.fetch import fetch
from zoo.progress import Progress
from zoo.registry import registry

MEASURED = """
import json, sys, time
from pathlib import Path
{imports}

def status(key):
    return next(int(line.split()[1]) / 1024 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))

raw, split, folder = map(Path, sys.argv[1:])
before, began = status("VmRSS"), time.perf_counter()
{work}
seconds, peak = time.perf_counter() - began, status("VmHWM")
print(json.dumps({{"seconds": seconds, "peak": peak, "above": peak - before, "words": words, "different": different}}))
"""
ZOO = """
corpus = read_corpus(lambda: raw_chunks(raw), folder, "benchmark")
words, different = int(corpus.counts.sum()), len(corpus.words)
"""
# Vectors of one number: their room and their random values are no part of the scan.
GENSIM = """
model = Word2Vec(vector_size=1, min_count=1)
model.build_vocab({corpus})
words, different = model.corpus_total_words, len(model.wv)
"""
TOKENIZE = """
from gensim.utils import tokenize

class Lines:
    def __iter__(self):
        with raw.open(encoding="utf-8") as lines:
            for line in lines:
                yield list(tokenize(line, lowercase=True))
"""
GENSIM_IMPORTS = "from gensim.models import Word2Vec\n"
OURS = "zoo"
SYSTEMS = {
    OURS: ("from zoo.data.compressed import raw_chunks\nfrom zoo.text.corpus import read_corpus", ZOO),
    "gensim, split": (GENSIM_IMPORTS, GENSIM.format(corpus="corpus_file=str(split)")),
    "gensim, own words": (GENSIM_IMPORTS, TOKENIZE + GENSIM.format(corpus="Lines()")),
}
SPLIT = """
import sys
from pathlib import Path
from zoo.text.corpus import WORD

with Path(sys.argv[1]).open(encoding="utf-8", newline="\\n") as lines, Path(sys.argv[2]).open("w", encoding="utf-8") as out:
    for line in lines:
        if words := WORD.findall(line.strip("\\n").lower()):
            print(*words, file=out)
"""


def write_raw(name: str, path: Path, most: int) -> int:
    """Write the first `most` bytes of a corpus, up to an end of a line, all of them for 0; returns how many those are."""
    files, _ = fetch(registry().dataset(name), Progress())
    done = 0
    with path.open("wb") as out:
        for file in files.values():
            for chunk in itertools.chain(raw_chunks(file), [b"\n"]):
                if most and done + len(chunk) >= most:
                    cut = chunk.rfind(b"\n", 0, most - done) + 1
                    out.write(chunk[:cut])
                    return done + cut
                done += out.write(chunk)
    return done


def measured(system: str, raw: Path, split: Path) -> dict[str, float]:
    """One reading in a process of its own."""
    imports, work = SYSTEMS[system]
    with tempfile.TemporaryDirectory(dir=raw.parent) as folder:
        command = [sys.executable, "-c", MEASURED.format(imports=imports, work=work), str(raw), str(split), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print a table for each amount of text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", type=Path, default=os.environ.get("ZOO_MIRROR"), help="folder with text/; else ZOO_MIRROR")
    parser.add_argument("--data", default="text.all")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[10, 0], help="of the text, from its beginning; 0 is all of it")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.mirror:
        os.environ["ZOO_MIRROR"] = str(options.mirror)
    for megabytes in options.megabytes:
        with tempfile.TemporaryDirectory() as name:
            raw, split = Path(name) / "raw.txt", Path(name) / "split.txt"
            size = write_raw(options.data, raw, megabytes * 1_000_000) / 1e6
            subprocess.run([sys.executable, "-c", SPLIT, str(raw), str(split)], check=True)
            rounds = []
            for number in range(options.rounds):
                rounds.append({system: measured(system, raw, split) for system in SYSTEMS})
                told = ", ".join(f"{system} {found['seconds']:.2f} s" for system, found in rounds[-1].items())
                print(f"{size:.1f} MB, round {number + 1}: {told}", file=sys.stderr)
        print(f"{options.data}, {size:.1f} MB, {options.rounds} rounds, {os.cpu_count()} cores")
        for system in SYSTEMS:
            found = [one[system] for one in rounds]
            seconds, peak, above = (statistics.median(one[key] for one in found) for key in ("seconds", "peak", "above"))
            ratios = [one[OURS]["seconds"] / one[system]["seconds"] for one in rounds]
            print(
                f"  {system:<18} {seconds:6.2f} s  {size / seconds:5.1f} MB/s  peak {peak:4.0f} MB, {above:4.0f} above imports  "
                f"{found[0]['words']:,} words, {found[0]['different']:,} different"
                + (
                    f"  ours ÷ theirs {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
                    if system != OURS
                    else ""
                )
            )


if __name__ == "__main__":
    main()

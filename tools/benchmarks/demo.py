"""The page of `zoo demo` in Chromium: bytes and time of its first load, of its first answer, and milliseconds of an answer.

    python tools/benchmarks/demo.py [--artifacts DIR] [--rounds 5]

Each round is a fresh browser, so that nothing is kept from the one before; a figure is that of the fastest round, since other
programs can only slow one. An answer is of one example, asked as panels ask; the median of nine times twenty in a row, after twenty
that are not counted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import threading
import time
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from zoo.progress import PlainProgress
from zoo.web.server import Server
from zoo.web.site import site

LOADED = """() => performance.getEntries().filter((entry) => "decodedBodySize" in entry)
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
ANSWERS = """async () => {
    const { loadIndex } = await import(new URL("runtime.js", location.href));
    const sample = { uint8: (n) => new Uint8Array(n), int64: (n) => new BigInt64Array(n), float32: (n) => new Float32Array(n),
        bool: (n) => new Uint8Array(n), string: (n) => Array(n).fill("Wybierz polecenie i otwórz okno .") };
    const found = {};
    for (const model of (await loadIndex()).models) {
        const feeds = {};
        for (const { name, dtype, shape } of model.manifest.inputs) {
            const dims = shape.map((axis) => (Number.isInteger(axis) ? axis : 1));
            feeds[name] = { dtype, dims, data: sample[dtype](dims.reduce((product, axis) => product * axis, 1)) };
        }
        const start = performance.now();
        await model.ready();
        const load = performance.now() - start;
        const times = [];
        for (let i = 0; i < 10; i++) {  // browsers tell the time to a tenth of a millisecond
            const begin = performance.now();
            for (let k = 0; k < 20; k++) await model.run(feeds);
            times.push((performance.now() - begin) / 20);
        }
        found[model.id] = { load, answer: times.slice(1).sort((a, b) => a - b)[4], bytes: model.bytes };
    }
    return found;
}"""


def measure(browser: Any, url: str) -> dict[str, Any]:
    """One round: seconds and bytes until the page is there and until a first stroke is answered, and each model's milliseconds."""
    context = browser.new_context()
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("html[data-ready]")
    shown, shown_bytes = time.perf_counter() - start, page.evaluate(LOADED)
    pad = page.locator(".pad .ink").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    start = time.perf_counter()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    page.mouse.up()
    page.wait_for_selector(".tile .answer:not(:empty)")
    answered, answered_bytes = time.perf_counter() - start, page.evaluate(LOADED)
    answers = page.evaluate(ANSWERS)
    context.close()
    return {
        "shown": {"seconds": shown, "bytes": shown_bytes},
        "first answer": {"seconds": answered, "bytes": answered_bytes - shown_bytes},
        "models": answers,
    }


def main() -> None:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("exported"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    files = site(sorted(path for path in given.artifacts.iterdir() if path.is_dir()), PlainProgress())
    with Server(files, "127.0.0.1", 0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        rounds = []
        for _ in range(given.rounds):
            browser = playwright.chromium.launch(executable_path=given.chromium)
            rounds.append(measure(browser, server.url))
            browser.close()
        server.shutdown()

    def least(*path: str) -> float:
        return float(min(reduce(getitem, path, one) for one in rounds))

    shell = [content for name, content in files.items() if "/" not in name or name.startswith("panels/")]
    runtime = [content for name, content in files.items() if name.startswith("runtime/")]
    found = {
        "files": len(files),
        "bytes": sum(map(len, files.values())),
        "shell": {"bytes": sum(map(len, shell)), "gzip": sum(len(gzip.compress(content)) for content in shell)},
        "runtime": {"bytes": sum(map(len, runtime)), "gzip": sum(len(gzip.compress(content)) for content in runtime)},
        "shown": {"seconds": least("shown", "seconds"), "bytes": least("shown", "bytes")},
        "first answer": {"seconds": least("first answer", "seconds"), "bytes": least("first answer", "bytes")},
        "models": {
            model: {key: least("models", model, key) for key in ("bytes", "load", "answer")} for model in rounds[0]["models"]
        },
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

"""Abuse of `zoo serve`: generated and mutated requests, oversized bodies, slow clients, load at the limit, and a stop under load.

    python -m tools.hardness.serve [--requests 5000] [--minutes 10] [--seed 0] [--artifacts exported]

Wanted: no crash, no 5xx but 503, every error `{"error": …}`, slow clients cut off while others are answered, resident memory that
grows by less than 50 MB, no request dropped by SIGTERM, exit code 0. What is not so is printed, and ends the script with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from tools.hardness.load import Load
from tools.hardness.requests import Asked, asked, question, request
from tools.hardness.served import QUEUE, WORKERS, Report, Serving, exchange, serving

GROWTH = 50
"""MB of resident memory that a server may grow by."""


def generated(server: Serving, models: list[dict[str, Any]], report: Report, count: int, seed: int) -> None:
    """Requests from the protocol's schema, and mutated ones."""

    def one(number: int) -> None:
        this: Asked = asked(Random(f"{seed} {number}"), models)
        began = time.monotonic()
        method = this.raw.partition(b" ")[0].decode("latin-1")
        try:
            answer = exchange(server, this.raw, method)
        except TimeoutError:
            report.wrong.append(f"{this.kind}: no answer for request {number} {this.raw[:200]!r}")
            return
        if answer is not None:
            report.see(this.kind, *answer, method, f"request {number} {this.raw[:200]!r}")
            return
        report.counts[this.kind, "closed"] += 1
        late = time.monotonic() - began > server.seconds  # this machine had no time for the client
        if this.kind != "damaged request" and not late:  # such a one may be none at all
            report.wrong.append(f"{this.kind}: closed without an answer, request {number} {this.raw[:200]!r}")

    with ThreadPoolExecutor(WORKERS + QUEUE) as pool:
        list(pool.map(one, range(count)))


def oversized(server: Serving, report: Report) -> None:
    """More than the limit: said at once, found out on the way, and as much as just fits."""
    path, most = "/v2/models/cnn.fast/infer", 64 * 2**20
    pictures = {"name": "image", "shape": [60_000, 28, 28], "datatype": "UINT8", "parameters": {"binary_data_size": 60_000 * 784}}
    text = json.dumps({"inputs": [pictures]}).encode()
    chunks = (b"100000\r\n" + bytes(2**20) + b"\r\n") * 65 + b"0\r\n\r\n"
    for kind, body, headers, wanted in (
        ("said too large", b"x", [("Content-Length", str(most + 1))], (413,)),
        ("sent too large", bytes(most + 1), [], (413,)),
        ("chunked too large", chunks, [("Transfer-Encoding", "chunked")], (413,)),
        ("many values", b'{"inputs": [' + b"0," * 2**23 + b"0]}", [], (413,)),
        ("60,000 pictures", text + bytes(60_000 * 784), [("Inference-Header-Content-Length", str(len(text)))], (200, 503)),
    ):
        raw = request("POST", path, body, headers)
        began = time.monotonic()
        answer = exchange(server, raw, "POST")
        if answer:
            report.see(kind, *answer, "POST", kind)
        late = time.monotonic() - began > server.seconds  # it was given up before all was sent
        if not late and (answer is None or answer[0] not in wanted):
            report.wrong.append(f"{kind}: {answer and answer[0]} instead of {wanted}")


def large(models: list[dict[str, Any]]) -> bytes:
    """A request whose answer is some 10 MB of JSON."""
    model = next((model for model in models if model["name"].startswith("word2vec")), models[0])
    plain, parts = question(Random(0), model, rows=5000)
    text = json.dumps({"inputs": plain["inputs"]}).encode()
    header = [("Inference-Header-Content-Length", str(len(text)))] if parts else []
    return request("POST", f"/v2/models/{model['name']}/infer", text + b"".join(parts), header)


def slow(server: Serving, models: list[dict[str, Any]], report: Report, number: int) -> None:
    """Clients that send a byte now and then, or never read: all are cut off, and another one is answered meanwhile."""
    raw = request("POST", "/v2/models/cnn.fast/infer", b"{" * 1000, [])
    greedy = large(models)
    began, cut, took = time.monotonic(), 0, []
    with contextlib.ExitStack() as stack:
        heads = [stack.enter_context(server.connect()) for _ in range(number)]
        bodies = [stack.enter_context(server.connect()) for _ in range(number // 4)]
        readers = [stack.enter_context(server.connect()) for _ in range(number // 16)]
        for connection in bodies:
            connection.sendall(raw[:-900])
        for connection in readers:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(greedy)
        waiting = [*heads, *bodies]
        at = 0
        while waiting and time.monotonic() - began < 3 * server.seconds + 5:
            for connection in list(waiting):
                try:
                    connection.sendall(raw[at : at + 1])
                    connection.settimeout(0)
                    if connection.recv(65536):
                        cut += 1
                    waiting.remove(connection)
                except BlockingIOError:
                    connection.settimeout(10)
                except OSError:
                    cut += 1
                    waiting.remove(connection)
            at += 1
            asked_at = time.monotonic()
            if "name" not in server.get("/v2"):
                report.wrong.append("slow clients: another one was not answered")
            took.append(1000 * (time.monotonic() - asked_at))
            time.sleep(0.2)
        if waiting:
            report.wrong.append(f"slow clients: {len(waiting)} of {len(heads) + len(bodies)} were not cut off")
        report.counts["slow client", "cut off"] += cut
        report.notes["milliseconds for another client meanwhile"] = f"{statistics.median(took):.1f}, at most {max(took):.1f}"


def warm(server: Serving, models: list[dict[str, Any]], report: Report) -> None:
    """Every model at several sizes, several at once: what onnxruntime and the allocator set aside for them is no growth."""
    rng = Random(0)

    def one(case: tuple[dict[str, Any], int]) -> None:
        plain, parts = question(rng, case[0], rows=case[1])
        text = json.dumps(plain).encode()
        header = [("Inference-Header-Content-Length", str(len(text)))] if parts else []
        answer = exchange(server, request("POST", f"/v2/models/{case[0]['name']}/infer", text + b"".join(parts), header), "POST")
        if answer:
            report.see("warm-up", *answer, "POST", case[0]["name"])

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, [(model, rows) for rows in (1, 8, 100) for model in models]))
        list(pool.map(lambda raw: exchange(server, raw, "POST"), [large(models)] * 4))


def abuse(artifacts: Path, *, requests: int, minutes: float, seed: int, slow_clients: int = 128, seconds: float = 2.0) -> Report:
    """All of it, in the order of the module's first line."""
    report = Report()
    with serving(artifacts, seconds) as server:
        models = [
            server.get(f"/v2/models/{row['name']}") for row in server.get("/v2/repository/index", "POST") if row["state"] == "READY"
        ]
        warm(server, models, report)
        first = server.megabytes()
        sizes = {"warm": first}
        generated(server, models, report, requests, seed)
        sizes["after generated requests"] = server.megabytes()
        oversized(server, report)
        sizes["after oversized bodies"] = server.megabytes()
        slow(server, models, report, slow_clients)
        sizes["after slow clients"] = server.megabytes()
        if server.process.poll() is not None:
            report.wrong.append(f"the server ended: {''.join(server.log[-5:])}")
            return report
        load = Load(server, models, report, seed)
        load.run(minutes)
        sizes["at the end"] = load.sizes[-1]
        report.notes["resident MB"] = ", ".join(f"{name} {size:.0f}" for name, size in sizes.items())
        if (grown := load.sizes[-1] - first) >= GROWTH:
            report.wrong.append(f"resident memory grew by {grown:.0f} MB")
        if tracebacks := [line for line in server.log if "Traceback" in line]:
            report.wrong.append(f"{len(tracebacks)} tracebacks in the log: {''.join(server.log)[-2000:]}")
    return report


def main() -> None:
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--artifacts", type=Path, default=Path("exported"))
    given = parser.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    report = abuse(given.artifacts, requests=given.requests, minutes=given.minutes, seed=given.seed)
    outcomes = sorted({outcome for _, outcome in report.counts})
    kinds = list(dict.fromkeys(kind for kind, _ in report.counts))
    print(f"| request | {' | '.join(outcomes)} |\n|---|{'---:|' * len(outcomes)}")
    for kind in kinds:
        print(f"| {kind} | {' | '.join(str(report.counts[kind, outcome] or '') for outcome in outcomes)} |")
    for name, value in report.notes.items():
        print(f"{name}: {value}")
    for one in report.wrong[:50]:
        print(f"WRONG: {one}", file=sys.stderr)
    print(f"seed {given.seed}: {len(report.wrong)} wrong")
    sys.exit(bool(report.wrong))


if __name__ == "__main__":
    main()

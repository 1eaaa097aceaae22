"""Requests a second and the 99th percentile: `zoo serve` beside a bare onnxruntime behind the same starlette and uvicorn.

    python -m tools.benchmarks.serve [--rounds 5] [--seconds 1] [--page docs/serve.md]

Both servers run; 1, 8 and 32 clients that keep their connection ask one, then the other, round by round. Medians over the rounds
are written into the page between its marks; a ratio is the median of each round's own. Clients and servers share the machine's
cores: ratios say more than figures.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import zoo.runtime
from zoo.files import write_atomic
from zoo.machine import cores, cpu_name

CLIENTS = (1, 8, 32)
PICTURES, TRANSLATOR = "cnn.fast", "seq2seq.help-pl-en.int8"
SENTENCE = "Kliknij przycisk, aby otworzyć okno dialogowe."
START, END = "<!-- generated: throughput -->", "<!-- end: throughput -->"


def requests() -> dict[tuple[str, str], bytes]:
    """(Model, form) → the bytes of a request about one example."""
    image = np.random.default_rng(0).integers(0, 256, (1, 28, 28), np.uint8)
    text = SENTENCE.encode()
    found = {}
    for model, name, datatype, shape, data, packed in (
        (PICTURES, "image", "UINT8", [1, 28, 28], image.ravel().tolist(), image.tobytes()),
        (TRANSLATOR, "text", "BYTES", [1], [SENTENCE], struct.pack("<I", len(text)) + text),
    ):
        for form in ("binary", "JSON"):
            tensor = {"name": name, "datatype": datatype, "shape": shape}
            tensor |= {"parameters": {"binary_data_size": len(packed)}} if form == "binary" else {"data": data}
            head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": form == "binary"}}).encode()
            body = head + (packed if form == "binary" else b"")
            length = f"Inference-Header-Content-Length: {len(head)}\r\n" if form == "binary" else ""
            start = f"POST /v2/models/{model}/infer HTTP/1.1\r\nHost: x\r\n{length}Content-Length: {len(body)}\r\n\r\n"
            found[model, form] = start.encode() + body
    return found


async def client(port: int, raw: bytes, until: float, times: list[float]) -> None:
    """Ask until then; the seconds that each answer took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (began := time.perf_counter()) < until:
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"The server on port {port} says {head!r}")
        await reader.readexactly(int(head.lower().partition(b"\ncontent-length: ")[2].partition(b"\r\n")[0]))
        times.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()


def measure(port: int, raw: bytes, clients: int, seconds: float) -> tuple[float, float]:
    """Requests a second, and the 99th percentile in milliseconds."""
    times: list[float] = []

    async def all_of_them() -> None:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(client(port, raw, until, times) for _ in range(clients)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return len(times) / (time.perf_counter() - began), 1000 * float(np.percentile(times, 99))


@contextlib.contextmanager
def started(*arguments: object, port: int) -> Iterator[int]:
    """A server in a process of its own, once it answers."""
    process = subprocess.Popen([sys.executable, "-m", *map(str, arguments)])
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def together(artifacts: Path) -> dict[str, list[float]]:
    """Milliseconds an example in batches of 1, 8 and 32 on one thread: what answering several requests at once could gain."""
    found = {}
    for name in (PICTURES, TRANSLATOR):
        model = zoo.runtime.open(artifacts / name, threads=1)
        one = np.zeros((1, 28, 28), np.uint8) if name == PICTURES else np.array([SENTENCE], dtype=object)
        found[name] = []
        for size in CLIENTS:
            batch, times = np.repeat(one, size, 0), []
            for _ in range(30):
                began = time.perf_counter()
                model.answer({model.inputs[0].name: batch})
                times.append(1000 * (time.perf_counter() - began) / size)
            found[name].append(statistics.median(times[5:]))
    return found


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--artifacts", type=Path, default=Path("exported"))
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    folders = [given.artifacts / name for name in (PICTURES, TRANSLATOR)]
    threads = cores()
    ours, bare = free_port(), free_port()
    lines = [
        "| model | form | clients | zoo serve, a second | bare, a second | ratio | zoo serve, p99 ms | bare, p99 ms | ratio |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with (
        started("zoo", "serve", *folders, "--port", ours, "--threads", threads, port=ours),
        started("tools.benchmarks.bare_server", bare, threads, 1, *folders, port=bare),
    ):
        for (model, form), raw in requests().items():
            for clients in CLIENTS:
                rounds = [
                    (*measure(ours, raw, clients, given.seconds), *measure(bare, raw, clients, given.seconds))
                    for _ in range(given.rounds + 1)
                ][1:]
                rate, p99, rate_bare, p99_bare = map(statistics.median, zip(*rounds, strict=True))
                faster, later = (statistics.median(one[place] / one[place + 2] for one in rounds) for place in (0, 1))
                lines.append(
                    f"| `{model}` | {form} | {clients} | {rate:,.0f} | {rate_bare:,.0f} | {faster:.2f} "
                    f"| {p99:.1f} | {p99_bare:.1f} | {later:.2f} |"
                )
                print(lines[-1], file=sys.stderr, flush=True)
    lines += [
        "",
        f"{threads} cores of {cpu_name()}, medians of {given.rounds} rounds of {given.seconds:g} s, one example a request.",
    ]
    shown = "; ".join(
        f"`{name}` {', '.join(f'{value:.3g}' for value in values)}" for name, values in together(given.artifacts).items()
    )
    lines.append(f"Milliseconds an example in batches of 1, 8 and 32, on one thread and without HTTP: {shown}.")
    text = "\n".join(lines)
    print(text)
    if given.page:
        page = given.page.read_text(encoding="utf-8")
        before, _, rest = page.partition(START)
        write_atomic(given.page, f"{before}{START}\n\n{text}\n\n{END}{rest.partition(END)[2]}".encode())


if __name__ == "__main__":
    main()

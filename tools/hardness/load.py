"""Load at the limit of `zoo serve`, and a stop meanwhile, for `tools.hardness.serve`."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from random import Random
from typing import Any

from tools.hardness.requests import question
from tools.hardness.served import Report, Serving

CLIENTS = 32


class Load:
    """Clients that ask again and again on connections that stay open; what each is answered is judged."""

    def __init__(self, server: Serving, models: list[dict[str, Any]], report: Report, seed: int) -> None:
        self.server, self.models, self.report, self.seed = server, models, report, seed
        self.ended = threading.Event()
        self.stopped = threading.Event()
        self.dropped: list[str] = []
        self.turned_away = 0
        self.times: list[float] = []

    def client(self, number: int) -> None:
        """Ask until the end, or until the server takes no more connections."""
        rng = Random(f"{self.seed} client {number}")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10 * self.server.seconds + 10)
        used = time.monotonic()
        while not self.ended.is_set():
            if time.monotonic() - used > self.server.seconds / 2:  # soon the server will take it for idle
                connection.close()
            model = rng.choice(self.models)
            plain, parts = question(rng, model, rows=rng.choice([1, 1, 1, 8]))
            text = json.dumps(plain).encode()
            headers = {"Inference-Header-Content-Length": str(len(text))} if parts else {}
            fresh = connection.sock is None
            try:
                if fresh:
                    connection.connect()
            except OSError:  # nobody listens
                break
            began = time.monotonic()
            try:
                connection.request("POST", f"/v2/models/{model['name']}/infer", text + b"".join(parts), headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                if fresh and self.stopped.is_set() and isinstance(error, ConnectionError):
                    self.turned_away += 1  # the system had taken the connection, and the server had not
                else:
                    self.dropped.append(f"{model['name']} on a {'new' if fresh else 'kept'} connection: {error!r}")
                connection.close()
                continue
            used = time.monotonic()
            self.times.append(used - began)
            self.report.see("load", answer.status, body, "POST", model["name"])
            if answer.status not in (200, 503):
                self.report.wrong.append(f"load: {answer.status} {body[:200]!r} for {model['name']}")
        connection.close()

    def run(self, minutes: float) -> None:
        """Load for so long, then SIGTERM while it goes on."""
        threads = [threading.Thread(target=self.client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 60 * minutes
        sizes = []
        while time.monotonic() < end and self.server.process.poll() is None:
            time.sleep(min(1.0, max(0.01, end - time.monotonic())))
            sizes.append(self.server.megabytes())
        answered = len(self.times)
        self.stopped.set()
        began = time.monotonic()
        code = self.server.stop()
        took = time.monotonic() - began
        time.sleep(0.2)
        self.ended.set()
        for thread in threads:
            thread.join(20 * self.server.seconds)
        self.report.wrong += [f"dropped: {one}" for one in self.dropped]
        if code != 0:
            self.report.wrong.append(f"exit code {code} after SIGTERM: {''.join(self.server.log[-5:])}")
        p99 = 1000 * statistics.quantiles(self.times, n=100)[98]
        self.report.notes |= {
            "requests answered under load": f"{answered:,} ({answered / (60 * minutes):,.0f} a second, p99 {p99:.0f} ms)",
            "answered after SIGTERM": f"{len(self.times) - answered}, in {took:.1f} s; dropped {len(self.dropped)}",
            "connections that the system had taken and the server had not": self.turned_away,
            "resident MB under load": f"{sizes[0]:.0f} to {sizes[-1]:.0f}, at most {max(sizes):.0f}",
        }
        self.sizes = sizes

"""What is counted, for Prometheus. No label ever holds a person, a text or an id: names of routes, queues, outcomes.

The processes of an installation count together through files in KIBAN_HOME/run/metrics (PROMETHEUS_MULTIPROC_DIR,
which the supervisor sets). How queues stand is read from the database when somebody asks (`kiban.delivery.health`).
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("kiban_requests_total", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram(
    "kiban_request_seconds",
    "Time to answer a request.",
    ("route",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
OUTBOX = Counter(
    "kiban_outbox_total", "Rows that acts left in the outbox, by what became of them.", ("outcome",)
)
MESSAGES = Counter(
    "kiban_messages_total",
    "E-mails and webhook calls attempted, by what became of them.",
    ("channel", "outcome"),
)
CLOCKS = Counter("kiban_clocks_total", "Clocks that fired, or could not.", ("outcome",))
ROUNDS = Counter("kiban_worker_rounds_total", "Rounds of the worker's loops.", ("loop", "outcome"))

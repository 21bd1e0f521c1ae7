"""/metrics for Prometheus: what all processes counted, and how the queues stand. Asked with a token, else not there.

The token is the secret `metrics_token` (KIBAN_HOME/secrets/metrics_token, or KIBAN_SECRET_METRICS_TOKEN), sent as
`Authorization: Bearer …`.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from kiban.ops.home import secret


class _Queues:
    """How the queues stood when a worker looked last."""

    def collect(self) -> Iterator[Metric]:
        from kiban.delivery import health

        report = health.report()
        for word, text in (
            ("waiting", "Pieces of work that wait."),
            ("late", "Pieces of work that have been due for five minutes."),
            ("failing", "Pieces of work that have failed and will be tried again."),
            ("dead", "Pieces of work that were given up."),
        ):
            gauge = GaugeMetricFamily(f"kiban_queue_{word}", text, labels=("queue",))
            for queue in report.queues:
                gauge.add_metric((queue.name,), getattr(queue, word))
            yield gauge
        yield GaugeMetricFamily("kiban_workers_alive", "Workers seen in the last minute.", value=report.alive)
        looked = report.looked_at.timestamp() if report.looked_at else 0
        yield GaugeMetricFamily("kiban_queue_looked_at_seconds", "When a worker looked last.", value=looked)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The exposition; without the token the answer is that of an address that does not exist."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = secret("metrics_token").encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode("utf-8", "replace"), known):
        raise Http404
    queues = CollectorRegistry(auto_describe=False)
    queues.register(_Queues())
    return HttpResponse(
        generate_latest(_counted()) + generate_latest(queues), content_type=CONTENT_TYPE_LATEST
    )


def _counted() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together

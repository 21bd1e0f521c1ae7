"""The root of all routes: the API below /api/, the pages at /."""

from django.urls import include, path

from kiban.ops.exposition import metrics

urlpatterns = [
    path("metrics", metrics, name="metrics"),
    path("api/", include("kiban.api.urls")),
    path("", include("kiban.web.urls")),
]

handler400 = "kiban.web.errors.bad_request"
handler403 = "kiban.web.errors.forbidden"
handler404 = "kiban.web.errors.not_found"
handler500 = "kiban.web.errors.server_error"

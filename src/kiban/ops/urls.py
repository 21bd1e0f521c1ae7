"""The root of all routes: the API below /api/, the pages at /."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("kiban.api.urls")),
    path("", include("kiban.web.urls")),
]

"""The product's own settings, with one more route: the peer of `bench submit` (never part of the product)."""

from kiban.ops.settings import *  # noqa: F403

ROOT_URLCONF = "bench._submit_urls"

"""Static files with the hash of their content in the name."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A name that is not in the manifest keeps its plain name: a page must not fail for a missing picture."""

    manifest_strict = False

"""The public API (`/api/v1`): the same services, cases and registries as the pages, for machines (docs/api.md)."""

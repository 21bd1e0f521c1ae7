"""The staff desk: inbox, cases, registries, figures."""

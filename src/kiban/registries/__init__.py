"""Registries (台帳) and their records, with valid time and recorded time."""

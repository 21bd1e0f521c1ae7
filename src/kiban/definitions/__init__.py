"""Editions, parameters and code lists, and how they are published."""

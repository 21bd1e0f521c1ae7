"""Scenario files: tests that officials can read, run by the kernel alone and, the same file, through the API."""

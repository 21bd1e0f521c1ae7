"""The settings of the embedded PostgreSQL server."""

from __future__ import annotations

import os


def server_settings(*, durable: bool) -> dict[str, str]:
    """Settings for a small machine (2 cores); durability is never traded away outside tests."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1024 * 1024)
    return {
        "max_connections": "80",
        "shared_buffers": f"{max(64, min(512, memory // 8))}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "min_wal_size": "128MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "10min",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers_per_gather": "1",
        "fsync": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
        "synchronous_commit": "on" if durable else "off",
        "password_encryption": "'scram-sha-256'",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "datestyle": "'ISO, YMD'",
        "idle_in_transaction_session_timeout": "60s",
        # Personal data stays out of the log: no statement, no parameter, no DETAIL ("Key (name)=(…)").
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
        "log_line_prefix": "'%m [%p] %q%a %e '",
        "log_checkpoints": "off",
    }

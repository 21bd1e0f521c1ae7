"""What runs the platform: settings, PostgreSQL, server, worker, command line."""

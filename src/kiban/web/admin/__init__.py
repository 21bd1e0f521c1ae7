"""Pages of a body's administrators: what the body may set for a service (団体の設定)."""

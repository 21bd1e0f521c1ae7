"""一括処理: one act on many cases, each through the one door, with its own outcome."""

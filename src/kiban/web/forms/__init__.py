"""Forms on pages: what was posted, what is shown for each field, and in which steps. No rule stands here."""

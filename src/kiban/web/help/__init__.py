"""Help: what the platform does for whom, and what each service says about its procedures."""

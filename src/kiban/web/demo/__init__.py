"""The demonstration: sign-in as an invented person, and its clock. Never in production."""

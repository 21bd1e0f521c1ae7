"""The public portal: find a procedure, apply, follow one's own cases."""

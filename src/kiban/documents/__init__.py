"""Issued documents (交付文書): fonts, rendering, checks."""

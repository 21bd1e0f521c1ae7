"""Signing in with an identity provider by OpenID Connect: a person's, a business's, a body's own."""

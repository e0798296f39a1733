"""The platform on one machine: an embedded AWS and PostgreSQL."""

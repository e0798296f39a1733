"""Rotation of PostgreSQL credentials in AWS Secrets Manager: single user and alternating users.

`handler.handler` is the entry. See docs/rotation.md for the secret's JSON, the steps and every error.
"""

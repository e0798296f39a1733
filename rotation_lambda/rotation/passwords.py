"""New passwords, made in the function: no call, no permission and no network needed for it."""

from __future__ import annotations

import secrets

from rotation.configuration import Configuration


def generate_password(configuration: Configuration) -> str:
    """A random password of the configured length with at least one character of every configured class."""
    everything = "".join(configuration.password_classes)
    while True:
        password = "".join(secrets.choice(everything) for _ in range(configuration.password_length))
        # Drawing again, instead of placing one character of each class, keeps all passwords equally likely.
        if all(set(password) & set(characters) for characters in configuration.password_classes):
            return password

"""New passwords, generated in the function: this needs no call, no permission and no network."""

from __future__ import annotations

import secrets
import string

LENGTH = 32
"""193 bits: out of reach of guessing, even for someone who has stolen the verifier."""

CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-._~")
"""A password holds at least one character of each. Other punctuation would need quoting in a URL, a connection
string, a shell or JSON.
"""


def generate_password() -> str:
    """A random password with at least one character of every class."""
    while True:
        password = "".join(secrets.choice("".join(CLASSES)) for _ in range(LENGTH))
        # Drawing again, instead of placing one character of each class, keeps all passwords equally likely.
        if all(set(password) & set(characters) for characters in CLASSES):
            return password

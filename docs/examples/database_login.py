"""Connects as the application, and keeps working when its credentials rotate."""

import json
import time

import boto3
import psycopg2

KEEP_SECONDS = 3600


class Database:
    """Opens connections with the current credentials, which are read from Secrets Manager once an hour."""

    def __init__(self, secret_arn, authorities="rds-ca-roots.pem", secrets_manager=None, clock=time.monotonic):
        self._arn = secret_arn
        self._authorities = authorities
        self._secrets_manager = secrets_manager or boto3.client("secretsmanager")
        self._clock = clock
        self._login, self._read_at = None, 0.0

    def connect(self):
        """A new connection. If the credentials are refused, they are read again, once."""
        old = self._current()
        try:
            return self._open(old)
        except psycopg2.OperationalError as error:
            # psycopg2 gives no SQLSTATE for a connection that failed.
            if "authentication failed" not in str(error):
                raise
            self._login = None
            new = self._current()
            if new == old:
                raise
            return self._open(new)

    def _current(self):
        if self._login is None or self._clock() - self._read_at > KEEP_SECONDS:
            answer = self._secrets_manager.get_secret_value(SecretId=self._arn)
            self._login, self._read_at = json.loads(answer["SecretString"]), self._clock()
        return self._login

    def _open(self, login):
        return psycopg2.connect(
            host=login["host"],
            port=login["port"],
            dbname=login["dbname"],
            user=login["username"],
            password=login["password"],
            sslmode="verify-full",
            sslrootcert=self._authorities,
            connect_timeout=5,
        )

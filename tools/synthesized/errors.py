"""The one error of this room: printed as it is, without a traceback."""


class DeployError(Exception):
    """Something a person must mend; the message says what was tried, what happened and what to do."""

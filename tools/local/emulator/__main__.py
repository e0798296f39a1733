"""`python -m tools.local.emulator SOCKET`: the embedded AWS on a listening socket that it inherits.

`tools.local.emulator.process` starts it so. It ends with SIGTERM, SIGINT, or the pipe that is its standard input.
"""

import argparse
import logging
from pathlib import Path

from tools.local.emulator import additions, server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.local.emulator", description=__doc__)
    parser.add_argument("socket", type=int, help="its file descriptor")
    parser.add_argument("--lambda-config", type=Path, help="JSON: function name -> {environment, files}")
    parser.add_argument("--calls", type=Path, help="where every call is recorded: a line of JSON each")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    additions.apply()
    server.serve(arguments.socket, arguments.lambda_config, arguments.calls)


if __name__ == "__main__":
    main()

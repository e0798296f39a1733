"""`python -m tools.local.emulator SOCKET`: the embedded AWS on a listening socket that it inherits.

`tools.local.emulator.process` starts it so; it ends with SIGTERM or SIGINT.
"""

import argparse
import logging
from pathlib import Path

from tools.local.emulator import additions, server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.local.emulator", description=__doc__)
    parser.add_argument("socket", type=int, help="its file descriptor")
    parser.add_argument("--lambda-config", type=Path, help="JSON: function name -> {environment, files}")
    parser.add_argument("--exit-with-stdin", action="store_true", help="also end when standard input is closed")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    additions.apply()
    server.serve(arguments.socket, arguments.lambda_config, exit_with_stdin=arguments.exit_with_stdin)


if __name__ == "__main__":
    main()

"""`python -m tests.bench.recalls.peer URL`: download and parse a body, with httpx2 and json.

Prints the seconds it took, without starting Python and importing, the bytes and the sessions.
"""

import json
import sys
import time

import httpx2

TIMEOUT_SECONDS = 60.0


def main(url: str) -> int:
    began = time.perf_counter()
    with httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        body = client.get(url).raise_for_status().content
    sessions = json.loads(body)["sessions"]
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "bytes": len(body), "sessions": len(sessions)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

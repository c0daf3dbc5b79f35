"""Look the locked dependencies up among known vulnerabilities: `python -m scripts.audit UV`, as `make audit` does.

Ends with 1 when one is known. Without a way to the service (osv.dev) it says that nothing was checked, and ends with 0:
a build must not depend on somebody else's server.
"""

import subprocess
import sys

TIMEOUT_SECS = 240.0
_UNREACHABLE = ("error sending request", "Request failed", "timed out")


def audit(uv: str) -> int:
    """Return the exit code, having said what was found."""
    command = [uv, "audit", "--locked", "--preview-features", "audit-command"]
    done = subprocess.run(  # noqa: S603  # arguments of ours
        command, capture_output=True, text=True, timeout=TIMEOUT_SECS, check=False
    )
    if done.returncode != 0 and any(sign in done.stderr for sign in _UNREACHABLE):
        print("audit: NOT CHECKED, the advisory service cannot be reached from here", file=sys.stderr)
        return 0
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(audit(sys.argv[1]))

"""Look up known vulnerabilities of the locked dependencies: `python -m scripts.audit UV`, as `make audit` does.

The exit code is 1 when a vulnerability is known. When osv.dev cannot be reached, the program prints NOT CHECKED and
exits with 0, because a build must not depend on another party's server. With AUDIT_REQUIRED=1, as before a release, it
exits with 1 then as well.
"""

import os
import subprocess
import sys

TIMEOUT_SECS = 240.0
_UNREACHABLE = ("error sending request", "Request failed", "timed out")


def audit(uv: str, *, required: bool) -> int:
    """Run the audit of uv, print its findings and return the exit code."""
    command = [uv, "audit", "--locked", "--preview-features", "audit-command"]
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments
            command, capture_output=True, text=True, timeout=TIMEOUT_SECS, check=False
        )
    except subprocess.TimeoutExpired:
        return _not_checked(f"no answer within {TIMEOUT_SECS:.0f} s", required=required)
    if done.returncode != 0 and any(sign in done.stderr for sign in _UNREACHABLE):
        return _not_checked("the advisory service cannot be reached from here", required=required)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


def _not_checked(why: str, *, required: bool) -> int:
    print(f"audit: NOT CHECKED, {why}", file=sys.stderr)
    return int(required)


if __name__ == "__main__":
    sys.exit(audit(sys.argv[1], required=os.environ.get("AUDIT_REQUIRED") == "1"))

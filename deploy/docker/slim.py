# ruff: noqa: INP001  # a script of the Dockerfile
"""Make an installed environment smaller, in the builder of the image: `python slim.py /app/.venv`.

Our commands import nothing of what is removed: a test runs them on what is left. What is left is the same for the same
lock file, so that the image can be built again: bytecode has the hash of its source in place of a time.
"""

import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

# Relative to site-packages.
REMOVED = (
    "onnxruntime/capi/libonnxruntime.so*",  # 35 MB: for programs in C; Python's module contains the same code
    "onnxruntime/transformers",  # converts models
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/datasets",
    "zstandard/_cffi*",  # for PyPy
    "boto3/examples",
    "**/tests",
    "**/test",
    "**/include",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.c",
    "**/*.h",
    "**/*.hpp",
    "**/*.a",
    "**/__pycache__",
    "*.dist-info/uv_cache.json",  # when the files were installed, and from where
    "*.dist-info/direct_url.json",
)
# Of the descriptions of AWS's services, those by which credentials are found.
AWS_SERVICES = frozenset({"sts", "sso", "sso-oidc", "signin"})
# Libraries of these are built in a way that `strip` damages, or have nothing to remove.
NOT_STRIPPED = ("numpy.libs", "numpy", "onnxruntime")
# What workers and the commands of an operator import.
ENTRY = "import pipeline.cli.app, pipeline.runtime.worker, pipeline.kafka_io.app, onnxruntime, aws_msk_iam_sasl_signer"
LOADED = (
    "import sys; print(*(m.__file__ for m in list(sys.modules.values()) "
    "if (getattr(m, '__file__', None) or '').endswith('.py')), sep='\\n')"
)


def main(environment: Path) -> None:
    """Remove, strip and compile; all steps can be repeated."""
    (packages,) = environment.glob("lib/python3*/site-packages")
    for pattern in REMOVED:
        for path in sorted(packages.glob(pattern)):
            _remove(path)
    for path in sorted((packages / "botocore" / "data").glob("*/")):
        if path.name not in AWS_SERVICES:
            _remove(path)
    for path in sorted(packages.rglob("*.so")):
        if path.relative_to(packages).parts[0] not in NOT_STRIPPED:
            _strip(path)
    _compile(environment, packages)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _strip(path: Path) -> None:
    """Replace the file instead of changing it: uv may have linked it to its cache and so to other environments."""
    smaller = path.with_suffix(".stripped")
    subprocess.run(["strip", "--strip-unneeded", "-o", str(smaller), str(path)], check=True)  # noqa: S603, S607
    shutil.copymode(path, smaller)
    smaller.replace(path)


def _compile(environment: Path, packages: Path) -> None:
    """Compile what is imported, a third of all modules: a container cannot write bytecode at run time."""
    command = [str(environment / "bin" / "python"), "-B", "-c", f"{ENTRY}\n{LOADED}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")  # noqa: S603
    for name in sorted(done.stdout.split()):
        if Path(name).is_relative_to(packages):
            py_compile.compile(name, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

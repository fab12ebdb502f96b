"""Wave files as numbers."""

from __future__ import annotations

import io
import wave

import numpy as np

from plasticity.errors import DataError


def wave_of(name: str, content: bytes, rate: int, longest: int | None = None) -> np.ndarray:
    """A wave file of 16 bit, one channel and `rate` as float32 within -1 and 1.

    longest: most samples allowed. Raises DataError for any other file, naming it.
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            form, announced = (file.getnchannels(), file.getsampwidth(), file.getframerate()), file.getnframes()
            frames = file.readframes(announced)
    except Exception as error:  # a reader that meets any bytes
        raise DataError(f"{name} is not a wave file ({str(error) or 'it ends too early'})") from None
    if form != (1, 2, rate):
        raise DataError(f"{name} has (channels, bytes, rate) = {form}, expected (1, 2, {rate})")
    if len(frames) != announced * form[0] * form[1] or not _is_whole(content):
        raise DataError(f"{name} has another length than its header says; it is cut off or altered")
    if not frames:
        raise DataError(f"{name} holds no sound")
    if longest is not None and len(frames) // 2 > longest:
        raise DataError(f"{name} has {len(frames) // 2} samples, more than {longest}")
    return np.frombuffer(frames, "<i2").astype(np.float32) / np.float32(32768)


def _is_whole(content: bytes) -> bool:
    """Whether a file is as long as its header says, and all of it is chunks: four letters, a length, so many bytes. (Of
    an odd number of bytes the last may be followed by another.)"""
    end, place = 8 + int.from_bytes(content[4:8], "little"), 12
    while place + 8 <= end <= len(content):
        letters, length = content[place:place + 4], int.from_bytes(content[place + 4:place + 8], "little")
        if not (letters.isascii() and letters.decode("ascii").isprintable()):
            return False
        place += 8 + length + length % 2
    return place in (end, end + 1) and len(content) in (end, end + 1)

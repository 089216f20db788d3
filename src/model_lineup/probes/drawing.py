"""A picture of a number, drawn from nothing but pixels: no font, no image library, no text in the file.

Source of the format: https://www.w3.org/TR/png-3/ (signature, IHDR, IDAT, IEND; RGB of 8 bits, filter 0 on each line).
"""

import struct
import zlib
from base64 import b64encode
from random import Random

_SCALE = 22
_ROWS, _COLUMNS, _GAP, _MARGIN = 7, 5, 1, 2
"""In cells of a digit's grid; `_SCALE` pixels make a cell."""
_DIGITS = {
    "0": (0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110),
    "1": (0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110),
    "2": (0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111),
    "3": (0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110),
    "4": (0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010),
    "5": (0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110),
    "6": (0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110),
    "7": (0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000),
    "8": (0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110),
    "9": (0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100),
}


def png(number: int, chance: Random) -> bytes:
    """Dark digits on a light ground, in colours and at a place that differ each time: no two files are alike."""
    dark = bytes(chance.randrange(0, 60) for _ in range(3))
    light = bytes(chance.randrange(215, 256) for _ in range(3))
    left, top = chance.randrange(_SCALE), chance.randrange(_SCALE)
    cells = _cells(str(number))
    width, height = len(cells[0]) * _SCALE + _SCALE, len(cells) * _SCALE + _SCALE
    blank = light * width
    lines = [blank] * top
    for row in cells:
        pixels = light * left + b"".join((dark if filled else light) * _SCALE for filled in row)
        lines += [pixels + light * (width - len(pixels) // 3)] * _SCALE
    lines += [blank] * (height - len(lines))
    raw = b"".join(b"\0" + line for line in lines)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")
    )


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + b64encode(picture).decode()


def _cells(digits: str) -> list[list[bool]]:
    """The whole picture as a grid of cells: the digits side by side, with a margin around."""
    empty = [False] * (2 * _MARGIN + len(digits) * (_COLUMNS + _GAP) - _GAP)
    rows = [list(empty) for _ in range(_ROWS + 2 * _MARGIN)]
    for place, digit in enumerate(digits):
        begin = _MARGIN + place * (_COLUMNS + _GAP)
        for row, bits in enumerate(_DIGITS[digit]):
            for column in range(_COLUMNS):
                rows[_MARGIN + row][begin + column] = bool(bits >> (_COLUMNS - 1 - column) & 1)
    return rows


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

"""PNG chunks must lie within the file: a decoder takes the memory that a chunk says it needs before it looks for it."""

from core.errors import ImageRefused

PNG = b"\x89PNG\r\n\x1a\n"
CHUNK_FRAME = 12
"""Bytes of a chunk beside its content: length, name, checksum."""


def refuse_strange_png(content: bytes) -> None:
    """Nothing for other formats, and for a PNG whose chunks say no more than is there.

    Raises:
        ImageRefused: A chunk claims to be longer than what is left of the file.
    """
    if not content.startswith(PNG):
        return
    at = len(PNG)
    while at + CHUNK_FRAME <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if length > len(content) - at - CHUNK_FRAME:
            raise ImageRefused(f"a PNG chunk of {length} bytes in a file of {len(content)}")
        at += length + CHUNK_FRAME

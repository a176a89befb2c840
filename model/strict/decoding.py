"""How the line opens what strangers may have sent: by the one path of training and serving, behind a stricter door."""

from core.frame import Image
from model.images import MAX_PIXELS, decode
from model.strict.png import refuse_strange_png
from model.strict.tiff import refuse_strange_tiff


def decode_strictly(content: bytes, max_pixels: int = MAX_PIXELS) -> Image:
    """As `model.images.decode`; nothing is decoded whose header is ambiguous about how much memory it takes.

    Raises:
        ImageRefused: Not one of the formats, damaged, cut short, or strange.
        ImageTooLarge: More pixels than the limit.
    """
    refuse_strange_png(content)
    refuse_strange_tiff(content)
    return decode(content, max_pixels)

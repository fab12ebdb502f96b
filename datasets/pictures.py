"""One image file as intensities, read by Pillow and trusted only as far as it proves itself."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from plasticity.errors import DataError, PlasticityError

if TYPE_CHECKING:
    from PIL import Image

#: of one image file; decoding takes up to 16 bytes for each
MOST_PIXELS = 2**25
#: no format that starts other programs (PostScript) or holds many images of any type (TIFF)
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".webp")
_GREY = ("1", "L")
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # 16 bits of grey
_BYTE, _WORD = 255, 65535


def is_picture(path: Path) -> bool:
    """Whether a name ends as those of images do."""
    return path.suffix.lower() in ENDINGS


def read_picture(path: Path, size: tuple[int, int] | None = None, colour: bool | None = None) -> np.ndarray:
    """Intensities in [0, 1], float32 [height, width] of a grey image, [height, width, 3] (red, green, blue) of others.

    size: height and width to which it is resized (bilinear; its proportions are not kept). colour: True or False for
    red, green and blue or grey, whatever the file has. It is turned as its EXIF data say; what is transparent is black;
    of several frames the first counts.
    Raises DataError, naming the file, for what is damaged, no image, or has more than `MOST_PIXELS` (or than Pillow
    reads, PIL.Image.MAX_IMAGE_PIXELS).
    """
    with _opened(path) as file:
        return picture_of(path, file, size, colour)


def picture_of(path: Path, file: BinaryIO, size: tuple[int, int] | None = None,
               colour: bool | None = None) -> np.ndarray:
    """The same of an open file, which errors call `path`."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                _require_few_pixels(path, image)
                return _values(_upright(image), size, colour)
    except PlasticityError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path, Image.MAX_IMAGE_PIXELS) from None
    except Exception as error:  # decoders meet any bytes, and raise anything
        raise DataError(f"{path} cannot be read as an image ({type(error).__name__}: {error}); replace or remove "
                        "it") from None


def _require_few_pixels(path: Path, image: Image.Image) -> None:
    """What the file announces, before any of it is decoded."""
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(path, MOST_PIXELS)


def _too_large(path: Path, most: int) -> DataError:
    return DataError(f"{path} has more than the {most:,} pixels that are read; make it smaller")


def _opened(path: Path) -> BinaryIO:
    """The file, if it is a regular one: a pipe would never end."""
    if not path.is_file():
        raise DataError(f"{path} is not a file; replace or remove it")
    return path.open("rb")


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _values(image: Image.Image, size: tuple[int, int] | None, colour: bool | None) -> np.ndarray:
    from PIL import Image

    if image.mode in _DEEP:
        image, top = Image.fromarray(np.asarray(image).astype(np.float32)), _WORD
    else:
        image, top = _bytes(image, colour), _BYTE
    if size is not None and image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.BILINEAR)
    values = np.asarray(image, np.float32) / np.float32(top)
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError("its grey levels are not of 8 or 16 bits")
    return in_colour(values) if colour else values


def _bytes(image: Image.Image, colour: bool | None) -> Image.Image:
    """8 bits of grey, or of red, green and blue; unless told, grey where all pixels are."""
    from PIL import Image

    if image.has_transparency_data:
        shown = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", shown.size, (0, 0, 0, _BYTE)), shown)
    grey = _is_grey(image) if colour is None else not colour
    return image.convert("L" if grey else "RGB")


def _is_grey(image: Image.Image) -> bool:
    if image.mode in _GREY:
        return True
    values = np.asarray(image.convert("RGB"))
    return bool((values == values[..., :1]).all())


def in_colour(values: np.ndarray) -> np.ndarray:
    """A grey image [height, width] as red, green and blue [height, width, 3]; others as they are."""
    return np.repeat(values[..., None], 3, -1) if values.ndim == 2 else values

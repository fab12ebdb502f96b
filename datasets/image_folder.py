"""A folder of images by class: faces/anna/*.png, faces/ben/*.jpg, or the same below faces/train and faces/test."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plasticity._utils.validation import require_positive
from plasticity.datasets.limits import bytes_of, limit_bytes, require_room
from plasticity.datasets.pictures import ENDINGS, in_colour, is_picture, read_picture
from plasticity.datasets.raw import Raw
from plasticity.errors import DataError, DataWarning, PlasticityError

PARTS = {"train", "test"}


@dataclass(frozen=True)
class Shelf:
    """Image files by class, both sorted; ignored: how many other files and folders lie among them."""

    classes: Mapping[str, tuple[Path, ...]]
    ignored: int

    @property
    def files(self) -> list[Path]:
        return [file for files in self.classes.values() for file in files]

    @property
    def labels(self) -> np.ndarray:
        """The name of each file's class."""
        return np.repeat(np.array(list(self.classes)), [len(files) for files in self.classes.values()])


def read_folder(path: Path, size: object = None, colour: bool | None = None, limit_mb: float | None = None) -> Raw:
    """All images of a folder, [samples, height, width] or with 3 colours, labelled with the names of their folders.

    size: one size for all, a number or (height, width); None: they must have one size already. colour: True for red,
    green and blue, False for grey; None: grey where all images are grey. limit_mb: see `limit_bytes`.
    Raises DataError, naming the file, for what is no folder of images by class, or leads out of it. Warns with
    DataWarning, once, of files that are no images.
    """
    shelves = _shelves(path)
    ignored = sum(shelf.ignored for shelf in shelves)
    if ignored:
        warnings.warn(f"{path}: {ignored} hidden or other {'entry is' if ignored == 1 else 'entries are'} ignored; "
                      f"images ({', '.join(ENDINGS)}) lie in the folder of their class", DataWarning, stacklevel=2)
    x = read_pictures([file for shelf in shelves for file in shelf.files], checked_size(size), colour, limit_mb)
    labels = [shelf.labels for shelf in shelves]
    n = len(labels[0])
    held = {} if len(shelves) == 1 else {"x_test": x[n:], "y_test": labels[1]}
    return Raw(str(path), x[:n], labels[0], **held, form="images", ordered=False)


def read_pictures(files: Sequence[Path], size: tuple[int, int] | None, colour: bool | None,
                  limit_mb: float | None = None) -> np.ndarray:
    """Image files as one array, float32 [files, height, width] or [files, height, width, 3]."""
    limit = limit_bytes(limit_mb)
    shape = size or read_picture(files[0], None, colour).shape
    require_room(files[0].parent, bytes_of((len(files), *shape)), limit)
    images = []
    for file in files:
        images.append(read_picture(file, size, colour))
        if images[-1].shape[:2] != shape[:2]:
            raise DataError(f"{file} has {_pixels(images[-1])} pixels and {files[0]} {_pixels(images[0])}; give all "
                            f"one size with size=({shape[0]}, {shape[1]})")
    if any(image.ndim == 3 for image in images):
        require_room(files[0].parent, bytes_of((len(files), *shape[:2], 3)), limit)
        images = [in_colour(image) for image in images]
    return np.stack(images)


def checked_size(size: object) -> tuple[int, int] | None:
    """(height, width) of one number or two. Raises PlasticityError for anything else."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(pair) != 2:
        raise PlasticityError(f"size must be one whole number of pixels or (height, width), got {size!r}")
    for pixels in pair:
        require_positive(size=pixels)
    return pair


def pictures_in(folder: Path, root: Path) -> tuple[tuple[Path, ...], int]:
    """The image files that lie in a folder, sorted, and how many other entries do."""
    entries = _entries(folder)
    files = tuple(entry for entry in entries if _seen(entry) and is_picture(entry) and _inside(entry, root).is_file())
    return files, len(entries) - len(files)


def _shelves(path: Path) -> list[Shelf]:
    root = path.resolve()
    names = {entry.name for entry in _entries(path) if _seen(entry) and entry.is_dir()}
    if names >= PARTS and names != PARTS:
        raise DataError(f"{path} holds train/ and test/ beside {sorted(names - PARTS)[0]}/; move all classes into "
                        "train/ and test/")
    folders = [path / "train", path / "test"] if names == PARTS else [path]
    return [_shelf(folder, root) for folder in folders]


def _shelf(folder: Path, root: Path) -> Shelf:
    entries = _entries(_inside(folder, root))
    folders = [entry for entry in entries if _seen(entry) and _inside(entry, root).is_dir()]
    if len(folders) < 2:
        raise DataError(f"{folder} holds {len(folders)} folders of images; it needs one for each of two classes or "
                        "more, as faces/anna/1.png and faces/ben/1.png")
    found = {each.name: pictures_in(each, root) for each in folders}
    empty = [name for name, (files, _) in found.items() if not files]
    if empty:
        raise DataError(f"{folder / empty[0]} holds no images ({', '.join(ENDINGS)}); add some or remove the folder")
    ignored = len(entries) - len(folders) + sum(others for _, others in found.values())
    return Shelf({name: files for name, (files, _) in found.items()}, ignored)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}; make it readable or remove it") from None


def _seen(entry: Path) -> bool:
    return not entry.name.startswith(".")


def _inside(entry: Path, root: Path) -> Path:
    """The entry, if it is no link that leads out of the folder."""
    try:
        target = entry.resolve(strict=True)
    except (OSError, RuntimeError):
        raise DataError(f"{entry} leads nowhere, or cannot be reached; remove it") from None
    if not target.is_relative_to(root):
        raise DataError(f"{entry} is a link that leads out of {root}; put a copy in its place")
    return entry


def _pixels(image: np.ndarray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"

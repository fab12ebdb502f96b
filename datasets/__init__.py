"""Data sets: descriptions with official sources, and one loader for all of them.

    data = load("mnist")
    data.train_x   # float32 [60000, 28, 28], intensities in [0, 1]
    data.train_y   # int64 [60000]

Files are looked for in $PLASTICITY_DATA, then in the cache, then downloaded; their checksums are always verified.
"""

from plasticity.datasets.checks import check_images
from plasticity.datasets.description import DataSet, Dataset, Form, Source, validation_split
from plasticity.datasets.loading import catalogue, load

__all__ = ["DataSet", "Dataset", "Form", "Source", "catalogue", "check_images", "load", "validation_split"]

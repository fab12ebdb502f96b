"""Data sets: descriptions with official sources, and one loader for all of them.

    data = load("mnist")
    data.train_x   # float32 [60000, 28, 28], intensities in [0, 1]
    data.train_y   # int64 [60000]

Sounds and events of a camera have loaders of their own (`load_fsdd`, `load_nmnist_small`); `load_sequences` presents
them, and images, step by step; tasks in time are made by functions (`pattern_generation`, `evidence_accumulation`,
`store_recall`).

`plasticity.datasets.tasks.load` answers any of them split for learning, and a person's own data as well: a folder of
images by class, an .npz file, arrays.

Files are looked for in $PLASTICITY_DATA, then in the cache, then downloaded; their checksums are always verified.
"""

from plasticity.datasets.checks import check_images
from plasticity.datasets.description import DataSet, Dataset, Form, Source, validation_split
from plasticity.datasets.fsdd import load_fsdd
from plasticity.datasets.loading import catalogue, load
from plasticity.datasets.nmnist import load_nmnist_small
from plasticity.datasets.sequenced import load_sequences
from plasticity.datasets.sequences import evidence_accumulation, pattern_generation, store_recall

__all__ = ["DataSet", "Dataset", "Form", "Source", "catalogue", "check_images", "evidence_accumulation", "load",
           "load_fsdd", "load_nmnist_small", "load_sequences", "pattern_generation", "store_recall", "validation_split"]

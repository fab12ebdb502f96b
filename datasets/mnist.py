"""MNIST: 60,000 + 10,000 handwritten digits, 28x28."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plasticity.datasets.description import Arrays, DataSet, Form, Source
from plasticity.datasets.idx import read_idx

#: The first is the mirror that PyTorch keeps; the original page is often closed to programs.
_HOSTS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/")

_FILES = (
    ("train-images-idx3-ubyte.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    ("train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    ("t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    ("t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)


def idx_sources(hosts: Sequence[str], files: Sequence[tuple[str, int, str]]) -> tuple[Source, ...]:
    """Sources from (file name, bytes, sha256), each offered by all `hosts`."""
    return tuple(Source(name, tuple(host + name for host in hosts), sha256=sha256, size=size)
                 for name, size, sha256 in files)


def read_four(paths: Sequence[Path]) -> Arrays:
    """The four IDX files, in the order of `_FILES`."""
    train_x, train_y, test_x, test_y = (read_idx(path, n) for path, n in zip(paths, (3, 1, 3, 1), strict=True))
    return train_x, train_y, test_x, test_y


MNIST = DataSet(
    name="mnist",
    title="MNIST handwritten digits",
    licence="CC BY-SA 3.0",
    citation="LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition, "
             "Proc. IEEE 86(11)",
    homepage="http://yann.lecun.com/exdb/mnist/",
    classes=tuple("0123456789"),
    shape=(28, 28),
    train=60_000,
    test=10_000,
    forms=(Form(idx_sources(_HOSTS, _FILES), read_four),),
    folders=("MNIST/raw",),
)

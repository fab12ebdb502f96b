"""Fashion-MNIST: 60,000 + 10,000 pictures of clothes, 28x28, in the files and the format of MNIST."""

from __future__ import annotations

from plasticity.datasets.description import DataSet, Form
from plasticity.datasets.mnist import idx_sources, read_four

_HOSTS = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)

_FILES = (
    ("train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    ("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    ("t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    ("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)

FASHION_MNIST = DataSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    licence="MIT",
    citation="Xiao, Rasul & Vollgraf 2017, Fashion-MNIST: a novel image dataset for benchmarking machine learning "
             "algorithms, arXiv:1708.07747",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    classes=("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    shape=(28, 28),
    train=60_000,
    test=10_000,
    forms=(Form(idx_sources(_HOSTS, _FILES), read_four),),
    folders=("fashion-mnist", "FashionMNIST/raw"),
)

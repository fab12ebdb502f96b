"""Installs the top-level folders `networks` and `datasets` as `plasticity.networks` and `plasticity.datasets`."""

from pathlib import Path

from setuptools import find_packages, setup

# plasticity/networks and plasticity/datasets are links to the top-level folders, for editors and type checkers only.
TABLES = ["pandas>=2.2", "xarray>=2024.1"]  # Recording.to_pandas, to_xarray
LINKS = ("networks*", "datasets*")


def packages() -> list[str]:
    """All packages by the names they are imported under."""
    own = ["plasticity"] + [f"plasticity.{name}" for name in find_packages("plasticity", exclude=LINKS)]
    linked = ["plasticity.networks", "plasticity.datasets"]
    return own + linked


setup(
    name="plasticity",
    version="0.1.0",
    description="Biologically plausible learning rules: one text, every engine",
    long_description=Path("README.md").read_text(encoding="utf-8") if Path("README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10",
    packages=packages(),
    package_dir={
        "plasticity": "plasticity",
        "plasticity.networks": "networks",
        "plasticity.datasets": "datasets",
    },
    package_data={"plasticity": ["py.typed", "reproduction/results/*.json"]},
    install_requires=[
        "numpy>=1.26,<2.4",  # brian2 2.9 still calls ndarray.ptp, which numpy 2.4 removed
        "scipy>=1.11",
        "torch>=2.4",
        "brian2>=2.9",
        "sympy>=1.12",
        "numba>=0.60",
        "matplotlib>=3.8",
        "scikit-learn>=1.6",
        "typer>=0.12",
        "rich>=13",
        "safetensors>=0.4",
        "joblib>=1.3",
        "cloudpickle>=2.2",
        "filelock>=3.12",
        "h5py>=3.10",
        "pillow>=10.1",
    ],
    extras_require={
        "test": ["pytest>=8", "pytest-xdist>=3", "hypothesis>=6", "ruff>=0.8", *TABLES],
        "tables": TABLES,
        "bindsnet": ["bindsnet==0.3.4"],
    },
    entry_points={"console_scripts": ["plasticity=plasticity.cli:main"]},
)

"""python -m plasticity.cli"""

from plasticity.cli import main

main()

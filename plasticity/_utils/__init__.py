"""What every room uses: catalogues, checks, random streams, devices, memory, progress."""

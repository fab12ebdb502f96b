"""Learning by gradients: rules of credit in spiking networks, and methods that bring networks of their own."""

"""Learning without labels in networks of spiking neurons whose synapses follow a rule of their own."""

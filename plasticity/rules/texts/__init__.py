"""Rules of synapses as text, one family per file: functions of SI numbers that answer a `Rule`."""

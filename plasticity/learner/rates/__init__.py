"""Learning in a layer of rates, in mini-batches."""

"""What training samples are turned into before they are encoded, anew each time they are shown."""

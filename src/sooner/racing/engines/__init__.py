"""What carries out the runs of a race: this process, or a cluster."""

"""Whether the two ends of each connection agree, across the planes."""

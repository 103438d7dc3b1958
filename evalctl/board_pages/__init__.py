"""The observation plane on invented data: what its boards would show, without a cluster."""

"""What must hold across planes: reads the rendered files and the environments, nothing else."""

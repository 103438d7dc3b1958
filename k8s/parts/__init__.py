"""What the apps' charts are made of."""

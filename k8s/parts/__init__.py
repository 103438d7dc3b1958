"""What the apps' charts are made of; nothing here imports an app."""

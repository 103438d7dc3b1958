"""The observation plane: what the platform shows and shouts about, declared once."""

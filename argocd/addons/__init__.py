"""The add-ons: one module each, saying where its chart is installed and with which values."""

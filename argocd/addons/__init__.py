"""The add-ons: one module each, with the namespace and the values of its chart."""

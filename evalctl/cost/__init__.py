"""What an environment costs in a month, from its rendered files and a table of prices."""

"""The command line; the only code that writes files or reads `sys.argv`.

`main.py` lists the commands, which are in `commands/`. The other folders hold the work of a topic; the
modules next to `main.py` are shared by several commands.
"""

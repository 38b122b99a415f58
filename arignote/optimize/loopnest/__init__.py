"""Loop programs: where values get memory and mutation is explicit.

Read in this order: program, lower, fuse, memory, schedule.
"""

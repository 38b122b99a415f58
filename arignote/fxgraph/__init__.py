"""What a program is: typed, interned nodes, their ops, graphs, and what a graph means in NumPy.

Read in this order: types, node, constants, affine, window, graph, prove, ops/, interpret, verify,
text.
"""

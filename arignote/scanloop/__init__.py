"""The nodes with bodies: loops (`scan`) and branches (`cond`), and how gradients go through them."""

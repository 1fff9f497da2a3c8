"""One page, one module with ``page(visit)``: it lays out what functions beside this folder give."""

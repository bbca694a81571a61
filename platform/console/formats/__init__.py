"""How dates read in the console and wherever templates show them."""

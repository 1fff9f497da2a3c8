"""What is printed: results as rich renderables, every foreign text cleaned on the way in."""

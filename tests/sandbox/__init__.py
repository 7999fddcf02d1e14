"""The sandbox store, tested on its own."""

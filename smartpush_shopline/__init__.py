"""SHOPLINE customer segments inside a Flask marketing dashboard."""

"""Formats of catalogue files, one file each: how such a file is recognised, and what its entries say."""

"""HTTP requests to addresses that strangers name: checked before, during and after, bounded in time and size."""

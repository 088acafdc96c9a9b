"""A small world in memory: networks that lose and delay, a site that changes, a clock that jumps."""

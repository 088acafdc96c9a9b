"""Speed, as ratios against something run beside it: `./dev bench`."""

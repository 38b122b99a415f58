"""From a program to something that runs: printing, building, caching, calling."""

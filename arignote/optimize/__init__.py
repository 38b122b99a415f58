"""From graph to graph (`pipeline`, `rules/`), and from graph to loop program (`loopnest/`)."""

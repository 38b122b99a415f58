"""What a compiled function does, at every stage: graph, loops, Cython, and a table."""

import numpy as np

import arignote as ag


@ag.compile
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def main():
    scores = np.random.default_rng(0).normal(size=(200, 10))
    print(softmax.graph(scores), "\n")
    print(softmax.program(scores), "\n")
    print(softmax.source(scores).split("\n\n\n")[1], "\n")
    print(softmax.explain(scores), "\n")
    ag.debugprint(softmax, scores)


if __name__ == "__main__":
    main()

"""One model trained by several processes on parts of the data, by four rules.

    mpiexec -n 2 python examples/distributed/data_parallel.py sync
    mpiexec -n 2 python examples/distributed/data_parallel.py easgd
    mpiexec -n 2 python examples/distributed/data_parallel.py asgd
    mpiexec -n 2 python examples/distributed/data_parallel.py downpour

sync: the gradient of each step is the mean over all processes, inside the compiled step.  The other
rules have no common clock: each process trains on its own and meets a center, in memory of the
first process, when it likes.
"""

import sys

import numpy as np

import arignote as ag

STEPS, BATCH, RATE = 300, 32, 0.5


def loss(weights, x, y):
    """Logistic regression."""
    scores = x @ weights["w"] + weights["b"]
    return np.mean(np.logaddexp(0, scores) - y * scores)


gradient = ag.compile(ag.grad(loss))


@ag.compile
def synchronous_step(weights, x, y):
    slope = ag.distributed.all_reduce_tree(ag.grad(loss)(weights, x, y), "mean")
    return {k: weights[k] - RATE * slope[k] for k in weights}


def part_of_the_data(rank):
    """Each process has examples of its own."""
    truth = np.random.default_rng(0).standard_normal(20)
    rng = np.random.default_rng(rank + 1)
    x = rng.standard_normal((4096, 20))
    return x, (x @ truth > 0.3).astype(float)


def batches(rank):
    x, y = part_of_the_data(rank)
    rng = np.random.default_rng(rank + 100)
    for _ in range(STEPS):
        rows = rng.integers(0, len(x), BATCH)
        yield x[rows], y[rows]


def stepped(weights, slope, factor):
    return {k: weights[k] - factor * slope[k] for k in weights}


def sync(weights, rank):
    """Synchronous stochastic gradient descent: all processes hold the same weights."""
    for x, y in batches(rank):
        weights = synchronous_step(weights, x, y)
    return weights


def easgd(weights, rank, every=5, pull=0.4):
    """Elastic averaging (Zhang, Choromanska and LeCun 2015)."""
    with ag.distributed.Center(weights) as center:
        for k, (x, y) in enumerate(batches(rank)):
            if k % every == 0:
                weights = center.draw_together(weights, pull)
            weights = stepped(weights, gradient(weights, x, y), RATE)
        center.draw_together(weights, pull)
        return finished(center)


def asgd(weights, rank):
    """Asynchronous descent: each gradient moves the center, which each process follows."""
    with ag.distributed.Center(weights) as center:
        for x, y in batches(rank):
            slope = gradient(weights, x, y)
            weights = center.add_and_read({k: -RATE * slope[k] for k in slope})
        return finished(center)


def downpour(weights, rank, every=5):
    """Downpour (Dean and others 2012): sums of some gradients are sent, weights fetched."""
    with ag.distributed.Center(weights) as center:
        sent = weights
        for k, (x, y) in enumerate(batches(rank), 1):
            weights = stepped(weights, gradient(weights, x, y), RATE)
            if k % every == 0:
                weights = sent = center.add_and_read({n: weights[n] - sent[n] for n in weights})
        return finished(center)


def finished(center):
    """The center once all processes have done their steps."""
    from mpi4py import MPI

    MPI.COMM_WORLD.Barrier()
    return center.read()


def main(rule):
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    weights = ag.distributed.broadcast_tree({"w": np.zeros(20), "b": np.zeros(())})
    weights = {"sync": sync, "easgd": easgd, "asgd": asgd, "downpour": downpour}[rule](
        weights, world.Get_rank()
    )
    x, y = part_of_the_data(1000)
    right = np.mean((x @ weights["w"] + weights["b"] > 0) == (y > 0))
    same = world.allreduce(float(weights["w"].sum()), MPI.MAX) == world.allreduce(
        float(weights["w"].sum()), MPI.MIN
    )
    if world.Get_rank() == 0:
        print(f"{rule}: {world.Get_size()} processes, {100 * right:.1f}% right, same: {same}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sync")

"""Loops over integers: sorting, searching, strings as codes, graphs, checksums, automata."""

# Programs are written as people write them.
# ruff: noqa: C416, C417, E501, PIE808, SIM300

from __future__ import annotations

import numpy as np

from .cases import Corpus

CASES = Corpus()
case = CASES.case
_rng = np.random.default_rng(1)


def ints(n, high=10, dtype=np.int64):
    return _rng.integers(0, high, n).astype(dtype)


# ---- sorting and searching -----------------------------------------------------------------------
@case(_rng.random(12))
def insertion_sort(a):
    for i in range(1, len(a)):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = key
    return a


@case(ints(11))
def selection_sort(a):
    n = len(a)
    for i in range(n):
        least = i
        for j in range(i + 1, n):
            if a[j] < a[least]:
                least = j
        if least != i:
            a[i], a[least] = a[least], a[i]


@case(ints(16, 100))
def odd_even_sort(a):
    n = a.shape[0]
    swapped = True
    while swapped:
        swapped = False
        for start in (0, 1):
            for i in range(start, n - 1, 2):
                if a[i] > a[i + 1]:
                    a[i], a[i + 1] = a[i + 1], a[i]
                    swapped = True
    return a


@case(_rng.random(16))
def bitonic_network(a):
    n = len(a)
    k = 2
    while k <= n:
        j = k // 2
        while j > 0:
            for i in range(n):
                m = i ^ j
                if m > i:
                    if (i & k) == 0:
                        if a[i] > a[m]:
                            a[i], a[m] = a[m], a[i]
                    elif a[i] < a[m]:
                        a[i], a[m] = a[m], a[i]
            j //= 2
        k *= 2
    return a


@case(np.array([1, 3, 5, 7, 9, 11]), 7)
@case(np.array([1, 3, 5, 7, 9, 11]), 8)
@case(np.array([1, 3]), 0)
def binary_search(a, x):
    lo, hi = 0, len(a)
    while lo < hi:
        mid = (lo + hi) // 2
        if a[mid] == x:
            return mid
        if a[mid] < x:
            lo = mid + 1
        else:
            hi = mid
    return -1


@case(np.sort(ints(9, 30)), np.sort(ints(7, 30)))
def merge_sorted(a, b):
    out = np.empty(len(a) + len(b), dtype=a.dtype)
    i = j = 0
    for k in range(out.shape[0]):
        if j >= len(b) or (i < len(a) and a[i] <= b[j]):
            out[k] = a[i]
            i += 1
        else:
            out[k] = b[j]
            j += 1
    return out


@case(ints(15, 6))
def counting_sort(a):
    top = 0
    for x in a:
        if x > top:
            top = x
    count = np.zeros(top + 1, dtype=np.int64)
    for x in a:
        count[x] += 1
    k = 0
    for v in range(top + 1):
        for _ in range(count[v]):
            a[k] = v
            k += 1
    return count


@case(ints(10, 50))
def partition_around_first(a):
    pivot = a[0]
    i, j = 0, len(a) - 1
    while True:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i >= j:
            break
        a[i], a[j] = a[j], a[i]
        i += 1
        j -= 1
    return j


# ---- strings as codes ----------------------------------------------------------------------------
@case(ints(14, 3), ints(11, 3))
def edit_distance(s, t):
    m, n = len(s), len(t)
    d = np.zeros((m + 1, n + 1), dtype=np.int64)
    for i in range(m + 1):
        d[i, 0] = i
    for j in range(n + 1):
        d[0, j] = j
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            cost = 0 if s[i - 1] == t[j - 1] else 1
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
    return d[m, n]


@case(ints(20, 2), ints(4, 2))
def count_matches(text, pattern):
    found = 0
    for i in range(len(text) - len(pattern) + 1):
        ok = True
        for j in range(len(pattern)):
            if text[i + j] != pattern[j]:
                ok = False
                break
        if ok:
            found += 1
    return found


@case(np.array([0, 1, 0, 0, 1, 0, 1, 0, 0, 1]))
def prefix_function(p):
    f = np.zeros(len(p), np.int64)
    k = 0
    for i in range(1, len(p)):
        while k > 0 and p[k] != p[i]:
            k = f[k - 1]
        if p[k] == p[i]:
            k += 1
        f[i] = k
    return f


@case(ints(12, 4), ints(10, 4))
def longest_common_subsequence(a, b):
    t = np.zeros((len(a) + 1, len(b) + 1), np.int32)
    for i in range(len(a)):
        for j in range(len(b)):
            if a[i] == b[j]:
                t[i + 1, j + 1] = t[i, j] + 1
            else:
                t[i + 1, j + 1] = max(t[i, j + 1], t[i + 1, j])
    out = np.full(t[-1, -1], -1)
    i, j, k = len(a), len(b), t[-1, -1]
    while i > 0 and j > 0:
        if a[i - 1] == b[j - 1]:
            k -= 1
            out[k] = a[i - 1]
            i -= 1
            j -= 1
        elif t[i - 1, j] >= t[i, j - 1]:
            i -= 1
        else:
            j -= 1
    return out


@case(np.array([97, 98, 98, 97]))
@case(np.array([97, 98, 99]))
def is_palindrome(codes):
    i, j = 0, codes.size - 1
    while i < j:
        if codes[i] != codes[j]:
            return False
        i, j = i + 1, j - 1
    return True


@case(np.array([1, 1, 1, 2, 2, 3, 1, 1]))
def run_lengths(a):
    values = np.empty_like(a)
    lengths = np.zeros(a.shape[0], dtype=np.int64)
    k = -1
    for i in range(a.shape[0]):
        if i == 0 or a[i] != a[i - 1]:
            k += 1
            values[k] = a[i]
        lengths[k] += 1
    return values[: k + 1].copy(), lengths[: k + 1].copy()


# ---- checksums and random numbers ----------------------------------------------------------------
@case(ints(20, 256, np.uint8))
def crc16(data):
    crc = 0xFFFF
    for i in range(data.size):
        b = data[i]
        cur = 0xFF & b
        for _ in range(8):
            if (crc & 0x0001) ^ (cur & 0x0001):
                crc = (crc >> 1) ^ 0x8408
            else:
                crc >>= 1
            cur >>= 1
    crc = ~crc & 0xFFFF
    return (crc << 8) | ((crc >> 8) & 0xFF)


@case(ints(20, 256, np.uint8))
def crc32_table(data):
    table = np.zeros(256, dtype=np.uint32)
    for n in range(256):
        c = np.uint32(n)
        for _ in range(8):
            if c & np.uint32(1):
                c = np.uint32(0xEDB88320) ^ (c >> np.uint32(1))
            else:
                c = c >> np.uint32(1)
        table[n] = c
    crc = np.uint32(0xFFFFFFFF)
    for byte in data:
        crc = table[(crc ^ byte) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return crc ^ np.uint32(0xFFFFFFFF)


@case(ints(20, 256, np.uint8))
def adler32(data):
    a, b = 1, 0
    for byte in data:
        a = (a + byte) % 65521
        b = (b + a) % 65521
    return b * 65536 + a


@case(ints(9, 256))
def fnv_hash(data):
    h = np.uint64(14695981039346656037)
    for x in data:
        h = (h ^ np.uint64(x)) * np.uint64(1099511628211)
    return h


@case(12345, 20)
def linear_congruential(seed, n):
    out = np.zeros(n)
    x = seed
    for i in range(n):
        x = (1103515245 * x + 12345) % 2147483648
        out[i] = x / 2147483648
    return out


@case(27)
@case(1)
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@case(48, 36)
@case(7, 0)
def euclid(a, b):
    while b:
        a, b = b, a % b
    return a


@case(50)
def sieve(n):
    prime = np.ones(n + 1, dtype=bool)
    prime[0] = prime[1] = False
    i = 2
    while i * i <= n:
        if prime[i]:
            prime[i * i :: i] = False
        i += 1
    return np.sum(prime), prime


@case(3, 13, 1000)
def modular_power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


@case(ints(10, 1000))
def popcounts(a):
    out = np.zeros_like(a)
    for i in range(a.size):
        x = a[i]
        while x:
            x &= x - 1
            out[i] += 1
    return out


# ---- graphs over arrays --------------------------------------------------------------------------
@case(np.array([0, 2, 3, 5, 6, 6]), np.array([1, 2, 3, 3, 4, 0]), 0)
def breadth_first(start, target, source):
    n = start.shape[0] - 1
    dist = np.full(n, -1)
    queue = np.zeros(n, dtype=np.int64)
    dist[source] = 0
    queue[0] = source
    head, tail = 0, 1
    while head < tail:
        u = queue[head]
        head += 1
        for e in range(start[u], start[u + 1]):
            v = target[e]
            if dist[v] < 0:
                dist[v] = dist[u] + 1
                queue[tail] = v
                tail += 1
    return dist


@case(np.array([[0.0, 4, 1, 9], [4, 0, 2, 5], [1, 2, 0, 8], [9, 5, 8, 0]]))
def dijkstra(w):
    n = w.shape[0]
    dist = np.full(n, np.inf)
    done = np.zeros(n, dtype=bool)
    dist[0] = 0.0
    for _ in range(n):
        best, u = np.inf, -1
        for v in range(n):
            if not done[v] and dist[v] < best:
                best, u = dist[v], v
        if u < 0:
            break
        done[u] = True
        for v in range(n):
            if dist[u] + w[u, v] < dist[v]:
                dist[v] = dist[u] + w[u, v]
    return dist


@case(np.array([[0, 3], [3, 1], [2, 4], [4, 5], [1, 0]]), 6)
def union_find(edges, n):
    parent = np.arange(n)
    for k in range(edges.shape[0]):
        a, b = edges[k, 0], edges[k, 1]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            b = parent[b]
        if a != b:
            parent[b] = a
    count = 0
    for i in range(n):
        if parent[i] == i:
            count += 1
    return count, parent


@case((_rng.random((6, 6)) < 0.35).astype(np.int64))
def transitive_closure(g):
    n = len(g)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if g[i, k] and g[k, j]:
                    g[i, j] = 1
    return g


@case(np.array([0, 2, 3, 5, 6, 6]), np.array([1, 2, 3, 3, 4, 0]))
def page_rank(start, target):
    n = start.size - 1
    r = np.full(n, 1.0 / n)
    for _ in range(20):
        new = np.full(n, 0.15 / n)
        for u in range(n):
            degree = start[u + 1] - start[u]
            for e in range(start[u], start[u + 1]):
                new[target[e]] += 0.85 * r[u] / degree
        r = new
    return r


# ---- automata and games --------------------------------------------------------------------------
@case((_rng.random((8, 8)) < 0.4).astype(np.uint8), 3)
def game_of_life(grid, steps):
    n, m = grid.shape
    for _ in range(steps):
        old = grid.copy()
        for i in range(n):
            for j in range(m):
                live = 0
                for di in (-1, 0, 1):
                    for dj in (-1, 0, 1):
                        if di != 0 or dj != 0:
                            live += old[(i + di) % n, (j + dj) % m]
                if old[i, j] == 1:
                    grid[i, j] = 1 if live == 2 or live == 3 else 0
                elif live == 3:
                    grid[i, j] = 1
    return grid


@case(30, 21, 8)
def elementary_automaton(rule, width, steps):
    out = np.zeros((steps, width), dtype=np.int8)
    out[0, width // 2] = 1
    for t in range(1, steps):
        for i in range(width):
            left = out[t - 1, i - 1] if i > 0 else 0
            right = out[t - 1, i + 1] if i < width - 1 else 0
            code = 4 * left + 2 * out[t - 1, i] + right
            out[t, i] = (rule >> code) & 1
    return out


@case(4)
@case(5)
def queens(n):
    board = np.zeros(n, dtype=np.int64)
    count = 0
    row = 0
    board[0] = -1
    while row >= 0:
        board[row] += 1
        if board[row] == n:
            row -= 1
            continue
        ok = True
        for r in range(row):
            if board[r] == board[row] or abs(board[r] - board[row]) == row - r:
                ok = False
                break
        if not ok:
            continue
        if row == n - 1:
            count += 1
        else:
            row += 1
            board[row] = -1
    return count


@case(np.array([5, 3, 8, 6]), np.array([2, 1, 4, 3]), 6)
def knapsack(value, weight, capacity):
    best = np.zeros(capacity + 1, dtype=np.int64)
    for i in range(len(value)):
        for c in range(capacity, weight[i] - 1, -1):
            best[c] = max(best[c], best[c - weight[i]] + value[i])
    return best[capacity]


@case(np.array([30, 35, 15, 5, 10, 20]))
def matrix_chain(p):
    n = len(p) - 1
    m = np.zeros((n, n), dtype=np.int64)
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length - 1
            best = -1
            for k in range(i, j):
                cost = m[i, k] + m[k + 1, j] + p[i] * p[k + 1] * p[j + 1]
                if best < 0 or cost < best:
                    best = cost
            m[i, j] = best
    return m[0, n - 1]


@case(np.array([1, 5, 10, 25]), 37)
def coin_change(coins, amount):
    ways = np.zeros(amount + 1, dtype=np.int64)
    ways[0] = 1
    for coin in coins:
        for s in range(coin, amount + 1):
            ways[s] += ways[s - coin]
    return ways


@case(np.array([3, 1, 4, 1, 5, 9, 2, 6]))
def longest_increasing(a):
    best = np.ones(a.shape[0], int)
    for i in range(a.shape[0]):
        for j in range(i):
            if a[j] < a[i] and best[j] + 1 > best[i]:
                best[i] = best[j] + 1
    return best.max()


@case(np.array([-2, 1, -3, 4, -1, 2, 1, -5, 4]))
def kadane(a):
    best = current = a[0]
    start = end = begin = 0
    for i in range(1, len(a)):
        if current < 0:
            current = a[i]
            begin = i
        else:
            current += a[i]
        if current > best:
            best, start, end = current, begin, i
    return best, start, end


@case(ints(14, 4), np.ones((4, 4), np.int64))
def nussinov(seq, pairs):
    n = len(seq)
    table = np.zeros((n, n), np.int64)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            if j - 1 >= 0:
                table[i, j] = max(table[i, j], table[i, j - 1])
            if i + 1 < n:
                table[i, j] = max(table[i, j], table[i + 1, j])
            if j - 1 >= 0 and i + 1 < n:
                if i < j - 1:
                    match = 1 if seq[i] + seq[j] == 3 else 0
                    table[i, j] = max(table[i, j], table[i + 1, j - 1] + match)
                else:
                    table[i, j] = max(table[i, j], table[i + 1, j - 1])
            for k in range(i + 1, j):
                table[i, j] = max(table[i, j], table[i, k] + table[k + 1, j])
    return table


@case(ints(20, 8))
def histogram(a):
    h = np.zeros(8, np.int32)
    for x in a:
        h[x] += 1
    for i in range(1, 8):
        h[i] += h[i - 1]
    return h


@case(ints(24, 5).reshape(4, 6))
def majority_per_row(A):
    out = np.empty(A.shape[0], A.dtype)
    for i, row in enumerate(A):
        candidate, votes = row[0], 0
        for x in row:
            if votes == 0:
                candidate = x
                votes = 1
            elif x == candidate:
                votes += 1
            else:
                votes -= 1
        out[i] = candidate
    return out

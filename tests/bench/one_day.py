#!/usr/bin/env python3
"""Makes a one-day one-second activity file out of a short recording of sadc (12.2 or later, little endian).

    sadc -S DISK 1 3 short && one_day.py short day [SECONDS]

Every counter goes on growing as it did between the first two samples."""
import struct
import sys

short, day = open(sys.argv[1], "rb").read(), open(sys.argv[2], "wb")
seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 86400
head_size, = struct.unpack_from("<I", short, 8)
q, l, i = struct.unpack_from("<3I", short, 16)
ints = 76 + 8 * (q + l)
acts, = struct.unpack_from("<I", short, ints + 4)
act_size, rec_size = struct.unpack_from("<2I", short, ints + 36)
at = 76 + head_size
entries = [struct.unpack_from("<9I", short, at + n * act_size) for n in range(acts)]
start = at + acts * act_size


def end(at):
    """Offset behind a sample, and the places of its numbers."""
    places, at = [], at + rec_size
    for _, _, nr, nr2, has_nr, size, tq, tl, ti in entries:
        if has_nr:
            nr, = struct.unpack_from("<I", short, at)
            at += 4
        for item in range(nr * nr2):
            places += [(at + 8 * k, "<Q", 8) for k in range(tq + tl)]
            places += [(at + 8 * (tq + tl) + 4 * k, "<I", 4) for k in range(ti)]
            at += size
    return at, places


stop, places = end(start)
stop2, places2 = end(stop)
assert stop2 - stop == stop - start, "devices changed between the samples: record again"
first = [struct.unpack_from(f, short, p)[0] for p, f, _ in places]
second = [struct.unpack_from(f, short, p)[0] for p, f, _ in places2]
grow = [(p - start, f, (1 << 8 * w) - 1, a, (b - a) & ((1 << 8 * w) - 1)) for (p, f, w), a, b in zip(places, first, second)]
# Counters only grow; what went back is a gauge and stays as it was.
grow = [g for g in grow if 0 < g[4] <= g[2] >> 1]
uptime, epoch = struct.unpack_from("<2Q", short, start)
kind = start + 20
local, = [short[kind + 1] * 3600 + short[kind + 2] * 60 + short[kind + 3]]
day.write(short[:start])
record = bytearray(short[start:stop])
for n in range(seconds):
    struct.pack_into("<2Q", record, 0, uptime + 100 * n, epoch + n)
    clock = (local + n) % 86400
    record[21:24] = bytes([clock // 3600, clock // 60 % 60, clock % 60])
    for p, f, mask, value, step in grow:
        struct.pack_into(f, record, p, (value + n * step) & mask)
    day.write(record)

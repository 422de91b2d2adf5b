#!/usr/bin/env python3
"""Times `pgautopsy sar -f json` against `sadf -j FILE -- -A` on one day of one-second samples, both in the same run, and
compares their numbers field by field on the first ten minutes.

    sar_json.py path/to/pgautopsy [RUNS]

Needs sysstat 12.2 or later (sadc of Debian lies in /usr/lib/sysstat) and about 400 MB below /tmp."""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

tool, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
here = os.path.dirname(os.path.abspath(__file__))
sadc = next(p for p in ("/usr/lib/sysstat/sadc", "/usr/lib64/sa/sadc", "/usr/lib/sa/sadc") if os.path.exists(p))
env = dict(os.environ, LC_ALL="C", TZ="UTC")


def run(command, out):
    """Seconds of the clock, and of all processors together."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, stdout=out, check=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu


def statistics_of(command):
    return json.loads(subprocess.run(command, capture_output=True, check=True, env=env).stdout)["sysstat"]["hosts"][0]["statistics"]


def leaves(value, path=()):
    """Every number by its place; items of lists by their first member."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, path + (key,))
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member, path + (str(next(iter(member.values()))),))
    elif isinstance(value, (int, float)):
        yield path, value


with tempfile.TemporaryDirectory() as folder:
    short, day, minutes = (os.path.join(folder, n) for n in ("short", "day", "minutes"))
    subprocess.run([sadc, "-S", "DISK", "1", "3", short], check=True)
    for name, seconds in ((day, "86400"), (minutes, "600")):
        subprocess.run([sys.executable, os.path.join(here, "one_day.py"), short, name, seconds], check=True)

    # Names of disks are left out: sadf shows those of the machine that it runs on.
    ours, theirs = statistics_of([tool, "sar", "-f", "json", minutes]), statistics_of(["sadf", "-j", minutes, "--", "-A"])
    same = differ = absent = 0
    for a, b in zip(ours, theirs, strict=True):
        a, b = ({k: v for k, v in leaves(s) if k[0] != "timestamp"} for s in (a, b))
        disks = lambda d: [v for k, v in sorted(d.items()) if k[0] == "disk"]
        pairs = [(a.get(k), v) for k, v in b.items() if k[0] != "disk"] + list(zip(disks(a), disks(b)))
        for mine, his in pairs:
            absent += mine is None
            same += mine is not None and abs(mine - his) <= 0.011 + 1e-12 * abs(his)
            differ += mine is not None and abs(mine - his) > 0.011 + 1e-12 * abs(his)
    print(f"fields of {len(ours)} samples: {same} the same, {differ} differ, {absent} not printed by us")

    times = {"sadf": [], "pgautopsy": []}
    with open(os.devnull, "wb") as null:
        for _ in range(runs):
            times["sadf"].append(run(["sadf", "-j", day, "--", "-A"], null))
            times["pgautopsy"].append(run([tool, "sar", "-f", "json", day], null))
    size = os.path.getsize(day) / 1e6
    median = {name: [statistics.median(t[i] for t in all) for i in (0, 1)] for name, all in times.items()}
    for name, (wall, cpu) in median.items():
        print(f"{name:10} {wall:6.2f} s wall, {cpu:6.2f} s CPU (median of {runs}, {size:.0f} MB)")
    wall, cpu = (median["sadf"][i] / median["pgautopsy"][i] for i in (0, 1))
    print(f"{wall:.1f} times as fast by the clock, {cpu:.1f} times by CPU time; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
sys.exit(differ > 0)

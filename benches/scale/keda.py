#!/usr/bin/env python3
"""What KEDA does with the consumers on a step of load: simulated on what measure.py measured, and drawn.

    python3 benches/scale/keda.py            # prints a table, writes docs/pictures/scale-*.svg

The group: partitions get equal parts of the load; a member takes as many reviews a second as one CPU scores; partitions
that move stand still as long as measured, those of a pod that is taken away for the session timeout, since pods are
static members. The autoscaler: KEDA's Kafka trigger and the HorizontalPodAutoscaler as documented: desired = ceil(lag /
lagThreshold), lag limited to one threshold for each partition and without partitions whose position stood still since
the last look (excludePersistentLag); desired = ceil(used CPU / target); the greatest counts; 10 % tolerance; looks
every 15 s (KEDA's pollingInterval is for scaling from zero only); stabilisation windows and policies.
Its settings are read from k8s/. Standard library only.
"""

import dataclasses
import json
import math
import pathlib
import re
import statistics

import chart

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTITIONS, LOOK, STEP = 12, 15, 0.5
# Assumed: scheduling, an image that is on the node, and the first model.
POD_START = 10
SESSION = 15


@dataclasses.dataclass
class Settings:
    """What a ScaledObject says. `cpu` is the target in CPUs, None for no such trigger."""
    least: int
    most: int
    threshold: int
    cpu: float | None
    up_window: int
    up_pods: int
    up_period: int
    down_window: int
    down_pods: int
    down_period: int


def read():
    """The settings in k8s/."""
    text = (ROOT / "k8s/components/keda/scaled-object.yaml").read_text()
    one = lambda pattern: re.search(pattern, text)  # noqa: E731
    number = lambda pattern: int(one(pattern)[1])  # noqa: E731
    rules = re.findall(r"WindowSeconds: (\d+)\s+policies: \[\{type: Pods, value: (\d+), periodSeconds: (\d+)\}\]", text)
    (up, down) = [tuple(map(int, rule)) for rule in rules]
    request = int(re.search(r"requests: \{cpu: (\d+)m", (ROOT / "k8s/base/consumer.yaml").read_text())[1])
    cpu = one(r'type: cpu\s+metricType: Utilization\s+metadata: \{value: "(\d+)"\}')
    return Settings(number(r"minReplicaCount: (\d+)"), number(r"maxReplicaCount: (\d+)"),
                    number(r'lagThreshold: "(\d+)"'), cpu and int(cpu[1]) / 100 * request / 1000, *up, *down)


class Group:
    """Members, and the partitions that they hold."""

    def __init__(self, n, rate, pause, latency):
        self.rate, self.pause, self.latency = rate, pause, latency
        self.pods = list(range(n))
        self.starting = []
        self.owner = [p % n for p in range(PARTITIONS)]
        self.lag, self.position = [0.0] * PARTITIONS, [0.0] * PARTITIONS
        self.still_until = [0.0] * PARTITIONS
        self.used = {}

    def balance(self, now, pause):
        """Gives partitions away one by one, from whoever has the most to whoever has the fewest; they stand still."""
        held = {pod: [p for p in range(PARTITIONS) if self.owner[p] == pod] for pod in self.pods}
        lost = [p for p in range(PARTITIONS) if self.owner[p] not in held]
        while True:
            fewest = min(held, key=lambda pod: len(held[pod]))
            greatest = max(held, key=lambda pod: len(held[pod]))
            if lost:
                moved = lost.pop()
            elif len(held[greatest]) - len(held[fewest]) > 1:
                moved = held[greatest].pop()
            else:
                return
            held[fewest].append(moved)
            self.owner[moved] = fewest
            self.still_until[moved] = now + pause

    def scale(self, now, n):
        have = len(self.pods) + len(self.starting)
        self.starting += [(now + POD_START, pod) for pod in range(have, n)]
        if n < have:
            self.starting = [(at, pod) for at, pod in self.starting if pod < n]
            self.pods = [pod for pod in self.pods if pod < n]
            self.balance(now, SESSION)

    def step(self, now, load):
        ready = [pod for at, pod in self.starting if at <= now]
        if ready:
            self.starting = [(at, pod) for at, pod in self.starting if at > now]
            self.pods += ready
            self.balance(now, self.pause)
        for p in range(PARTITIONS):
            self.lag[p] += load / PARTITIONS * STEP
        self.used = {}
        for pod in self.pods:
            room = self.rate * STEP
            held = [p for p in range(PARTITIONS) if self.owner[p] == pod and self.still_until[p] <= now]
            waiting = sum(self.lag[p] for p in held)
            part = min(1.0, room / waiting) if waiting else 0.0
            for p in held:
                self.position[p] += self.lag[p] * part
                self.lag[p] *= 1 - part
            self.used[pod] = waiting * part / room


class Autoscaler:
    """KEDA's trigger and the HorizontalPodAutoscaler."""

    def __init__(self, settings):
        self.settings, self.wishes, self.changes = settings, [], []
        self.before = None

    def lag(self, group, load):
        """What KEDA's trigger says."""
        total = sum(lag for p, lag in enumerate(group.lag) if not self.before or group.position[p] != self.before[p])
        self.before = list(group.position)
        return min(total + load * group.latency, self.settings.threshold * PARTITIONS)

    def look(self, now, current, lag, cpu):
        s = self.settings
        wanted = []
        for value, target in ((lag, s.threshold), (cpu, s.cpu)):
            if target:
                near = abs(value / (target * current) - 1) <= 0.1
                wanted.append(current if near else math.ceil(value / target))
        wish = min(max(max(wanted), s.least), s.most)
        self.wishes.append((now, wish))
        recent = lambda window: [w for at, w in self.wishes if at > now - window]  # noqa: E731
        new = max(current, min(recent(s.up_window) or [wish]))
        new = min(new, max(recent(s.down_window) or [wish]))
        changed = lambda period, sign: sum(  # noqa: E731
            d * sign for at, d in self.changes if at > now - period and d * sign > 0)
        new = min(new, current - changed(s.up_period, 1) + s.up_pods) if new > current else new
        new = max(new, current + changed(s.down_period, -1) - s.down_pods) if new < current else new
        if new != current:
            self.changes.append((now, new - current))
        return new


def simulate(settings, load, seconds, group):
    """Rows of time, lag, longest wait, pods."""
    scaler, rows, cpu = Autoscaler(settings), [], 0.0
    used = []
    for tick in range(int(seconds / STEP)):
        now = tick * STEP
        group.step(now, load(now))
        used = [*used[-int(2 * LOOK / STEP):], sum(group.used.values())]
        pods = len(group.pods) + len(group.starting)
        if now % LOOK == 0 and now:
            # The Metrics Server's figure is as old as its own interval.
            cpu = statistics.mean(used[:len(used) // 2 + 1])
            group.scale(now, scaler.look(now, pods, scaler.lag(group, load(now)), cpu))
        part = load(now) / PARTITIONS
        rows.append((now, sum(group.lag), max(group.lag) / part, len(group.pods) + len(group.starting)))
    return rows, len(scaler.changes)


def behind(rows, load):
    """The stretches in which the lag is more than a second's reviews."""
    stretches = []
    for now, lag, *_ in rows:
        if lag > load:
            if not stretches or now - stretches[-1][1] > 2 * STEP:
                stretches.append([now, now])
            stretches[-1][1] = now
    return [end - begin + STEP for begin, end in stretches]


def row(name, rows, changes, begin, end, load):
    wave = [row for row in rows if begin <= row[0] < end]
    late = behind(wave, load)
    pods = [row[3] for row in wave]
    most = max(row[1] for row in wave)
    wait = max(row[2] for row in wave)
    return (f"| {name} | {late[0] if late else 0:.0f} | {len(late[1:])} | {sum(late):.0f} | {most:,.0f} | {wait:.0f} "
            f"| {max(pods)} | {pods[-1]} | {changes} | {sum(row[3] for row in rows) * STEP / 3600:.1f} |")


def main():
    measured = json.loads((ROOT / "benches/scale/measured.json").read_text())
    middle = statistics.median
    rate = 1e6 / middle(run["member_us"] for round_ in measured["drain"] for run in round_)
    pods = [round_["pods"] for round_ in measured["members"]]
    pause = middle(e["standstill_s"] for one in pods for e in one["events"] if e["what"].startswith("joins"))
    latency = middle(lag for one in pods for at, lag in one["curve"] if at < 0) / pods[0]["rate"]
    print(f"A member with one CPU: {rate:,.0f} reviews/s; a partition that moves stands still for {pause:.1f} s; "
          f"the lag of a group that keeps up: {latency:.2f} s of its load\n")
    now = read()
    change = lambda **other: dataclasses.replace(now, **other)  # noqa: E731
    variants = [("lag of 20,000 alone, 4 pods a minute", change(threshold=20_000, cpu=None, up_pods=4))]
    variants += [(f"lag of {n:,} alone", change(threshold=n, cpu=None)) for n in (20_000, 500_000)]
    variants += [(f"lag of {n:,}, {now.cpu} CPU", change(threshold=n)) for n in (100_000, 500_000)]
    variants += [(f"lag of {now.threshold:,}, {now.cpu} CPU, 4 pods a minute", change(up_pods=4))]
    variants += [(f"lag of {now.threshold:,}, {now.cpu} CPU: as in k8s/", now)]
    begin, end, whole = 300, 3900, 5400
    drawn = []
    for low, high in ((1_000, 20_000), (10_000, 150_000)):
        print(f"From {low:,} to {high:,} reviews/s for an hour\n")
        print("| triggers | s until it keeps up | times behind again | s behind | most lag | longest wait, s "
              "| most pods | pods at the end | changes | pod hours |\n|---|" + "---:|" * 9)
        for name, settings in variants:
            load = lambda t: high if begin <= t < end else low  # noqa: B023, E731
            rows, changes = simulate(settings, load, whole, Group(now.least, rate, pause, latency))
            print(row(name, rows, changes, begin, end, high))
            drawn.append(rows)
        print()
    pictures = ROOT / "docs/pictures"
    alone, both = drawn[-len(variants)], drawn[-1]
    # The most of each ten seconds, and each change of pods: more points nobody sees.
    ten = lambda rows: [rows[i:i + 20] for i in range(0, len(rows), 20)]  # noqa: E731
    million = lambda rows: [(part[0][0] / 60, max(row[1] for row in part) / 1e6) for part in ten(rows)]  # noqa: E731
    count = lambda rows: [(now[0] / 60, pods) for was, now in zip(rows, rows[1:])  # noqa: E731
                          for pods in (was[3], now[3]) if was[3] != now[3] or now is rows[-1] or was is rows[0]]
    marks = [(begin / 60, "150,000 reviews/s"), (end / 60, "10,000 reviews/s")]
    names = [("a", "lag alone"), ("b", "lag and CPU")]
    chart.draw(pictures / "scale-keda.svg", [
        ("Lag, million reviews", [(*n, million(rows)) for n, rows in zip(names, (alone, both))], whole / 60,
         max(lag for rows in (alone, both) for _, lag in million(rows)) * 1.05, marks, "min"),
        ("Pods", [(*n, count(rows)) for n, rows in zip(names, (alone, both))], whole / 60, now.most, [], "min"),
    ])
    panels = []
    for kind, title in (("pods", "members with lasting names, as pods have"), ("unnamed", "members without names")):
        one = measured["members"][0][kind]
        start = one["curve"][0][0]
        curve = [(at - start, lag) for at, lag in one["curve"]]
        marks = [(event["at"] - start, event["what"]) for event in one["events"]]
        panels.append((f"Lag, reviews: {title}", [("b", "measured", curve)], curve[-1][0],
                       max(lag for _, lag in curve) * 1.05, marks, "s"))
    chart.draw(pictures / "scale-lag.svg", panels)


if __name__ == "__main__":
    main()

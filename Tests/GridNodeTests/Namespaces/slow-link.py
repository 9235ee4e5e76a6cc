#!/usr/bin/env python3
"""A slow and lossy cable between two network namespaces, for kernels with and without netem.

    slow-link.py NAMESPACE INTERFACE NAMESPACE INTERFACE DELAY_MS JITTER_MS LOSS_PERCENT

Makes a tap interface in each namespace and carries Ethernet frames between the two, each way with the delay and up to so
much more at random; frames may overtake each other. Ends, and takes both interfaces with it, when its standard input does.
Prints "ready" once both interfaces exist. Needs root.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
CLONE_NEWNET = 0x40000000
FRAMES_MAX = 4_096  # on their way in each direction; what comes on top is lost, as in any router


def tap(namespace, name):
    """The descriptor of a new interface in the namespace."""
    with open(f"/run/netns/{namespace}") as place:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(place.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter the namespace {namespace}")
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return descriptor


def main(first, first_name, second, second_name, delay, jitter, loss):
    delay, jitter, loss = float(delay) / 1e3, float(jitter) / 1e3, float(loss) / 100
    chance = random.Random(1)
    ends = [tap(first, first_name), tap(second, second_name)]
    under_way = {end: [] for end in ends}
    number = 0
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        due = min((queue[0][0] for queue in under_way.values() if queue), default=None)
        waits = None if due is None else max(0, due - now)
        readable, _, _ = select.select([sys.stdin, *ends], [], [], waits)
        if sys.stdin in readable and not sys.stdin.buffer.raw.read(1):
            return
        now = time.monotonic()
        for source, target in (ends, ends[::-1]):
            if source not in readable:
                continue
            frame = os.read(source, 65_536)
            if chance.random() < loss or len(under_way[target]) >= FRAMES_MAX:
                continue
            number += 1
            heapq.heappush(under_way[target], (now + delay + chance.random() * jitter, number, frame))
        for target, queue in under_way.items():
            while queue and queue[0][0] <= now:
                try:
                    os.write(target, heapq.heappop(queue)[2])
                except OSError:
                    pass  # An interface that is down loses what is sent to it.


if __name__ == "__main__":
    if len(sys.argv) != 8:
        sys.exit(__doc__)
    main(*sys.argv[1:])

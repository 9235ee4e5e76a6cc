"""A py-libp2p host for the interoperability tests.

    libp2p_peer.py listen           prints its address, echoes, ends when stdin does
    libp2p_peer.py dial ADDRESS     talks with the peer there and prints what it saw as JSON
"""

import hashlib
import json
import secrets
import sys
import time

import multiaddr
import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.host.ping import PingService, handle_ping
from libp2p.peer.peerinfo import info_from_p2p_addr

ECHO = "/test/echo/1"
PIECE = 64 * 1024
LARGE = 64 * 1024 * 1024


async def read_all(stream):
    pieces = []
    while True:
        try:
            piece = await stream.read(PIECE)
        except Exception as error:
            if type(error).__name__ in ("StreamEOF", "MuxedStreamEOF"):
                break
            raise
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)


async def echo(stream):
    data = await read_all(stream)
    for start in range(0, len(data), PIECE):
        await stream.write(data[start : start + PIECE])
    await stream.close_write()


def make_host():
    host = new_host(
        key_pair=create_new_key_pair(), muxer_preference="YAMUX", listen_addrs=[]
    )
    host.set_stream_handler(ECHO, echo)
    host.set_stream_handler("/ipfs/ping/1.0.0", handle_ping)
    return host


async def listen():
    host = make_host()
    async with host.run([multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")]):
        print(host.get_addrs()[0], flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)
        # What still runs in the host is of no interest.
        sys.stdout.flush()
        import os

        os._exit(0)


async def ask(host, peer, data):
    stream = await host.new_stream(peer, [ECHO])
    answer = None

    async def write():
        for start in range(0, len(data), PIECE):
            await stream.write(data[start : start + PIECE])
        await stream.close_write()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        answer = await read_all(stream)
    return answer


async def dial(address):
    host = make_host()
    seen = {}
    async with host.run([multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")]):
        info = info_from_p2p_addr(multiaddr.Multiaddr(address))
        await host.connect(info)
        seen["peer"] = str(info.peer_id)
        seen["pings"] = len(await PingService(host).ping(info.peer_id, 1000))
        results = []

        async def one(number):
            data = secrets.token_bytes(1000 + number)
            results.append(await ask(host, info.peer_id, data) == data)

        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(one, number)
        seen["streams"] = sum(results)
        data = secrets.token_bytes(1024) * (LARGE // 1024)
        start = time.monotonic()
        answer = await ask(host, info.peer_id, data)
        seen["seconds"] = time.monotonic() - start
        seen["large"] = hashlib.sha256(answer).digest() == hashlib.sha256(data).digest()
        for _ in range(50):
            try:
                seen["protocols"] = sorted(host.get_peerstore().get_protocols(info.peer_id))
            except Exception:
                seen["protocols"] = []
            if ECHO in seen["protocols"]:
                break
            await trio.sleep(0.1)
        print(json.dumps(seen), flush=True)
        import os

        os._exit(0)


if sys.argv[1] == "listen":
    trio.run(listen)
else:
    trio.run(dial, sys.argv[2])

"""What sessions of py-libp2p cost and stand: two of its hosts in one process, on the loopback interface.

Run by Tests/Benchmarks/sessions; prints lines like those of our measurement.
"""
import time

import multiaddr
import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.peerinfo import info_from_p2p_addr

SINK = "/test/sink/1"
PIECE = 64 * 1024
SIZE = 16 << 20
HANDSHAKES = 30


async def sink(stream):
    try:
        while await stream.read(PIECE):
            pass
    except Exception as error:
        if type(error).__name__ not in ("StreamEOF", "MuxedStreamEOF"):
            raise
    await stream.write(b"x")
    await stream.close_write()


def make_host():
    return new_host(key_pair=create_new_key_pair(), muxer_preference="YAMUX", listen_addrs=[])


async def main():
    client, server = make_host(), make_host()
    server.set_stream_handler(SINK, sink)
    loopback = [multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")]
    async with server.run(loopback), client.run(loopback):
        peer = info_from_p2p_addr(server.get_addrs()[0])
        await client.connect(peer)
        await client.disconnect(peer.peer_id)
        start = time.process_time()
        for _ in range(HANDSHAKES):
            await client.connect(peer)
            await client.disconnect(peer.peer_id)
        rate = HANDSHAKES / (time.process_time() - start)
        print(f"py-libp2p, handshakes per second and core, both sides, identify included: {rate:.0f}", flush=True)
        await client.connect(peer)
        stream = await client.new_stream(peer.peer_id, [SINK])
        piece = bytes(PIECE)
        start, used = time.monotonic(), time.process_time()
        for _ in range(SIZE // PIECE):
            await stream.write(piece)
        await stream.close_write()
        await stream.read(1)
        seconds, used = time.monotonic() - start, time.process_time() - used
        print(
            f"py-libp2p, one stream: {SIZE / seconds / 1e6:.1f} MB/s, {SIZE / used / 1e6:.1f} MB per processor second",
            flush=True,
        )
        # What still runs in the hosts is of no interest.
        import os

        os._exit(0)


trio.run(main)

"""A libtorrent DHT node on the loopback interface, for the tests of Discovery.

Reads commands from stdin, one a line, and prints what happens as JSON, one object a line. Ends with its stdin.
"""

import json
import select
import sys
import time

import libtorrent as lt

session = lt.session(
    {
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": True,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "dht_bootstrap_nodes": "",
        "alert_mask": lt.alert.category_t.dht_notification
        | lt.alert.category_t.dht_operation_notification
        | lt.alert.category_t.status_notification
        | lt.alert.category_t.error_notification,
        # All nodes of the test share one address.
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_enforce_node_id": False,
        "dht_prefer_verified_node_ids": False,
        "dht_ignore_dark_internet": False,
        "dht_block_ratelimit": 1000,
    }
)


def say(**event):
    print(json.dumps(event), flush=True)


def key(text):
    return lt.sha1_hash(bytes.fromhex(text))


def bytes_of(value):
    value = lt.bencode(value)
    return value.hex()


def perform(words):
    command, arguments = words[0], words[1:]
    if command == "node":
        session.add_dht_node(("127.0.0.1", int(arguments[0])))
    elif command == "find":
        session.dht_get_peers(key(arguments[0]))
    elif command == "announce":
        session.dht_announce(key(arguments[0]), int(arguments[1]), 0)
    elif command == "put":
        target = session.dht_put_immutable_item(bytes.fromhex(arguments[0]))
        say(event="target", target=str(target))
    elif command == "get":
        session.dht_get_immutable_item(key(arguments[0]))
    elif command == "put-mutable":
        secret, public, value, salt = (bytes.fromhex(argument) for argument in (arguments + [""])[:4])
        session.dht_put_mutable_item(secret, public, value, salt)
    elif command == "get-mutable":
        public, salt = (bytes.fromhex(argument) for argument in (arguments + [""])[:2])
        session.dht_get_mutable_item(public, salt)
    elif command == "size":
        session.post_session_stats()


def report(alert):
    name = type(alert).__name__
    if name == "dht_get_peers_reply_alert":
        for address, port in alert.peers():
            say(event="peer", infohash=str(alert.info_hash), address=address, port=port)
    elif name == "dht_immutable_item_alert":
        say(event="item", target=str(alert.target), value=bytes_of(alert.item))
    elif name == "dht_mutable_item_alert":
        say(event="mutable", value=bytes_of(alert.item), seq=alert.seq, authoritative=alert.authoritative)
    elif name == "dht_put_alert":
        say(event="stored", count=alert.num_success)
    elif name == "session_stats_alert":
        say(event="size", nodes=alert.values["dht.dht_nodes"])


deadline = time.monotonic() + 10
while session.listen_port() == 0 and time.monotonic() < deadline:
    time.sleep(0.05)
say(event="listening", port=session.listen_port())
end = time.monotonic() + 300
while time.monotonic() < end:
    if select.select([sys.stdin], [], [], 0.05)[0]:
        line = sys.stdin.readline()
        if not line:
            break
        if line.split():
            perform(line.split())
    for alert in session.pop_alerts():
        report(alert)

#!/usr/bin/env python3
"""Rechecks all records of one job from nothing but Sources/GridWire/Schema.md, with cbor2 and PyNaCl.

usage: recheck_job.py RECORDS

RECORDS is a file that holds a CBOR array of signed records, `[kind, signer, body, signature]`, the manifest among
them. Prints a JSON object with what the records prove, and exits with 1 when a record is not valid.
"""
import hashlib
import json
import sys
from collections import defaultdict

import cbor2
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

MANIFEST, BATCH, REPORT, PROOF, FINAL, ROSTER, RECEIPT, ORDER, SEAL = range(1, 10)
KEYS = {MANIFEST: 15, BATCH: 3, REPORT: 4, PROOF: 9, FINAL: 4, ROSTER: 3, RECEIPT: 2, ORDER: 5, SEAL: 4}


def digest(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def canonical(value):
    return cbor2.dumps(value, canonical=True)


def fail(sentence):
    print(f"recheck_job: {sentence}", file=sys.stderr)
    sys.exit(1)


def merkle_up(leaf, index, count, path):
    """The root that a path leads to, or None when it has a wrong length."""
    node, path = digest(b"\x00" + leaf), list(path)
    while count > 1:
        if index ^ 1 < count:
            if not path:
                return None
            other = path.pop(0)
            node = digest(b"\x01" + (other + node if index & 1 else node + other))
        index, count = index >> 1, (count + 1) // 2
    return None if path else node


def units_of(manifest):
    """All units of a job by frame, in their order: a function of the manifest."""
    first, frames, width, height, samples = (manifest[key] for key in (4, 5, 6, 7, 8))
    job = width * height * samples * frames
    limit = max(min(1 << 20, max(1 << 17, job // 256)), min(1 << 24, job // (1 << 18)))
    blocks = 64
    while blocks > 1 and blocks * 64 * samples > limit:
        blocks //= 2
    across, down = (width + 63) // 64, (height + 63) // 64
    units = []
    for tile in range(across * down):
        x, y = tile % across * 64, tile // across * 64
        count = ((min(64, width - x) + 7) // 8) * ((min(64, height - y) + 7) // 8)
        units += [(tile, start, min(blocks, count - start)) for start in range(0, count, blocks)]
    return {frame: [(frame, *unit) for unit in units] for frame in range(first, first + frames)}


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    records = {}
    for kind, signer, body, signature in cbor2.loads(data):
        content = canonical([kind, signer, body])
        try:
            VerifyKey(signer).verify(b"tessera-record-v1:" + content, signature)
        except BadSignatureError:
            fail(f"a record of kind {kind} by {signer.hex()} has a wrong signature")
        value = cbor2.loads(body)
        if canonical(value) != body or list(value) != list(range(KEYS[kind])):
            fail(f"a record of kind {kind} by {signer.hex()} is not canonical")
        records[digest(content)] = (kind, signer, value)
    return records


def standing_rosters(submitter, votes):
    """The rosters that stand, by number: signed by the submitter, or by more than half of the one before."""
    voters, bodies = defaultdict(set), {}
    for signer, value in votes:
        body = canonical(value)
        voters[body].add(signer)
        bodies[body] = value
    rosters, last = {}, None
    for body in sorted(bodies, key=lambda body: (bodies[body][1], digest(body))):
        number, stewards = bodies[body][1], bodies[body][2]
        if last == number:
            continue
        before = rosters.get(number - 1) if last == number - 1 else None
        voted = before is not None and 2 * sum(s in voters[body] for s in before) > len(before)
        if voted or submitter in voters[body]:
            rosters[number], last = stewards, number
    return rosters


def recheck(records):
    manifests = [(key, value) for key, value in records.items() if value[0] == MANIFEST]
    if len(manifests) != 1:
        fail(f"there are {len(manifests)} manifests instead of one")
    job, (_, submitter, manifest) = manifests[0]
    frames = units_of(manifest)
    units = {unit for frame in frames.values() for unit in frame}
    for kind, signer, value in records.values():
        if kind != MANIFEST and value[0] != job:
            fail(f"a record of kind {kind} belongs to another job")
        if kind in (ORDER, SEAL) and signer != submitter:
            fail("an order or a seal is not by the submitter")

    claims, batches, numbers, burned = defaultdict(list), {}, {}, set()
    for key, (kind, signer, value) in records.items():
        if kind != BATCH:
            continue
        batches[key] = (signer, {tuple(unit): root for unit, root, _ in value[2]})
        if numbers.setdefault((signer, value[1]), key) != key:
            burned.add(signer)
        for unit, root, work in value[2]:
            if tuple(unit) not in units:
                fail(f"a batch names unit {unit}, which the job does not have")
            if any(other == signer and known != root for other, known, _ in claims[tuple(unit)]):
                burned.add(signer)
            claims[tuple(unit)].append((signer, root, work))

    rosters = standing_rosters(submitter, [(s, v) for k, s, v in records.values() if k == ROSTER])
    authorities = {steward for roster in rosters.values() for steward in roster}
    reports = {key: (s, tuple(v[1]), v[2], v[3]) for key, (k, s, v) in records.items() if k == REPORT}
    for kind, signer, proof in records.values():
        if kind != PROOF or signer not in authorities:
            continue
        unit, worker, index, claimed, correct = tuple(proof[1]), proof[2], proof[4], proof[5], proof[7]
        accused, signed = batches.get(proof[3], (None, {}))
        root = signed.get(unit)
        if accused != worker or root is None or merkle_up(claimed, index, unit[3], proof[6]) != root:
            continue
        referees, others = set(), defaultdict(set)
        for witness in proof[8]:
            if witness in reports and reports[witness][1:] == (unit, index, correct):
                referees.add(reports[witness][0])
            elif witness in batches and batches[witness][1].get(unit) not in (None, root):
                others[batches[witness][1][unit]].add(batches[witness][0])
        referees.discard(worker)
        if len(referees) >= 2 or any(len((group | referees) - {worker}) >= 2 for group in others.values()):
            burned.add(worker)

    # Of a sealed frame the submitter's word is enough, and what led to it may be gone.
    finals, sealed = {}, {}
    for key, (kind, _, value) in sorted(records.items()):
        if kind == SEAL and value[1] in frames and value[1] not in finals:
            roots = [value[3][start : start + 32] for start in range(0, len(value[3]), 32)]
            if len(value[3]) != 32 * len(frames[value[1]]):
                fail(f"a seal of frame {value[1]} has a wrong number of roots")
            finals[value[1]] = sealed[value[1]] = dict(zip(frames[value[1]], roots))
    for key, (kind, _, value) in sorted(records.items()):
        if kind != FINAL or value[1] in finals or value[1] not in frames:
            continue
        listed, roots, work = {worker for worker, _ in value[3]}, [], defaultdict(int)
        for unit in frames[value[1]]:
            signers = defaultdict(dict)
            for worker, root, count in claims[unit]:
                if worker in listed:
                    signers[root][worker] = count
            agreed = [root for root in signers if len(signers[root]) >= 2]
            if len(agreed) != 1:
                break
            roots.append(agreed[0])
            for worker in signers[agreed[0]]:
                work[worker] += min(signers[agreed[0]].values())
        else:
            if digest(b"".join(roots)) == value[2] and dict(map(tuple, value[3])) == dict(work):
                finals[value[1]] = dict(zip(frames[value[1]], roots))

    holders = defaultdict(set)
    for kind, signer, value in records.values():
        if kind == RECEIPT:
            for unit, start in value[1]:
                holders[tuple(unit), start].add(signer)
    held = [
        len(holders[unit, int.from_bytes(root[:8], "big")])
        for frame, roots in finals.items()
        if frame not in sealed
        for unit, root in roots.items()
    ]
    orders = [(value[1], key, value) for key, (kind, _, value) in records.items() if kind == ORDER]
    return {
        "job": job.hex(),
        "units": len(units),
        "records": len(records),
        "finalFrames": sorted(finals),
        "sealedFrames": sorted(sealed),
        "burned": sorted(worker.hex() for worker in burned),
        "roster": max(rosters, default=0),
        "holdersMin": min(held, default=0),
        "state": max(orders)[2][2] if orders else 0,
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    print(json.dumps(recheck(read(sys.argv[1]))))

#!/usr/bin/env python3
"""Writes a large scene for timing imports: make_large.py OUT.glb|OUT.gltf [millions of vertices] (needs numpy).

A wavy sheet with positions, normals, texture coordinates and 32-bit indices in meshes of a million vertices each: 56
bytes a vertex. A .gltf gets its data in OUT.bin, which may exceed the 4 GiB of a .glb.
"""
import json
import struct
import sys

import numpy as np

EDGE = 1000


def sheet(number):
    x, y = np.meshgrid(np.arange(EDGE, dtype="f4") / EDGE, np.arange(EDGE, dtype="f4") / EDGE)
    z = 0.05 * np.sin(20 * x + number) * np.cos(17 * y)
    positions = np.stack([x + number, y, z], -1).reshape(-1, 3).astype("<f4")
    dx = np.cos(20 * x + number) * np.cos(17 * y)
    dy = -0.85 * np.sin(20 * x + number) * np.sin(17 * y)
    normals = np.stack([-dx, -dy, np.ones_like(x)], -1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    i = (np.arange(EDGE - 1)[:, None] * EDGE + np.arange(EDGE - 1)).ravel().astype("<u4")
    quads = np.stack([i, i + 1, i + EDGE + 1, i, i + EDGE + 1, i + EDGE], -1)
    return [positions, normals.reshape(-1, 3).astype("<f4"), np.stack([x, y], -1).reshape(-1, 2).astype("<f4"), quads]


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    sizes = [EDGE * EDGE * 12, EDGE * EDGE * 12, EDGE * EDGE * 8, (EDGE - 1) ** 2 * 24]
    document = {"asset": {"version": "2.0"}, "accessors": [], "bufferViews": [], "meshes": [], "nodes": []}
    document["buffers"] = [{"byteLength": sum(sizes) * count}]
    offset = 0
    for number in range(count):
        for k, size in enumerate(sizes):
            document["bufferViews"].append({"buffer": 0, "byteOffset": offset, "byteLength": size})
            offset += size
            accessor = {"bufferView": 4 * number + k, "componentType": 5125 if k == 3 else 5126}
            accessor["count"] = (EDGE - 1) ** 2 * 6 if k == 3 else EDGE * EDGE
            accessor["type"] = ["VEC3", "VEC3", "VEC2", "SCALAR"][k]
            document["accessors"].append(accessor)
        a = 4 * number
        primitive = {"attributes": {"POSITION": a, "NORMAL": a + 1, "TEXCOORD_0": a + 2}, "indices": a + 3}
        document["meshes"].append({"primitives": [{**primitive, "material": 0}]})
        document["nodes"].append({"mesh": number})
    # A textured material, so that the texture coordinates are of use.
    png = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC")
    document["images"] = [{"uri": "data:image/png;base64," + png}]
    document["textures"] = [{"source": 0}]
    document["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    is_glb = path.endswith(".glb")
    if not is_glb:
        document["buffers"][0]["uri"] = path.rsplit("/", 1)[-1].replace(".gltf", ".bin")
        with open(path, "w") as f:
            json.dump(document, f)
    with open(path if is_glb else path.replace(".gltf", ".bin"), "wb") as f:
        if is_glb:
            text = json.dumps(document).encode()
            text += b" " * (-len(text) % 4)
            f.write(struct.pack("<4sII", b"glTF", 2, 28 + len(text) + offset))
            f.write(struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", offset, b"BIN\0"))
        for number in range(count):
            for array in sheet(number):
                f.write(array.tobytes())


main()

"""Renders glTF files with Tessera and, through Blender's own importer, with Cycles: same camera, same light, side by side.

Usage:
    python gltf_beside_cycles.py --out DIR --hdri FILE.hdr [--tessera PROGRAM] [--size 256] [--spp 64] FILE...

Needs Blender as a Python module (pip install bpy). For each file NAME.glb or NAME.gltf it writes DIR/NN-NAME.png: Tessera
left, Cycles in the middle, and right the differences, black where both agree and white from an eighth of the screen's
range on; DIR/table.tsv has the mean of each. The camera looks at the box of what the file shows, at its start time. Lamps
of the files are left out, since Blender's importer has units of its own for them: the panorama lights everything. Both
pictures have the plain sRGB curve.
"""
import argparse
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np

YFOV = math.radians(35)
CAMERA = "beside"


def read_gltf(path):
    """The document, and the rest of the container where there is one."""
    data = open(path, "rb").read()
    if data[:4] != b"glTF":
        return json.loads(data.decode("utf-8-sig")), None
    length = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20:20 + length]), data[20 + length:]


def write_gltf(path, document, rest):
    text = json.dumps(document).encode()
    if rest is None:
        open(path, "wb").write(text)
        return
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + rest
    open(path, "wb").write(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)


def with_camera(source, target, matrix, aspect):
    """A copy of the file that has the camera and no lamps; what it refers to must lie beside the target."""
    document, rest = read_gltf(source)
    document.get("extensions", {}).pop("KHR_lights_punctual", None)
    for node in document.get("nodes", []):
        node.get("extensions", {}).pop("KHR_lights_punctual", None)
    for key in ("extensionsUsed", "extensionsRequired"):
        if key in document:
            document[key] = [e for e in document[key] if e != "KHR_lights_punctual"]
            if not document[key]:
                del document[key]
    camera = {"type": "perspective", "perspective": {"yfov": YFOV, "aspectRatio": aspect, "znear": 1e-4}}
    document.setdefault("cameras", []).append(camera)
    node = {"name": CAMERA, "camera": len(document["cameras"]) - 1, "matrix": matrix}
    document.setdefault("nodes", []).append(node)
    scenes = document.setdefault("scenes", [{"nodes": []}])
    scenes[document.get("scene", 0)].setdefault("nodes", []).append(len(document["nodes"]) - 1)
    write_gltf(target, document, rest)


def cycles(path, picture, options):
    """Imports and renders with Blender; gives the camera's matrix for glTF, column by column."""
    import bpy
    import mathutils
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=path)
    scene = bpy.context.scene
    for o in list(bpy.data.objects):
        if o.type == "LIGHT":
            bpy.data.objects.remove(o)
    # The importer turns seconds into frames and leaves the clock where it was: the start is frame 0.
    scene.frame_set(0)
    # The importer's absorption takes (1 - colour) / distance where glTF means -ln(colour) / distance.
    for m in bpy.data.materials:
        for n in m.node_tree.nodes if m.node_tree else ():
            if n.type == "VOLUME_ABSORPTION":
                color, density = list(n.inputs["Color"].default_value)[:3], n.inputs["Density"].default_value
                sigma = [-math.log(max(x, 1e-6)) * density for x in color]
                n.inputs["Density"].default_value = max(sigma)
                n.inputs["Color"].default_value = (*[1 - x / max(max(sigma), 1e-30) for x in sigma], 1)
    graph = bpy.context.evaluated_depsgraph_get()
    corners = []
    for instance in graph.object_instances:
        o = instance.object
        if o.type != "MESH" or not o.data.vertices or o.name.startswith("Icosphere"):
            continue
        positions = np.empty(3 * len(o.data.vertices), np.float32)
        o.data.vertices.foreach_get("co", positions)
        positions = positions.reshape(-1, 3)
        world = np.array(instance.matrix_world)
        corners.append(positions @ world[:3, :3].T + world[:3, 3])
    corners = np.concatenate(corners)
    corners = corners[np.isfinite(corners).all(1)]
    low, high = corners.min(0), corners.max(0)
    middle, radius = (low + high) / 2, max(np.linalg.norm(high - low) / 2, 1e-6)
    direction = mathutils.Vector((0.45, -1, 0.35)).normalized()
    place = mathutils.Vector(middle) + direction * (radius / math.sin(YFOV / 2))
    camera = bpy.data.cameras.new(CAMERA)
    camera.sensor_fit, camera.angle = "VERTICAL", YFOV
    camera.clip_start, camera.clip_end = radius * 1e-3, radius * 100
    eye = bpy.data.objects.new(CAMERA, camera)
    eye.matrix_world = mathutils.Matrix.Translation(place) @ direction.to_track_quat("Z", "Y").to_matrix().to_4x4()
    scene.collection.objects.link(eye)
    scene.camera = eye
    world = bpy.data.worlds.new("w")
    scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    background = tree.nodes.get("Background")
    panorama = tree.nodes.new("ShaderNodeTexEnvironment")
    panorama.image = bpy.data.images.load(os.path.abspath(options.hdri))
    tree.links.new(panorama.outputs[0], background.inputs[0])
    r, c = scene.render, scene.cycles
    r.engine, c.device, c.samples = "CYCLES", "CPU", options.spp
    r.resolution_x = r.resolution_y = options.size
    r.threads_mode, r.threads = "FIXED", 1
    c.use_adaptive_sampling = c.use_denoising = False
    c.max_bounces = c.diffuse_bounces = c.glossy_bounces = c.transmission_bounces = c.volume_bounces = 8
    c.transparent_max_bounces = 16
    c.sample_clamp_direct = c.sample_clamp_indirect = c.blur_glossy = 0
    c.pixel_filter_type, c.filter_width = "BLACKMAN_HARRIS", 1.5
    scene.view_settings.view_transform = "Standard"
    r.image_settings.file_format, r.image_settings.color_mode = "PNG", "RGB"
    r.filepath = picture
    bpy.ops.render.render(write_still=True)
    turned = mathutils.Matrix(((1, 0, 0, 0), (0, 0, 1, 0), (0, -1, 0, 0), (0, 0, 0, 1))) @ eye.matrix_world
    return [turned[row][column] for column in range(4) for row in range(4)]


def read_png(path):
    """An 8-bit RGB or RGBA picture."""
    data, at, packed = open(path, "rb").read(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", data[at + 8:at + 18])
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    assert depth == 8 and color in (2, 6), (path, depth, color)
    each = 3 if color == 2 else 4
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + each * width)
    picture = np.zeros((height, each * width), np.int32)
    for y in range(height):
        kind, line = rows[y, 0], rows[y, 1:].astype(np.int32)
        above = picture[y - 1] if y else np.zeros_like(line)
        if kind in (0, 2):
            picture[y] = (line + (above if kind == 2 else 0)) & 255
            continue
        for x in range(len(line)):
            a = picture[y, x - each] if x >= each else 0
            b, d = above[x], above[x - each] if x >= each else 0
            if kind == 1:
                guess = a
            elif kind == 3:
                guess = (a + b) // 2
            else:
                p, q, s = abs(b - d), abs(a - d), abs(a + b - 2 * d)
                guess = a if p <= q and p <= s else b if q <= s else d
            picture[y, x] = (line[x] + guess) & 255
    return picture.reshape(height, width, each)[:, :, :3].astype(np.uint8)


def write_png(path, picture):
    height, width, _ = picture.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)], 1)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes())) + chunk(b"IEND", b"")
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + body)


def beside(number, file, options):
    name = f"{number:02d}-" + os.path.splitext(os.path.basename(file))[0]
    folder = tempfile.mkdtemp()
    try:
        theirs, ours = f"{folder}/theirs.png", f"{folder}/ours.png"
        matrix = cycles(os.path.abspath(file), theirs, options)
        copy = f"{folder}/files/{os.path.basename(file)}"
        shutil.copytree(os.path.dirname(os.path.abspath(file)), f"{folder}/files")
        with_camera(file, copy, matrix, 1.0)
        said = subprocess.run(
            [options.tessera, "render", copy, "--camera", CAMERA, "--env", options.hdri, "--view", "standard", "--frames",
             "1", "--size", f"{options.size}x{options.size}", "--spp", str(options.spp), "--depth", "9", "--threads", "1",
             "-o", ours],
            capture_output=True, text=True)
        notes = [line for line in said.stderr.splitlines() if line.startswith(("note:", "error:", "hint:"))]
        if said.returncode:
            return name, None, notes
        a, b = read_png(ours), read_png(theirs)
        difference = np.abs(a.astype(np.int32) - b)
        gap = np.full((options.size, 4, 3), 128, np.uint8)
        shown = np.minimum(8 * difference, 255).astype(np.uint8)
        write_png(f"{options.out}/{name}.png", np.concatenate([a, gap, b, gap, shown], 1))
        return name, (a.mean(), b.mean(), difference.mean()), notes
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--out", required=True)
    parser.add_argument("--hdri", required=True)
    parser.add_argument("--tessera", default=".build/release/tessera")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--spp", type=int, default=64)
    parser.add_argument("--first", type=int, default=1, help="the number of the first file")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    with open(f"{options.out}/table.tsv", "a") as table:
        for i, file in enumerate(options.files):
            try:
                name, means, notes = beside(options.first + i, file, options)
            except RuntimeError as problem:
                name, means, notes = os.path.basename(file), None, [f"Blender: {problem}".splitlines()[0]]
            figures = "\t".join(f"{x:.2f}" for x in means) if means else "refused\t\t"
            table.write(f"{name}\t{figures}\t{' '.join(notes)}\n")
            table.flush()
            print(name, figures, *notes, sep="\t", file=sys.stderr)


main()

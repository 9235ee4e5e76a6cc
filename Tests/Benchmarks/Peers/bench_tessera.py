"""Renders a benchmark scene with `tessera render` and records times, memory, images.

Usage:
    taskset -c 0 python bench_tessera.py --scene s1_cornell --scenes DIR --out DIR --tessera .build/release/tessera \
        [--tag tessera] [--extra "--filter box"] --runs 0:4096,1:16,2:16,1:64

load   = reading and converting the file and the environment map (wall time of the import, one thread)
build  = blob of the frame, its check, and the BVH
render = processor seconds of the render threads (one thread); with `--extra --denoise` those of denoising and of writing
the file are added, and the picture is the denoised one (TESSERA_OIDN names Open Image Denoise's library)
The seed of a run is `--seed`; seed 0 is kept for the reference. Needs numpy and OpenEXR (PyPI).
"""
import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile

import numpy as np
import OpenEXR

import common

ap = argparse.ArgumentParser(add_help=False)
ap.add_argument("--tessera", required=True)
ap.add_argument("--extra", default="")
mine, rest = ap.parse_known_args()
sys.argv[1:] = rest
a = common.args("tessera")
hdr, strength = common.env_path(a)
w, h = common.RES
for seed, spp in a.runs:
    with tempfile.TemporaryDirectory() as d:
        exr = os.path.join(d, "o.exr")
        cmd = [mine.tessera, "render", a.glb, "--size", f"{w}x{h}", "--spp", str(spp), "--seed", str(seed), "--depth", str(common.DEPTH),
               "--threads", "1", "--json", "-q", "-o", exr, *shlex.split(mine.extra)]
        if a.scene == "s5_monster":
            cmd.append("--spheres-as-particles")
        if hdr:
            cmd += ["--env", hdr, "--env-strength", str(strength)]
        s = json.loads(subprocess.run(cmd, check=True, capture_output=True, text=True).stdout)
        image = OpenEXR.File(exr).channels()
        layer = "denoised" if "denoised" in image else "RGB"
        image = image[layer].pixels if layer in image else np.stack([image[c].pixels for c in "RGB"], 2)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if seed == a.runs[0][0] and spp == a.runs[0][1]:
        common.emit(a, {"phase": "load", "load_s": round(s["importSeconds"], 3), "build_s": round(s["buildSeconds"], 3), "base_mib": 0})
    t = s["renderCoreSeconds"] + (s["outputCoreSeconds"] if layer == "denoised" else 0)
    common.emit(a, {"phase": "render", "render_s": round(t, 4), "build_s": round(s["buildSeconds"], 4),
                    "ms": round(w * h * spp / t / 1e6, 4), "peak_mib": round(peak, 1)}, image[..., :3], spp, seed)

"""Compares what two renderers make of the same scene when all their samples are put together, and shows the difference.

Usage:  python compare.py --out DIR [--ours tessera] [--scenes s1_cornell,...]

For every scene and peer in OUT/img: both means, how far they are apart, the mean over blocks of 20 x 20 pixels of
|ours - theirs| / theirs (noise hardly counts there), and the 95th percentile of it.
Writes OUT/compare_<scene>_<peer>.png: ours, theirs, and where ours is lighter (red) or darker (blue), at four times the
difference. Needs numpy and Pillow.
"""
import argparse
import glob
import os

import numpy as np
from PIL import Image

BLOCK = 20

ap = argparse.ArgumentParser()
ap.add_argument("--out", required=True)
ap.add_argument("--ours", default="tessera")
ap.add_argument("--scenes", default="s1_cornell,s2_metal,s4_manylights,s5_monster,s6_water")
a = ap.parse_args()


def together(peer, scene):
    """The mean of all samples, and how many they are."""
    total, count = 0, 0
    for f in glob.glob(os.path.join(a.out, "img", f"{peer}_{scene}_*_*.npy")):
        n = int(f.rsplit("_", 2)[1])
        total, count = total + n * np.load(f).astype(np.float64), count + n
    return (total / count if count else None), count


def tone(x):
    return np.clip(x, 0, 1) ** (1 / 2.2)


print("| scene | peer | samples | mean, ours | mean, theirs | apart | blocks, mean | blocks, 95 % |")
print("|---|---|---|---|---|---|---|---|")
for scene in a.scenes.split(","):
    ours, n = together(a.ours, scene)
    for peer in ("mitsuba-llvm", "mitsuba-scalar", "cycles"):
        theirs, m = together(peer, scene)
        if ours is None or theirs is None:
            continue
        h, w = (s // BLOCK * BLOCK for s in ours.shape[:2])
        fold = lambda x: x[:h, :w].mean(2).reshape(h // BLOCK, BLOCK, w // BLOCK, BLOCK).mean((1, 3))
        x, y = fold(ours), fold(theirs)
        off = np.abs(x - y) / np.maximum(y, 1e-3)
        print(f"| {scene} | {peer} | {n} / {m} | {ours.mean():.4f} | {theirs.mean():.4f} | {100 * (ours.mean() / theirs.mean() - 1):+.2f} % | "
              f"{100 * off.mean():.2f} % | {100 * np.quantile(off, .95):.2f} % |")
        d = 4 * (tone(ours) - tone(theirs)).mean(2)
        sides = np.stack([np.clip(d, 0, 1), np.zeros_like(d), np.clip(-d, 0, 1)], 2)
        row = np.concatenate([tone(ours), tone(theirs), sides], 1)
        Image.fromarray((255 * row + .5).astype(np.uint8)).save(os.path.join(a.out, f"compare_{scene}_{peer}.png"))

// Frames as a strip of film whose tiles fill in. A tile's state is its shape as well as its colour:
// open is a dark cell, rendered once a small square, verified a full cell, disputed a cross.

import { element, setAttribute, setText } from "./parts.js";

const colors = {
  open: "#171c23", rendered: "#4b87a6", verifiedTop: [255, 204, 128], verifiedBottom: [240, 122, 58], flash: [255, 250, 240],
  disputed: "#e2405a", cross: "#ffffff",
};
const flashMilliseconds = 900;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 821px)");

/** A fixed number from -1 to 1 for each tile, so that verified tiles differ a little, as the stones of a mosaic do. */
function grain(index) {
  const mixed = Math.imul(index + 1, 0x9e3779b1) ^ (Math.imul(index + 1, 0x85ebca6b) >>> 13);
  return ((mixed >>> 8) & 0xffff) / 32768 - 1;
}

/** Frames that still flash; drawn again with each picture of the screen until they rest. */
const flashing = new Set();

function animate(now) {
  for (const film of flashing) if (!film.draw(now)) flashing.delete(film);
  if (flashing.size) requestAnimationFrame(animate);
}

/** One frame of a job. */
export class FilmFrame {
  constructor(job) {
    this.across = Math.max(1, Math.min(512, job.tilesAcross));
    this.down = Math.max(1, Math.min(512, job.tilesDown));
    // The picture's own proportions: the last row and column of tiles may be cut.
    this.lastColumn = Math.max(0.15, (job.width || this.across * 64) / 64 - (this.across - 1));
    this.lastRow = Math.max(0.15, (job.height || this.down * 64) / 64 - (this.down - 1));
    this.cell = Math.max(2, Math.min(40, Math.floor(720 / (this.across - 1 + this.lastColumn))));
    this.canvas = element("canvas", { role: "img" });
    this.canvas.width = Math.round((this.across - 1 + this.lastColumn) * this.cell);
    this.canvas.height = Math.round((this.down - 1 + this.lastRow) * this.cell);
    this.number = element("b");
    this.how = element("span", { class: "how" });
    this.element = element("figure", { class: "frame" }, this.canvas, element("figcaption", {}, this.number, this.how));
    this.tiles = "";
    this.flashes = new Map();
  }

  update(frame) {
    const count = this.across * this.down;
    const tiles = String(frame.tiles ?? "").padEnd(count, " ").slice(0, count);
    let verified = 0;
    let disputed = 0;
    for (const tile of tiles) {
      if (tile === "v") verified += 1;
      if (tile === "d") disputed += 1;
    }
    setText(this.number, String(frame.number));
    const how = frame.isFinal ? "✓ final" : disputed ? `× ${disputed} disputed` : `${verified} / ${count}`;
    setText(this.how, how);
    this.element.classList.toggle("final", Boolean(frame.isFinal));
    this.element.classList.toggle("disputed", disputed > 0);
    setAttribute(this.canvas, "aria-label",
      `Frame ${frame.number}: ${verified} of ${count} tiles verified` + (disputed ? `, ${disputed} disputed` : "") + (frame.isFinal ? ", final" : ""));
    if (tiles === this.tiles) return;
    if (this.tiles && !still.matches) {
      const now = performance.now();
      for (let i = 0; i < count; i += 1) {
        if (tiles[i] === "v" && this.tiles[i] !== "v") this.flashes.set(i, now);
      }
    }
    this.tiles = tiles;
    this.draw(performance.now());
    if (this.flashes.size && !flashing.has(this)) {
      flashing.add(this);
      if (flashing.size === 1) requestAnimationFrame(animate);
    }
  }

  /** Draws all tiles; whether some still flash. */
  draw(now) {
    const context = this.canvas.getContext("2d");
    if (!context) return false;
    const { cell, across, down } = this;
    const gap = cell >= 12 ? 2 : cell >= 5 ? 1 : 0;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (let row = 0; row < down; row += 1) {
      const height = (row === down - 1 ? this.lastRow : 1) * cell - gap;
      for (let column = 0; column < across; column += 1) {
        const width = (column === across - 1 ? this.lastColumn : 1) * cell - gap;
        const index = row * across + column;
        context.fillStyle = this.tiles[index] === "v" ? this.verifiedColor(index, row, now) : colors.open;
        this.drawTile(context, this.tiles[index], column * cell + gap / 2, row * cell + gap / 2, width, height);
      }
    }
    return this.flashes.size > 0;
  }

  /** Amber above, lava below; all of it bright, and brighter for a moment when it is new. */
  verifiedColor(index, row, now) {
    const glow = this.glow(index, now);
    const depth = this.down > 1 ? row / (this.down - 1) : 0.4;
    const light = 1 + 0.085 * grain(index);
    const mixed = colors.verifiedTop.map((top, i) => {
      const base = Math.min(255, (top + (colors.verifiedBottom[i] - top) * depth) * light);
      return Math.round(base + (colors.flash[i] - base) * glow);
    });
    return `rgb(${mixed.join(" ")})`;
  }

  glow(index, now) {
    const start = this.flashes.get(index);
    if (start === undefined) return 0;
    const left = 1 - (now - start) / flashMilliseconds;
    if (left <= 0) this.flashes.delete(index);
    return Math.max(0, Math.min(1, left));
  }

  /** Draws one tile; the context's fill is that of the whole cell. */
  drawTile(context, tile, x, y, width, height) {
    if (tile === "d") context.fillStyle = colors.disputed;
    context.fillRect(x, y, width, height);
    if (tile === "r") {
      context.fillStyle = colors.rendered;
      context.fillRect(x + width * 0.22, y + height * 0.22, width * 0.56, height * 0.56);
    } else if (tile === "d") {
      const inset = Math.min(width, height) * 0.25;
      context.strokeStyle = colors.cross;
      context.lineWidth = Math.max(1, Math.min(width, height) * 0.13);
      context.beginPath();
      context.moveTo(x + inset, y + inset);
      context.lineTo(x + width - inset, y + height - inset);
      context.moveTo(x + width - inset, y + inset);
      context.lineTo(x + inset, y + height - inset);
      context.stroke();
    }
  }
}

/** How large the frames of a job are shown: 1 for few large ones to 4 for many small ones. */
export function filmSize(frames, isDone) {
  if (isDone && frames > 1) return frames <= 8 ? "3" : "4";
  if (frames <= 2) return "1";
  if (frames <= (wide.matches ? 12 : 8)) return "2";
  return frames <= 48 ? "3" : "4";
}

/** A curve of the last minutes as SVG. */
export class Sparkline {
  constructor(tone, name) {
    const make = (tag, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      return made;
    };
    this.name = name;
    this.area = make("path", { class: "area" });
    this.line = make("path", { class: "line" });
    this.element = make("svg", { class: `spark ${tone}`, viewBox: "0 0 300 60", preserveAspectRatio: "none", role: "img" });
    this.element.append(make("path", { class: "base", d: "M0 59.5H300" }), this.area, this.line);
  }

  /** Draws `[time, value]` points of the last `seconds` seconds before `now`; a gap counts as nothing. */
  update(points, now, seconds) {
    const top = Math.max(1e-9, ...points.map((point) => point[1]));
    const x = (time) => 300 * (1 - (now - time) / seconds);
    const y = (value) => 58 - 54 * (value / top);
    const steps = [];
    let last = null;
    for (const [time, value] of points) {
      if (now - time > seconds) continue;
      if (last === null || time - last > 5) {
        if (last !== null) steps.push([x(last), 58]);
        steps.push([x(Math.max(now - seconds, time - 1)), 58]);
      }
      steps.push([x(time), y(value)]);
      last = time;
    }
    if (last !== null && now - last > 5) steps.push([x(last), 58], [300, 58]);
    const path = steps.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
    this.line.setAttribute("d", path || "M0 58H300");
    const first = steps[0];
    const end = steps[steps.length - 1];
    this.area.setAttribute("d", path ? `${path}L${end[0].toFixed(1)} 59L${first[0].toFixed(1)} 59Z` : "");
    setAttribute(this.element, "aria-label", `${this.name}, last ${Math.round(seconds)} seconds; at most ${top < 1e-6 ? 0 : top.toFixed(1)}`);
  }
}

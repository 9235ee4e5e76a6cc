// Follows the node's live events and keeps the page in step with them.

import { bytes, count, element, percent, rate, setAttribute, setText, shortPeer, syncList, time } from "./parts.js";
import { FilmFrame, Sparkline, filmSize } from "./film.js";

const at = (id) => document.getElementById(id);
const historySeconds = 300;
const historySecondsMin = 60;
let history = [];
let snapshot = null;

// MARK: This node

const nodeFacts = new Map();
const totals = new Map();

function fact(parent, parts, name, value, className = "") {
  let part = parts.get(name);
  if (!part) {
    part = element("dd");
    const label = element("dt", {}, name);
    if (parent === at("totals")) parent.append(element("div", {}, label, part));
    else parent.append(label, part);
    parts.set(name, part);
  }
  setText(part, value);
  if (parent === at("totals")) part.parentElement.className = className;
  return part;
}

function showNode(node) {
  const name = at("node-name");
  setText(name, shortPeer(node.peerID));
  setAttribute(name, "title", node.peerID);
  setText(at("grid"), node.grid);
  const state = node.isPaused ? "paused" : node.idleReason ? "idle" : "rendering";
  const words = { paused: "Paused", idle: `Idle: ${node.idleReason}`, rendering: "Rendering" }[state];
  setText(at("node-state"), words);
  setAttribute(at("node-state"), "data-state", state);
  document.title = `${state === "rendering" ? "▶ " : ""}Tessera · ${shortPeer(node.peerID)}`;
  const facts = at("node-facts");
  if (!nodeFacts.size) facts.replaceChildren();
  fact(facts, nodeFacts, "Render threads", count(node.threads));
  fact(facts, nodeFacts, "Core version", String(node.coreVersion).slice(0, 12)).title = node.coreVersion;
  fact(facts, nodeFacts, "Program", node.agent);
  fact(facts, nodeFacts, "Running for", time(node.uptimeSeconds));
  fact(facts, nodeFacts, "Listens on", node.listenAddresses.join("\n") || "nothing");
  if (node.reachability) fact(facts, nodeFacts, "Reachable", node.reachability.replace(/^reachable: /, ""));
  if (node.clockWarning || nodeFacts.has("Clock"))
    fact(facts, nodeFacts, "Clock", node.clockWarning || "agrees with its peers'").className = node.clockWarning ? "alarm" : "";
  const button = at("pause");
  if (button && !button.dataset.busy) {
    button.disabled = false;
    setText(button, node.isPaused ? "Resume" : "Pause");
  }
}

function showTotals(stats) {
  const list = at("totals");
  fact(list, totals, "units rendered here", count(stats.unitsRendered));
  fact(list, totals, "units verified", count(stats.unitsVerified));
  fact(list, totals, "proved wrong", count(stats.mismatches), stats.mismatches > 0 ? "alarm" : "");
  fact(list, totals, "weighted rays", count(stats.workCount));
  fact(list, totals, "processor time", time(stats.cpuSeconds));
  fact(list, totals, "received", bytes(stats.bytesIn));
  fact(list, totals, "sent", bytes(stats.bytesOut));
  fact(list, totals, "chunks stored", bytes(stats.chunkBytes));
}

// MARK: Throughput

class Pace {
  constructor(column, tone, unit) {
    this.column = column;
    this.rate = element("p", { class: "rate" }, "0");
    this.spark = new Sparkline(tone, unit);
    this.element = element("div", { class: "pace-item" }, this.rate, element("p", { class: "unit" }, unit), this.spark.element);
  }

  update(now) {
    const recent = history.filter((point) => now - point[0] <= 5);
    const mean = recent.reduce((sum, point) => sum + point[this.column], 0) / (recent.length || 1);
    setText(this.rate, rate(mean));
    const past = history.length ? now - history[0][0] : 0;
    const seconds = Math.max(historySecondsMin, Math.min(historySeconds, past));
    this.spark.update(history.map((point) => [point[0], point[this.column]]), now, seconds);
  }
}

const paces = [new Pace(1, "warm", "blocks a second rendered here"), new Pace(2, "cool", "units a second verified in shots led here")];
at("paces").replaceChildren(...paces.map((pace) => pace.element));

function showPace() {
  const last = history.length ? history[history.length - 1][0] : 0;
  const now = Math.max(last, Number(snapshot?.node.uptimeSeconds) || 0);
  for (const pace of paces) pace.update(now);
}

// MARK: Shots

class WorkerRow {
  constructor() {
    this.who = element("span", { class: "who" });
    this.fill = element("i");
    this.share = element("span", { class: "share" });
    this.doing = element("span", { class: "doing" });
    this.element = element("div", { class: "worker" }, this.who, element("div", { class: "meter", "aria-hidden": "true" }, this.fill), this.share, this.doing);
    this.key = null;
  }

  update({ worker, total, self, isRunning }) {
    if (this.key !== worker.peerID) {
      this.key = worker.peerID;
      this.who.replaceChildren(shortPeer(worker.peerID), ...(worker.peerID === self ? [element("small", {}, "this node")] : []));
      this.who.title = worker.peerID;
    }
    this.fill.style.width = `${total ? (100 * worker.verifiedUnits) / total : 0}%`;
    setText(this.share, percent(worker.verifiedUnits, total));
    const units = `${count(worker.verifiedUnits)} unit${worker.verifiedUnits === 1 ? "" : "s"}`;
    const doing = worker.isBurned ? "proved wrong, result refused" : !isRunning ? units
      : worker.heldUnits > 0 && worker.isActive ? `${units}, holds ${worker.heldUnits}` : worker.isActive ? `${units}, waiting` : `${units}, quiet`;
    setText(this.doing, doing);
    this.element.className = `worker${worker.isBurned ? " is-burned" : ""}${worker.isActive || !isRunning ? "" : " quiet"}`;
  }
}

class JobCard {
  constructor(job) {
    this.title = element("h3");
    this.badge = element("span", { class: "badge" });
    this.facts = element("p", { class: "job-facts" });
    this.rendered = element("i", { class: "r" });
    this.verified = element("i", { class: "v" });
    this.bar = element("div", { class: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, this.rendered, this.verified);
    this.line = element("p", { class: "job-line" });
    this.waiting = element("p", { class: "waiting" });
    this.burned = element("p", { class: "burned", role: "alert" });
    this.film = element("div", { class: "film" });
    this.more = element("p", { class: "more" });
    this.workers = element("div", { class: "worker-rows" });
    this.workersBox = element("div", { class: "workers" }, element("h4", {}, "Verified work by node"), this.workers);
    this.element = element("article", { class: "card job" },
      element("div", { class: "job-head" }, this.title, this.badge, this.facts),
      this.bar, this.line, this.waiting, this.burned, this.film, this.more, this.workersBox);
    this.frames = new Map();
    this.rows = new Map();
    this.words = [];
    this.burnedKey = "";
  }

  update(job) {
    setText(this.title, job.title || "untitled shot");
    setText(this.badge, job.phase);
    setAttribute(this.badge, "data-phase", job.phase);
    const role = job.role === "steward" ? "led by this node" : `led by ${shortPeer(job.steward)}`;
    setText(this.facts, `${job.width} × ${job.height}, ${count(job.samples)} samples, ${count(job.frameCount)} frame${job.frameCount === 1 ? "" : "s"}, ${role}, job ${job.id.slice(0, 8)}`);
    const total = job.unitsTotal || 0;
    this.rendered.style.width = `${total ? (100 * Math.max(job.unitsRendered, job.unitsVerified)) / total : 0}%`;
    this.verified.style.width = `${total ? (100 * job.unitsVerified) / total : 0}%`;
    setAttribute(this.bar, "aria-valuenow", String(total ? Math.floor((100 * job.unitsVerified) / total) : 0));
    setAttribute(this.bar, "aria-label", `${job.title}: ${count(job.unitsVerified)} of ${count(total)} units verified`);
    this.showLine(job, total);
    setText(this.waiting, job.waitingFor ? `Waiting: ${job.waitingFor}` : "");
    this.showBurned(job.burned);
    setAttribute(this.film, "data-size", filmSize(Math.min(job.frameCount, job.frames.length || job.frameCount), job.phase === "complete"));
    syncList(this.film, this.frames, job.frames, (frame) => frame.number, () => new FilmFrame(job));
    const hidden = job.frameCount - job.frames.length;
    setText(this.more, hidden > 0 && job.frames.length ? `${count(hidden)} more frames are not shown; ${count(job.finalFrames.length)} of ${count(job.frameCount)} are final.` : "");
    this.workersBox.hidden = !job.workers.length;
    const done = job.workers.reduce((sum, worker) => sum + worker.verifiedUnits, 0);
    syncList(this.workers, this.rows,
      job.workers.map((worker) => ({ worker, total: done, self: snapshot?.node.peerID, isRunning: job.phase === "running" })), (item) => item.worker.peerID, () => new WorkerRow());
  }

  showLine(job, total) {
    const active = job.workers.filter((worker) => worker.isActive).length;
    const words = [
      [percent(job.unitsVerified, total), " verified"],
      [count(job.finalFrames.length), ` of ${count(job.frameCount)} frames final`],
    ];
    if (job.phase === "running") {
      words.push([rate(job.unitsPerSecond), " units a second"]);
      if (job.secondsLeft !== undefined && job.secondsLeft !== null) words.push([time(job.secondsLeft), " left"]);
      words.push([count(active), ` node${active === 1 ? "" : "s"} at work`]);
    } else if (job.seconds > 0) {
      words.push([time(job.seconds), job.phase === "complete" ? " in all" : ""]);
    }
    const key = JSON.stringify(words);
    if (key === this.lineKey) return;
    this.lineKey = key;
    this.line.replaceChildren(...words.map(([strong, rest]) => element("span", {}, element("b", {}, strong), rest)));
  }

  showBurned(burned) {
    const key = burned.join(" ");
    if (key === this.burnedKey) return;
    this.burnedKey = key;
    if (!burned.length) return this.burned.replaceChildren();
    const names = burned.flatMap((id, i) => [i ? ", " : "", element("b", { title: id }, shortPeer(id))]);
    this.burned.replaceChildren(
      burned.length === 1 ? "✕ Node " : "✕ Nodes ", ...names,
      " signed a wrong result, proved by recomputing it. Nothing of that work is delivered; it is rendered anew.");
  }
}

const jobCards = new Map();
let noJobs = null;

function showJobs(jobs) {
  setText(at("jobs-count"), jobs.length ? String(jobs.length) : "");
  if (!jobs.length && !noJobs) {
    noJobs = element("p", { class: "card empty" }, "No shot yet. Hand one in: ", element("code", {}, "tessera submit shot.glb --frames 1-8 -o frames/"));
    at("jobs").append(noJobs);
  } else if (jobs.length && noJobs) {
    noJobs.remove();
    noJobs = null;
  }
  syncList(at("jobs"), jobCards, jobs, (job) => job.id, (job) => new JobCard(job));
}

// MARK: Peers

class PeerRow {
  constructor() {
    const cell = (className, label) => element("td", label ? { class: className, "data-label": label } : { class: className });
    this.name = element("b");
    this.id = cell("", "");
    this.id.append(this.name);
    this.round = cell("number", "round trip");
    this.agent = cell("", "");
    this.threads = cell("number", "threads");
    this.address = cell("wide", "");
    this.since = cell("wide", "");
    this.element = element("tr", {}, this.id, this.round, this.agent, this.threads, this.address, this.since);
  }

  update(peer) {
    setText(this.name, shortPeer(peer.peerID));
    setAttribute(this.name, "title", peer.peerID);
    setText(this.round, peer.roundTripMilliseconds === undefined || peer.roundTripMilliseconds === null ? "–" : `${rate(peer.roundTripMilliseconds)} ms`);
    setText(this.agent, peer.agent || "not yet introduced");
    setText(this.threads, peer.threads ? count(peer.threads) : "–");
    setText(this.address, peer.address);
    setText(this.since, `${peer.direction === "outbound" ? "dialed from here" : "dialed in"}, ${time(peer.connectedSeconds)}`);
  }
}

const peerRows = new Map();
const peerBody = element("tbody");
const peerTable = element("table", {},
  element("thead", {}, element("tr", {}, ...[["Peer"], ["Round trip", "number"], ["Program"], ["Threads", "number"], ["Address"], ["Connection"]]
    .map(([name, className]) => element("th", className ? { class: className, scope: "col" } : { scope: "col" }, name)))), peerBody);
const noPeers = element("p", { class: "empty" }, "No peer yet. Nodes on this network find each other within seconds; others are reached with ", element("code", {}, "--peer ADDRESS"), ".");

function showPeers(peers) {
  setText(at("peers-count"), peers.length ? String(peers.length) : "");
  const shown = peers.length ? peerTable : noPeers;
  if (at("peers").firstElementChild !== shown || at("peers").children.length > 1) at("peers").replaceChildren(shown);
  syncList(peerBody, peerRows, peers, (peer) => `${peer.peerID} ${peer.address}`, () => new PeerRow());
}

// MARK: Events

function show(next) {
  snapshot = next;
  showNode(next.node);
  showTotals(next.stats);
  showPace();
  showJobs(next.jobs);
  showPeers(next.peers);
}

function setLive(state, words) {
  setAttribute(at("live"), "data-state", state);
  setText(at("live-text"), words);
}

let lastHeard = 0;

function follow() {
  const events = new EventSource("/events");
  const heard = (use) => (event) => {
    lastHeard = Date.now();
    setLive("live", "live");
    use(JSON.parse(event.data));
  };
  events.addEventListener("history", heard((points) => { history = points; }));
  events.addEventListener("point", heard((point) => { history = [...history.slice(1 - historySeconds), point]; }));
  events.addEventListener("snapshot", heard(show));
  events.addEventListener("error", () => {
    setLive("lost", "node not reached");
    // A browser gives up for good when the server answers anything but events, such as that too many follow.
    if (events.readyState !== EventSource.CLOSED) return;
    pollOnce();
    setTimeout(follow, 5000);
  });
}

/** One look at the snapshot, for when live events cannot be had. */
async function pollOnce() {
  try {
    const answer = await fetch("/api/snapshot", { cache: "no-store" });
    if (!answer.ok) return;
    show(await answer.json());
    setLive("slow", "every few seconds");
  } catch {
    setLive("lost", "node not reached");
  }
}

// The server is never silent for longer than ten seconds.
setInterval(() => {
  if (lastHeard && Date.now() - lastHeard > 25000) setLive("lost", "node not reached");
}, 5000);

at("pause")?.addEventListener("click", async (event) => {
  const button = event.currentTarget;
  const path = snapshot?.node.isPaused ? "/api/resume" : "/api/pause";
  button.dataset.busy = "yes";
  button.disabled = true;
  try {
    const answer = await fetch(path, { method: "POST" });
    if (!answer.ok) setText(at("node-state"), `The node refused: ${await answer.text()}`);
    else await pollOnce();
  } catch {
    setLive("lost", "node not reached");
  } finally {
    delete button.dataset.busy;
    button.disabled = false;
    if (snapshot) showNode(snapshot.node);
  }
});

follow();

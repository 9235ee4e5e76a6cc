// Small things that the rest of the page is made of. Text from outside only ever becomes text nodes and attributes.

/** Makes an element with attributes and children; strings become text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Sets an element's text, if it is another one. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Sets an attribute, if it is another one. */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/**
 * Makes the children of `parent` those of a list, keeping the elements of keys that stay.
 * `make(item)` gives an object with an `element` and an `update(item)`.
 */
export function syncList(parent, parts, items, keyOf, make) {
  const seen = new Set();
  let place = 0;
  for (const item of items) {
    const key = keyOf(item);
    if (seen.has(key)) continue;
    seen.add(key);
    let part = parts.get(key);
    if (!part) parts.set(key, (part = make(item)));
    part.update(item);
    if (parent.children[place] !== part.element) parent.insertBefore(part.element, parent.children[place] ?? null);
    place += 1;
  }
  for (const [key, part] of parts) {
    if (seen.has(key)) continue;
    part.element.remove();
    parts.delete(key);
  }
}

/** The last eight characters of a peer id: the first ones are equal for all peers. */
export const shortPeer = (id) => String(id ?? "").slice(-8);

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A number of things. */
export function count(number) {
  const value = Number(number) || 0;
  return value < 100000 ? whole.format(value) : compact.format(value);
}

/** A rate with two or three digits. */
export function rate(number) {
  const value = Number(number) || 0;
  return value >= 100 ? whole.format(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A number of bytes. */
export function bytes(number) {
  let value = Number(number) || 0;
  for (const unit of ["B", "kB", "MB", "GB", "TB"]) {
    if (value < 1000 || unit === "TB") return `${value < 10 && unit !== "B" ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1000;
  }
  return "";
}

/** A time in seconds in its two largest parts. */
export function time(seconds) {
  const value = Math.max(0, Math.round(Number(seconds) || 0));
  if (value < 60) return `${value} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${value % 60} s`;
  if (value < 86400) return `${Math.floor(value / 3600)} h ${Math.floor((value % 3600) / 60)} min`;
  return `${Math.floor(value / 86400)} d ${Math.floor((value % 86400) / 3600)} h`;
}

/** A share of a whole in per cent, never 100 % before it is all. */
export function percent(part, total) {
  if (!total) return "0 %";
  const value = (100 * part) / total;
  return part < total && value > 99 ? "99 %" : `${value < 10 && value > 0 ? value.toFixed(1) : Math.round(value)} %`;
}

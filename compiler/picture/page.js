"use strict";
// The page's script. Its data, fleet, is what page.go writes: plans with boxes
// and lanes placed. Here they are drawn on a canvas of the window's size, so
// that a thousand apps cost no more than what is seen of them.
(() => {
const $ = (id) => document.getElementById(id);
addEventListener("error", (e) => { $("summary").textContent = "This page failed to draw: " + e.message; });
const fleet = JSON.parse($("fleet").textContent);
const view = $("view"), room = $("room"), canvas = $("canvas"), pen = canvas.getContext("2d");

// ---- Words and numbers

const bytes = (n) => {
  let unit = 0;
  while (n >= 1000 && unit < 5) { n /= 1000; unit++; }
  return Number(n.toPrecision(3)) + ["B", "kB", "MB", "GB", "TB", "PB"][unit];
};
const count = (n, what) => n.toLocaleString("en") + " " + what + (n === 1 ? "" : "s");
const pace = (rate) => rate <= 0 ? "never" : rate < 0.75 ? "less than yearly" : rate < 1.5 ? "yearly" : Math.round(rate) + " times a year";
const money = (n) => "$" + (n >= 100 ? Math.round(n).toLocaleString("en") : n.toFixed(2));

// make is an element with attributes, listeners (functions) and children.
function make(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes || {})) {
    if (typeof v === "function") e.addEventListener(k, v);
    else if (k === "style") e.style.cssText = v;
    else e.setAttribute(k, v);
  }
  e.append(...children.filter((c) => c !== null));
  return e;
}

// ---- The plan that is shown

let plan; // of fleet.plans, prepared
let shown = fleet.shown;

// prepare adds to a plan what is quick to find here: columns, ribbons, and
// which stacks have a layer.
function prepare(p) {
  if (p.ready) return p;
  p.ready = true;
  p.columnsOf = Array.from({ length: p.columns }, () => []);
  p.largest = 1;
  p.layers.forEach((l, n) => {
    l.n = n; l.stacks = []; l.images = 0;
    p.columnsOf[l.column].push(l);
    p.largest = Math.max(p.largest, l.size);
  });
  p.stackOf = [];
  p.stacks.forEach((s, n) => {
    s.n = n; s.height = s.apps.length;
    for (const l of s.layers) { p.layers[l].stacks.push(n); p.layers[l].images += s.apps.length; }
    s.apps.forEach((a, k) => { p.stackOf[a] = { stack: s, at: k }; p.largest = Math.max(p.largest, fleet.apps[a].size); });
  });
  p.holders = new Map(); // component → layers
  p.layers.forEach((l) => l.items.forEach((i) => p.holders.set(i, [...(p.holders.get(i) || []), l.n])));
  ribbons(p);
  return p;
}

// ribbons finds where lanes leave boxes and enter the next: in the order of
// where they go to and come from.
function ribbons(p) {
  const byEnds = new Map();
  p.ribbons = [];
  const join = (from, to, s) => {
    const key = from + " " + to;
    let r = byEnds.get(key);
    if (!r) {
      r = { from: p.layers[from], to: to < 0 ? null : p.layers[to], tail: to < 0 ? s : null, height: 0, lanes: [] };
      if (to >= 0) byEnds.set(key, r);
      p.ribbons.push(r);
    }
    r.lanes.push({ stack: s, at: r.height });
    r.height += s.height;
  };
  for (const s of p.stacks) {
    s.layers.forEach((l, k) => join(l, k + 1 < s.layers.length ? s.layers[k + 1] : -1, s));
  }
  const end = (r) => r.to || r.tail;
  const place = (list, box, side, other) => {
    list.sort((a, b) => other(a).top - other(b).top);
    let y = box.top;
    for (const r of list) { r[side] = y; y += r.height; }
  };
  for (const l of p.layers) {
    place(p.ribbons.filter((r) => r.from === l), l, "left", end);
    place(p.ribbons.filter((r) => r.to === l), l, "right", (r) => r.from);
  }
  for (const r of p.ribbons) if (r.tail) r.right = r.tail.top;
}

// ---- Where things are

const edge = { left: 14, top: 12, apps: 200 }; // apps: width of their column, by their names
let row = 20;    // height of a lane
let pitch = 120; // from one column to the next
let colours = {};

function measure() {
  pitch = Math.max(112, (view.clientWidth - edge.left - edge.apps - 8) / plan.columns);
  const width = Math.max(view.clientWidth, edge.left + plan.columns * pitch + edge.apps);
  const height = Math.max(view.clientHeight, 2 * edge.top + plan.height * row);
  room.style.width = width + "px";
  room.style.height = height + "px";
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(view.clientWidth * scale);
  canvas.height = Math.round(view.clientHeight * scale);
  canvas.style.width = view.clientWidth + "px";
  canvas.style.height = view.clientHeight + "px";
}
const fitting = () => (view.clientHeight - 2 * edge.top) / Math.max(1, plan.height);
// roomy is a height of lanes at which a small fleet is easy to read.
const roomy = () => Math.max(26, Math.min(80, 400 / fleet.apps.length));

// first is the height of lanes to begin with: all in the window, unless a little
// scrolling makes the names of all apps readable.
const first = () => fitting() < 14 && plan.height * 14 < 3 * view.clientHeight ? 14 : Math.min(roomy(), fitting());
const boxWidth = (size) => Math.max(4, 0.34 * pitch * size / plan.largest);
const x0 = (column) => edge.left + column * pitch;
const y0 = (top) => edge.top + top * row;

// appsX is where the apps' column begins: right of the layers, or at the window's
// right edge if that is further left, so that apps are always in sight.
const appsX = () => Math.min(x0(plan.columns), view.scrollLeft + view.clientWidth - edge.apps);

// at is what lies at a place of the room: a layer or an app.
function at(x, y) {
  const column = Math.floor((x - edge.left) / pitch);
  const lane = (y - edge.top) / row;
  const slack = 3 / row;
  if (column < 0) return null;
  if (x < appsX() - 4 && column < plan.columns) {
    const l = plan.columnsOf[column].find((l) => lane >= l.top - slack && lane <= l.top + l.height + slack);
    return l ? { kind: "layer", layer: l } : null;
  }
  const s = plan.stacks.find((s) => lane >= s.top - slack && lane <= s.top + s.height + slack);
  if (!s) return null;
  const k = Math.max(0, Math.min(s.apps.length - 1, Math.floor(lane - s.top)));
  return { kind: "app", app: s.apps[k] };
}

// ---- What is followed

let followed = null; // { kind: "layer", layer } | { kind: "app", app } | { kind: "item", item }
let hovered = null;
let cursor = null;   // where the keys are: a layer or an app

const same = (a, b) => a === b || (a && b && a.kind === b.kind && a.layer === b.layer && a.app === b.app && a.item === b.item);

// lit is what to show brightly: layers that are meant, those beneath the same
// images, and for each stack which of its apps.
function lit(what) {
  if (!what) return null;
  const out = { meant: new Set(), layers: new Set(), stacks: new Map() };
  const whole = (n) => {
    out.stacks.set(n, { from: 0, to: plan.stacks[n].apps.length });
    plan.stacks[n].layers.forEach((l) => out.layers.add(l));
  };
  if (what.kind === "app") {
    const { stack, at } = plan.stackOf[what.app];
    out.stacks.set(stack.n, { from: at, to: at + 1 });
    stack.layers.forEach((l) => { out.layers.add(l); out.meant.add(l); });
  }
  if (what.kind === "layer") { out.meant.add(what.layer.n); what.layer.stacks.forEach(whole); }
  if (what.kind === "item") {
    for (const l of plan.holders.get(what.item) || []) { out.meant.add(l); plan.layers[l].stacks.forEach(whole); }
  }
  return out;
}

// ---- Drawing

let asked = false;
function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; paint(); });
}

function paint() {
  const scale = window.devicePixelRatio || 1;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, view.clientWidth, view.clientHeight);
  pen.translate(-view.scrollLeft, -view.scrollTop);
  const light = lit(hovered || followed);
  const seen = { top: view.scrollTop, bottom: view.scrollTop + view.clientHeight };
  paintRibbons(light, seen);
  for (const l of plan.layers) paintLayer(l, light, seen);
  if (appsX() < x0(plan.columns)) {
    pen.fillStyle = colours.paper;
    pen.fillRect(appsX() - 1, seen.top, edge.apps + 1, view.clientHeight);
  }
  for (const s of plan.stacks) paintStack(s, light, seen);
  const one = hovered || followed;
  if (one && one.kind === "app" && row < 11) { // its name, though there is no room for all
    const b = box(one), name = fleet.apps[one.app].name;
    const y = Math.max(seen.top + 8, Math.min(seen.bottom - 8, b.y + b.h / 2));
    pen.fillStyle = colours.paper;
    pen.fillRect(b.x + 6, y - 9, edge.apps - 6, 18);
    text(name, b.x + 9, y + 4, edge.apps - 16, colours.ink);
  }
  if (cursor && document.activeElement === canvas) {
    const b = box(cursor);
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 2;
    pen.strokeRect(b.x - 3, b.y - 3, b.w + 6, b.h + 6);
  }
}

// band draws a ribbon's part between two heights.
function band(x1, y1, x2, y2, h) {
  const bend = Math.min(36, (x2 - x1) / 2), mid = x2 - 2 * bend;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(mid, y1);
  pen.bezierCurveTo(x2 - bend, y1, x2 - bend, y2, x2, y2);
  pen.lineTo(x2, y2 + h);
  pen.bezierCurveTo(x2 - bend, y2 + h, x2 - bend, y1 + h, mid, y1 + h);
  pen.lineTo(x1, y1 + h);
  pen.fill();
}

function paintRibbons(light, seen) {
  for (const r of plan.ribbons) {
    const x1 = x0(r.from.column) + boxWidth(r.from.size);
    const x2 = r.to ? x0(r.to.column) : appsX();
    if (x2 < x1) continue;
    const y1 = y0(r.left), y2 = y0(r.right), h = r.height * row;
    if (Math.max(y1, y2) + h < seen.top || Math.min(y1, y2) > seen.bottom) continue;
    pen.fillStyle = colours.ribbon;
    pen.globalAlpha = light ? 0.09 : 0.2;
    band(x1, y1, x2, y2, h);
    if (!light) continue;
    pen.fillStyle = colours.glow;
    pen.globalAlpha = (hovered || followed).kind === "app" ? 0.7 : 0.28;
    for (let k = 0; k < r.lanes.length; k++) {
      const part = light.stacks.get(r.lanes[k].stack.n);
      if (!part) continue;
      // Neighbours are one band.
      const from = r.lanes[k].at + part.from;
      let to = r.lanes[k].at + part.to;
      while (k + 1 < r.lanes.length && light.stacks.has(r.lanes[k + 1].stack.n) && r.lanes[k + 1].at === to) {
        k++;
        to = r.lanes[k].at + light.stacks.get(r.lanes[k].stack.n).to;
      }
      band(x1, y1 + from * row, x2, y2 + from * row, Math.max(1.5, (to - from) * row));
    }
  }
  pen.globalAlpha = 1;
}

function paintLayer(l, light, seen) {
  const x = x0(l.column), y = y0(l.top), h = Math.max(1, l.height * row), w = boxWidth(l.size);
  if (y + h < seen.top || y > seen.bottom) return;
  pen.globalAlpha = !light || light.meant.has(l.n) ? 1 : light.layers.has(l.n) ? 0.55 : 0.16;
  pen.fillStyle = l.colour;
  pen.beginPath();
  pen.roundRect(x, y, w, h, Math.min(2, h / 2));
  pen.fill();
  if (l.height * row >= 11) {
    // The label stays in sight while its box is.
    const top = Math.max(y, seen.top), bottom = Math.min(y + h, seen.bottom);
    pen.globalAlpha = Math.max(0.3, pen.globalAlpha);
    label(x + w + 5, top, bottom - top, pitch - w - 12, l.title, bytes(l.size));
  }
  pen.globalAlpha = 1;
}

function paintStack(s, light, seen) {
  const x = appsX(), y = y0(s.top), h = s.height * row;
  if (y + h < seen.top || y > seen.bottom) return;
  const part = light && light.stacks.get(s.n);
  const each = row >= 2.5;
  for (let k = 0; k < s.apps.length; k++) {
    const a = fleet.apps[s.apps[k]];
    const bright = !light || (part && k >= part.from && k < part.to);
    if (y + (k + 1) * row < seen.top || y + k * row > seen.bottom) continue;
    pen.globalAlpha = bright ? 1 : 0.16;
    pen.fillStyle = a.colour || colours.edge;
    pen.fillRect(x, y + k * row, boxWidth(a.size), each ? row - 1 : row);
    if (row >= 11) {
      pen.globalAlpha = bright ? 1 : 0.3;
      text(fleet.apps[s.apps[k]].name, x + boxWidth(a.size) + 5, y + (k + 0.5) * row + 4, edge.apps - boxWidth(a.size) - 14, colours.ink);
    }
  }
  if (row < 11 && h >= 11) {
    pen.globalAlpha = !light || part ? 1 : 0.3;
    const top = Math.max(y, seen.top), bottom = Math.min(y + h, seen.bottom);
    label(x + 9, top, bottom - top, edge.apps - 24, fleet.apps[s.apps[0]].name, s.apps.length > 1 ? "and " + (s.apps.length - 1) + " more" : "");
  }
  pen.globalAlpha = 1;
}

// label writes a title over as many lines as there is room for, and beneath it
// what is fainter, in the middle of a height.
function label(x, y, h, width, title, faint) {
  const most = Math.max(1, Math.floor(h / 15) - (faint && h >= 30 ? 1 : 0));
  const lines = h >= 30 ? wrap(title, width, Math.min(4, most)) : [title];
  const under = faint && h >= 30;
  let top = y + h / 2 - (lines.length + (under ? 1 : 0)) * 7.5 + 11;
  for (const line of lines) { text(line, x, top, width, colours.ink); top += 15; }
  if (under) text(faint, x, top, width, colours.faint);
  else if (faint && h < 30) {
    const used = pen.measureText(title).width + 6;
    if (used + pen.measureText(faint).width < width) text(faint, x + used, top - 15, width, colours.faint);
  }
}

function text(s, x, y, width, colour) {
  pen.font = font;
  pen.fillStyle = colour;
  pen.fillText(cut(s, width), x, y);
}

const font = "12px system-ui, -apple-system, 'Segoe UI', sans-serif";
const cuts = new Map();

// cut is what of a text fits into a width.
function cut(s, width) {
  const key = Math.round(width) + s;
  let c = cuts.get(key);
  if (c !== undefined) return c;
  pen.font = font;
  c = s;
  if (pen.measureText(s).width > width) {
    let low = 0, high = s.length;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (pen.measureText(s.slice(0, mid) + "…").width <= width) low = mid; else high = mid - 1;
    }
    c = low > 1 ? s.slice(0, low).trimEnd() + "…" : "";
  }
  if (cuts.size > 20000) cuts.clear();
  cuts.set(key, c);
  return c;
}

// wrap breaks a text at spaces into so many lines at most; the last one takes
// the rest.
function wrap(s, width, most) {
  pen.font = font;
  const lines = [""];
  for (const word of s.replaceAll(" + ", " +\u00a0").split(" ")) {
    const line = lines[lines.length - 1];
    const longer = line ? line + " " + word : word;
    if (line && lines.length < most && pen.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

// box is where a layer or an app is drawn.
function box(what) {
  if (what.kind === "layer") {
    const l = what.layer;
    return { x: x0(l.column), y: y0(l.top), w: boxWidth(l.size), h: Math.max(1, l.height * row) };
  }
  const { stack, at } = plan.stackOf[what.app];
  return { x: appsX(), y: y0(stack.top + at), w: boxWidth(fleet.apps[what.app].size), h: Math.max(1, row) };
}

// ---- Details

const nameOf = (what) => what.kind === "app" ? fleet.apps[what.app].name : what.kind === "layer" ? what.layer.title : fleet.items[what.item].title;

function describe(what) {
  if (what.kind === "app") {
    const a = fleet.apps[what.app], s = plan.stackOf[what.app].stack;
    return ["app", count(s.layers.length + (a.colour ? 1 : 0), "layer"), bytes(s.layers.reduce((sum, l) => sum + plan.layers[l].size, a.size))].join(", ");
  }
  if (what.kind === "layer") {
    const l = what.layer;
    return [l.kind, bytes(l.size), "changes " + pace(l.rate), count(l.images, "image")].join(", ");
  }
  return "component in " + count((plan.holders.get(what.item) || []).length, "layer");
}

// rows is a list of buttons: [what, colour, text, note]; of a long one the first
// ones, and a button for the rest.
function rows(list, most = 30) {
  const ul = make("ul");
  const one = ([what, colour, title, note]) => make("li", null,
    make("button", { type: "button", click: () => follow(what, true) },
      colour ? make("i", { style: "background:" + colour }) : null, make("span", null, title), make("small", null, note || "")));
  ul.append(...list.slice(0, most).map(one));
  if (list.length <= most) return [ul];
  const more = make("button", { type: "button", class: "more", click: () => {
    ul.append(...list.slice(most).map(one));
    more.remove();
    ul.children[most].firstChild.focus();
  } }, "Show all " + list.length.toLocaleString("en"));
  return [ul, more];
}

const facts = (...pairs) => make("dl", null, ...pairs.flatMap(([k, v]) => [make("dt", null, k), make("dd", null, v)]));
const layerRow = (l) => [{ kind: "layer", layer: l }, l.colour, l.title, bytes(l.size)];
const appRow = (a) => [{ kind: "app", app: a }, fleet.apps[a].colour, fleet.apps[a].name, fleet.apps[a].colour ? bytes(fleet.apps[a].size) : ""];
const itemRow = (i) => [{ kind: "item", item: i }, null, fleet.items[i].title, ""];

// appsOf are the apps of some layers, by name.
function appsOf(layers) {
  const stacks = new Set(layers.flatMap((l) => plan.layers[l].stacks));
  return [...stacks].flatMap((n) => plan.stacks[n].apps).sort((a, b) => a - b);
}

// moved is what hosts pull of a layer in a year, about.
const moved = (l) => l.size * l.replicas * l.rate;

function details() {
  const aside = $("details");
  const scrolled = aside.scrollTop;
  aside.replaceChildren();
  const what = followed;
  const section = (title, list) => { if (list.length) aside.append(make("h3", null, title), ...rows(list)); };
  if (!what) {
    aside.append(make("h2", null, "The fleet"));
    const sum = plan.layers.reduce((n, l) => n + l.size, 0) + fleet.apps.reduce((n, a) => n + a.size, 0);
    const alone = plan.layers.reduce((n, l) => n + l.size * l.images, 0) + fleet.apps.reduce((n, a) => n + a.size, 0);
    aside.append(facts(["Images", fleet.apps.length.toLocaleString("en")], ["Shared layers", plan.layers.length.toLocaleString("en")],
      ["Stored", bytes(sum)], ["Each image alone", bytes(alone)], ["Platform", fleet.platform]));
    const heavy = [...plan.layers].sort((a, b) => moved(b) - moved(a)).slice(0, 10);
    section("Layers that hosts pull most of in a year", heavy.map((l) => [{ kind: "layer", layer: l }, l.colour, l.title, bytes(moved(l))]));
    return;
  }
  aside.append(make("h2", null, nameOf(what)));
  if (what.kind === "layer") {
    const l = what.layer;
    aside.append(facts(["Kind", l.kind], ["Size", bytes(l.size)], ["Changes", pace(l.rate)], ["Images", l.images.toLocaleString("en")],
      ["Containers", l.replicas.toLocaleString("en")], ["Pulled a year", "about " + bytes(moved(l))], ["ID", l.id]));
    section("Holds", l.items.map(itemRow));
    section("Its content depends on", l.on.map((n) => layerRow(plan.layers[n])));
    section("In the images of", appsOf([l.n]).map(appRow));
  } else if (what.kind === "app") {
    const a = fleet.apps[what.app], s = plan.stackOf[what.app].stack;
    const total = s.layers.reduce((n, l) => n + plan.layers[l].size, a.size);
    aside.append(facts(["Image", bytes(total)], ["Layers", s.layers.length + (a.colour ? 1 : 0)], ["Containers", a.replicas.toLocaleString("en")]));
    const list = s.layers.map((l) => layerRow(plan.layers[l])).reverse();
    if (a.colour) list.unshift([{ kind: "app", app: what.app }, a.colour, "its own layer", bytes(a.size)]);
    section("From top to bottom", list);
    section("Images with the same layers", s.apps.filter((b) => b !== what.app).map(appRow));
  } else {
    const layers = plan.holders.get(what.item) || [];
    const apps = appsOf(layers);
    aside.append(facts(["Name", fleet.items[what.item].id], ["Layers", layers.length], ["Images", apps.length.toLocaleString("en")]));
    section("In the layers", layers.map((n) => layerRow(plan.layers[n])));
    section("In the images of", apps.map(appRow));
  }
  aside.append(make("button", { type: "button", class: "more", click: () => follow(null) }, "Let go"));
  aside.scrollTop = same(what, details.last) ? scrolled : 0;
  details.last = what;
}

// ---- Following, and the address

function follow(what, show) {
  followed = what;
  hovered = null;
  if (what && what.kind !== "item") cursor = what;
  $("tip").hidden = true;
  details();
  if (what) say(nameOf(what) + ": " + describe(what));
  if (show && what) reveal(what.kind === "item" ? { kind: "layer", layer: plan.layers[(plan.holders.get(what.item) || [0])[0]] } : what);
  remember();
  draw();
}

const say = (s) => { $("said").textContent = s; };

// reveal scrolls to a layer or an app.
function reveal(what) {
  const b = box(what);
  const apart = (from, size, start, length) => from < start ? from - 40 : from + Math.min(size, length - 80) > start + length ? from + Math.min(size, length - 80) - length + 40 : start;
  const left = what.kind === "app" ? view.scrollLeft : apart(b.x, Math.min(pitch, b.w + 120), view.scrollLeft, view.clientWidth - edge.apps);
  view.scrollTo({ left, top: apart(b.y, b.h, view.scrollTop, view.clientHeight) });
}

// remember writes what is shown into the address, so that it can be sent to
// someone; recall reads it.
function remember() {
  const parts = [];
  if (followed) {
    const id = followed.kind === "app" ? fleet.apps[followed.app].name : followed.kind === "layer" ? followed.layer.id : fleet.items[followed.item].id;
    parts.push({ app: "app", layer: "layer", item: "component" }[followed.kind] + "=" + encodeURIComponent(id));
  }
  if (shown !== fleet.shown) parts.push("layers=" + encodeURIComponent(fleet.plans[shown].name));
  history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search);
}

function recall() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const n = fleet.plans.findIndex((p) => p.name === asked.get("layers"));
  choose(n >= 0 ? n : fleet.shown);
  const find = (list, key, id) => list.findIndex((x) => x[key] === id);
  const app = find(fleet.apps, "name", asked.get("app")), item = find(fleet.items, "id", asked.get("component"));
  const layer = find(plan.layers, "id", asked.get("layer"));
  if (app >= 0) follow({ kind: "app", app }, true);
  else if (item >= 0) follow({ kind: "item", item }, true);
  else if (layer >= 0) follow({ kind: "layer", layer: plan.layers[layer] }, true);
}

// ---- Another limit of layers

function choose(n) {
  const filled = row <= fitting() * 1.01;
  shown = n;
  plan = prepare(fleet.plans[n]);
  $("limit").value = n;
  $("limit").setAttribute("aria-valuetext", plan.name + ", " + money(plan.store + plan.pull + plan.build) + " a year");
  $("chosen").textContent = plan.name;
  const total = plan.store + plan.pull + plan.build;
  $("cost").textContent = money(total) + " a year: " + money(plan.store) + " stored, " + money(plan.pull) + " pulled, " + money(plan.build) + " built; no plan under " + money(plan.bound);
  $("summary").textContent = count(fleet.apps.length, "image") + " on " + count(plan.layers.length, "shared layer") + ", " + fleet.platform;
  if (followed && followed.kind === "layer") { // the same layer of this plan, if there is one
    const l = plan.layers.find((l) => l.id === followed.layer.id);
    followed = l ? { kind: "layer", layer: l } : null;
  }
  hovered = cursor = null;
  measure();
  if (filled) { row = Math.min(roomy(), fitting()); measure(); }
  curve();
  details();
  draw();
}

// curve draws what plans cost by their limit, and what none can cost less than.
// A plan whose apps have several limits is a point beside it.
function curve() {
  const plans = fleet.plans, last = Math.max(1, plans.length - 1);
  const cost = (p) => p.store + p.pull + p.build;
  const most = Math.max(...plans.map(cost)), least = Math.min(...plans.map((p) => p.bound));
  const width = 400, height = 52, inset = 8;
  const x = (n) => inset + n * (width - 2 * inset) / last;
  const y = (v) => height - 8 - (height - 16) * (v - least) / (most - least || 1);
  const from = Number(plans[0].name) ? 0 : 1;
  const path = (f) => plans.slice(from).map((p, n) => (n ? "L" : "M") + x(n + from).toFixed(1) + " " + y(f(p)).toFixed(1)).join("");
  const dot = (n) => `<circle class="${n === shown ? "here" : "dot"}" cx="${x(n).toFixed(1)}" cy="${y(cost(plans[n])).toFixed(1)}" r="${n === shown ? 4.5 : 2}"/>`;
  $("curve").innerHTML = `<svg viewBox="0 0 ${width} ${height}"><path class="bound" d="${path((p) => p.bound)}"/><path class="cost" d="${path(cost)}"/>${plans.map((_, n) => dot(n)).join("")}</svg>`;
}

// ---- Zoom

function zoom(to, around = view.clientHeight / 2) {
  const lane = (view.scrollTop + around - edge.top) / row;
  row = Math.max(Math.min(fitting(), roomy()), Math.min(120, to));
  measure();
  view.scrollTop = lane * row + edge.top - around;
  draw();
}

// ---- Search

const found = $("found"), box0 = $("search");
let matches = [], chosenMatch = -1;

function search() {
  const words = box0.value.toLowerCase().split(/\s+/).filter(Boolean);
  matches = [];
  if (words.length) {
    const hit = (s) => words.every((w) => s.toLowerCase().includes(w));
    const score = (s) => (s.toLowerCase().startsWith(words[0]) ? 0 : 1) * 1000 + s.length;
    const apps = fleet.apps.flatMap((a, app) => hit(a.name) ? [{ kind: "app", app, name: a.name, note: "app" }] : []);
    const items = fleet.items.flatMap((i, item) => plan.holders.has(item) && hit(i.title + " " + i.id) ? [{ kind: "item", item, name: i.title, note: "component" }] : []);
    matches = [...items, ...apps].sort((a, b) => score(a.name) - score(b.name));
  }
  const all = matches.length;
  matches = matches.slice(0, 50);
  chosenMatch = matches.length ? 0 : -1;
  found.replaceChildren(...matches.map((m, n) => make("li", { role: "option", id: "match" + n, "aria-selected": n === 0 ? "true" : "false", pointerdown: (e) => { e.preventDefault(); take(n); } },
    m.name, make("small", null, m.note))));
  if (words.length && !all) found.append(make("li", { class: "nothing", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Nothing is called so"));
  if (all > 50) found.append(make("li", { class: "nothing", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "and " + (all - 50) + " more"));
  found.hidden = !words.length;
  box0.setAttribute("aria-expanded", String(!found.hidden));
  point(chosenMatch);
}

function point(n) {
  if (found.children[chosenMatch]) found.children[chosenMatch].setAttribute("aria-selected", "false");
  chosenMatch = n;
  if (n < 0) { box0.removeAttribute("aria-activedescendant"); return; }
  found.children[n].setAttribute("aria-selected", "true");
  found.children[n].scrollIntoView({ block: "nearest" });
  box0.setAttribute("aria-activedescendant", "match" + n);
}

function take(n) {
  const m = matches[n];
  if (!m) return;
  box0.value = m.name;
  closeSearch();
  follow(m.kind === "app" ? { kind: "app", app: m.app } : { kind: "item", item: m.item }, true);
}

function closeSearch() {
  found.hidden = true;
  box0.setAttribute("aria-expanded", "false");
  box0.removeAttribute("aria-activedescendant");
}

box0.addEventListener("input", search);
box0.addEventListener("blur", closeSearch);
box0.addEventListener("keydown", (e) => {
  if (e.key === "ArrowDown" || e.key === "ArrowUp") {
    if (found.hidden) search();
    if (matches.length) point((chosenMatch + (e.key === "ArrowDown" ? 1 : matches.length - 1)) % matches.length);
    e.preventDefault();
  } else if (e.key === "Enter") take(chosenMatch);
  else if (e.key === "Escape") { if (found.hidden) { box0.value = ""; follow(null); } closeSearch(); }
});

// ---- Pointer and keys

const place = (e) => { const r = canvas.getBoundingClientRect(); return [e.clientX - r.left + view.scrollLeft, e.clientY - r.top + view.scrollTop]; };

canvas.addEventListener("pointermove", (e) => {
  const what = at(...place(e));
  canvas.style.cursor = what ? "pointer" : "default";
  const tip = $("tip");
  tip.hidden = !what;
  if (what) {
    tip.replaceChildren(make("b", null, nameOf(what)), describe(what));
    const left = e.clientX + 16 + tip.offsetWidth > innerWidth ? e.clientX - tip.offsetWidth - 12 : e.clientX + 16;
    const top = Math.min(e.clientY + 16, innerHeight - tip.offsetHeight - 8);
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = top + "px";
  }
  if (!same(what, hovered)) { hovered = what; draw(); }
});
canvas.addEventListener("pointerleave", () => { hovered = null; $("tip").hidden = true; draw(); });
canvas.addEventListener("click", (e) => {
  const what = at(...place(e));
  follow(same(what, followed) ? null : what);
});
view.addEventListener("wheel", (e) => {
  if (!e.ctrlKey) return;
  e.preventDefault();
  zoom(row * Math.exp(-e.deltaY / 300), e.clientY - view.getBoundingClientRect().top);
}, { passive: false });
view.addEventListener("scroll", () => { $("tip").hidden = true; draw(); });

// next is where a key leads from a layer or an app.
function next(from, key) {
  const layer = (l) => ({ kind: "layer", layer: l });
  const app = (a) => ({ kind: "app", app: a });
  if (!from) return plan.layers.length ? layer(plan.layers[0]) : app(plan.stacks[0].apps[0]);
  const along = key === "ArrowLeft" || key === "ArrowRight";
  if (from.kind === "layer") {
    const column = plan.columnsOf[from.layer.column], n = column.indexOf(from.layer);
    if (!along) {
      const to = { ArrowUp: n - 1, ArrowDown: n + 1, Home: 0, End: column.length - 1 }[key];
      return column[to] ? layer(column[to]) : from;
    }
    const s = followed && followed.kind === "app" && from.layer.stacks.includes(plan.stackOf[followed.app].stack.n) ? plan.stackOf[followed.app].stack : plan.stacks[from.layer.stacks[0]];
    const k = s.layers.indexOf(from.layer.n) + (key === "ArrowRight" ? 1 : -1);
    if (k < 0) return from;
    return k < s.layers.length ? layer(plan.layers[s.layers[k]]) : app(followed && followed.kind === "app" && s.apps.includes(followed.app) ? followed.app : s.apps[0]);
  }
  const { stack, at } = plan.stackOf[from.app];
  if (key === "ArrowRight") return from;
  if (key === "ArrowLeft") return stack.layers.length ? layer(plan.layers[stack.layers[stack.layers.length - 1]]) : from;
  const order = plan.stacks.flatMap((s) => s.apps), n = order.indexOf(from.app);
  const to = { ArrowUp: n - 1, ArrowDown: n + 1, Home: 0, End: order.length - 1 }[key];
  return order[to] === undefined ? from : app(order[to]);
}

// cursorY is how far down the window the cursor is, where zooming keeps it.
function cursorY() {
  if (!cursor) return undefined;
  const b = box(cursor);
  return Math.max(0, Math.min(view.clientHeight, b.y + b.h / 2 - view.scrollTop));
}

canvas.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"].includes(e.key)) {
    cursor = next(cursor, e.key);
    say(nameOf(cursor) + ": " + describe(cursor));
    reveal(cursor);
  } else if (e.key === "Enter" || e.key === " ") follow(same(cursor, followed) ? null : cursor, true);
  else if (e.key === "+" || e.key === "=") zoom(row * 1.4, cursorY());
  else if (e.key === "-") zoom(row / 1.4, cursorY());
  else if (e.key === "0") zoom(0);
  else return;
  e.preventDefault();
  draw();
});
canvas.addEventListener("focus", () => { if (!cursor) cursor = next(null); draw(); });
canvas.addEventListener("blur", draw);
document.addEventListener("keydown", (e) => {
  if (e.target === box0) return;
  if (e.key === "/") { e.preventDefault(); box0.focus(); box0.select(); }
  else if (e.key === "Escape" && followed) follow(null);
});

$("in").addEventListener("click", () => zoom(row * 1.4));
$("out").addEventListener("click", () => zoom(row / 1.4));
$("fit").addEventListener("click", () => zoom(0));
$("limit").addEventListener("input", () => { choose(+$("limit").value); remember(); });
window.addEventListener("hashchange", recall);
new ResizeObserver(() => requestAnimationFrame(() => {
  measure();
  if (row < fitting() && row < roomy()) zoom(0);
  draw();
})).observe(view);

// ---- Light and dark

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
function tint() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "faint", "edge", "ribbon", "accent", "glow", "paper"]) colours[name] = style.getPropertyValue("--" + name).trim();
  $("theme").textContent = isDark() ? "Light" : "Dark";
  $("theme").setAttribute("aria-label", "Use " + (isDark() ? "light" : "dark") + " colours");
  if (plan) draw();
}
$("theme").addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; tint(); });
dark.addEventListener("change", tint);

// ---- Start

$("legend").append("Width: bytes. Height: images. Colour: changes a year", ...fleet.scale.flatMap((s) => [make("i", { style: "background:" + s.colour }), String(s.rate)]));
$("limit").max = fleet.plans.length - 1;
$("limits").hidden = fleet.plans.length < 2;
tint();
pen.font = font;
edge.apps = Math.min(view.clientWidth / 3, Math.max(150, 60 + Math.max(...fleet.apps.map((a) => pen.measureText(a.name).width))));
plan = prepare(fleet.plans[shown]);
row = first();
recall();
})();

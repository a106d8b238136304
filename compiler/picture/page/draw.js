// What is followed, and drawing.

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
  pen.globalAlpha = 1;
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

// span is where a ribbon is drawn; null if it is out of sight.
function span(r, seen) {
  const x1 = x0(r.from.column) + boxWidth(r.from.size), x2 = r.to ? x0(r.to.column) : appsX();
  const y1 = y0(r.left), y2 = y0(r.right), h = r.height * row;
  return x2 < x1 || Math.max(y1, y2) + h < seen.top || Math.min(y1, y2) > seen.bottom ? null : { x1, x2, y1, y2, h };
}

// All ribbons are drawn once for each place to look at, and kept as a picture,
// so that following something only draws what is lit.
const kept = document.createElement("canvas");
let keptFor = "";

function keep(seen) {
  const key = [shown, row, pitch, view.scrollLeft, view.scrollTop, canvas.width, canvas.height, colours.ribbon].join(" ");
  if (key === keptFor) return;
  keptFor = key;
  kept.width = canvas.width;
  kept.height = canvas.height;
  const front = pen;
  pen = kept.getContext("2d");
  pen.setTransform(front.getTransform());
  pen.fillStyle = colours.ribbon;
  pen.globalAlpha = 0.2;
  for (const r of plan.ribbons) {
    const s = span(r, seen);
    if (s) band(s.x1, s.y1, s.x2, s.y2, s.h);
  }
  pen = front;
}

function paintRibbons(light, seen) {
  keep(seen);
  pen.globalAlpha = light ? 0.45 : 1;
  pen.drawImage(kept, view.scrollLeft, view.scrollTop, view.clientWidth, view.clientHeight);
  if (!light) return;
  pen.fillStyle = colours.accent;
  pen.globalAlpha = (hovered || followed).kind === "app" ? 0.7 : 0.28;
  for (const r of plan.ribbons) {
    const s = span(r, seen);
    if (!s) continue;
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
      band(s.x1, s.y1 + from * row, s.x2, s.y2 + from * row, Math.max(1.5, (to - from) * row));
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
    label(x + w + 5, top, bottom - top, pitch - w - 12, l.title, bytes(l.size, l));
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
      text(shortName(fleet.apps[s.apps[k]].name), x + boxWidth(a.size) + 5, y + (k + 0.5) * row + 4, edge.apps - boxWidth(a.size) - 14, colours.ink);
    }
  }
  if (row < 11 && h >= 11) {
    pen.globalAlpha = !light || part ? 1 : 0.3;
    const top = Math.max(y, seen.top), bottom = Math.min(y + h, seen.bottom);
    label(x + 9, top, bottom - top, edge.apps - 24, shortName(fleet.apps[s.apps[0]].name), s.apps.length > 1 ? "and " + (s.apps.length - 1) + " more" : "");
  }
  pen.globalAlpha = 1;
}

// shortName is a name without the end that all names have; the summary has it once.
function shortName(name) {
  return fleet.end && name.endsWith(fleet.end) ? name.slice(0, -fleet.end.length) + "…" : name;
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

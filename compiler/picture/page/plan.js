// The plan that is shown, and where on the canvas what of it is.

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

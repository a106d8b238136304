// The details beside the drawing, and what the address remembers.

// ---- Details

const nameOf = (what) => what.kind === "app" ? fleet.apps[what.app].name : what.kind === "layer" ? what.layer.title : fleet.items[what.item].title;

function describe(what) {
  if (what.kind === "app") {
    const a = fleet.apps[what.app], s = plan.stackOf[what.app].stack;
    return ["app", count(s.layers.length + (a.colour ? 1 : 0), "layer"), bytes(s.layers.reduce((sum, l) => sum + plan.layers[l].size, a.size), a, ...s.layers.map((l) => plan.layers[l]))].join(", ");
  }
  if (what.kind === "layer") {
    const l = what.layer;
    return [l.kind, bytes(l.size, l), "changes " + pace(l.rate), count(l.images, "image")].join(", ");
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
const layerRow = (l) => [{ kind: "layer", layer: l }, l.colour, l.title, bytes(l.size, l)];
const appRow = (a) => [{ kind: "app", app: a }, fleet.apps[a].colour, fleet.apps[a].name, fleet.apps[a].colour ? bytes(fleet.apps[a].size, fleet.apps[a]) : ""];
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
      ["Stored", bytes(sum, ...plan.layers, ...fleet.apps)], ["Each image alone", bytes(alone, ...plan.layers, ...fleet.apps)], ["Platform", fleet.platform]));
    const heavy = [...plan.layers].sort((a, b) => moved(b) - moved(a)).slice(0, 10);
    section("Layers that hosts pull most of in a year", heavy.map((l) => [{ kind: "layer", layer: l }, l.colour, l.title, bytes(moved(l), { estimated: true })]));
    return;
  }
  aside.append(make("h2", null, nameOf(what)));
  if (what.kind === "layer") {
    const l = what.layer;
    aside.append(facts(["Kind", l.kind], ["Size", bytes(l.size, l)], ["Changes", pace(l.rate)], ["Images", l.images.toLocaleString("en")],
      ["Containers", l.replicas.toLocaleString("en")], ["Pulled a year", bytes(moved(l), { estimated: true })], ["ID", l.id]));
    section("Holds", l.items.map(itemRow));
    section("Its content depends on", l.on.map((n) => layerRow(plan.layers[n])));
    section("In the images of", appsOf([l.n]).map(appRow));
  } else if (what.kind === "app") {
    const a = fleet.apps[what.app], s = plan.stackOf[what.app].stack;
    const total = s.layers.reduce((n, l) => n + plan.layers[l].size, a.size);
    aside.append(facts(["Image", bytes(total, a, ...s.layers.map((l) => plan.layers[l]))], ["Layers", s.layers.length + (a.colour ? 1 : 0)], ["Containers", a.replicas.toLocaleString("en")]));
    const list = s.layers.map((l) => layerRow(plan.layers[l])).reverse();
    if (a.colour) list.unshift([{ kind: "app", app: what.app }, a.colour, "its own layer", bytes(a.size, a)]);
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
  $("cost").textContent = money(total) + " a year: " + money(plan.store) + " stored, " + money(plan.pull) + " pulled, " + money(plan.build) + " built; at best " + money(plan.bound);
  $("summary").textContent = count(fleet.apps.length, "image") + " on " + count(plan.layers.length, "shared layer") + ", " + fleet.platform + (fleet.end ? "; … stands for " + fleet.end : "");
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

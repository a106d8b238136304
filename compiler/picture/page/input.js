// Zoom, search, pointer and keys, colours, and the start.

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
  for (const name of ["ink", "faint", "edge", "ribbon", "accent", "paper"]) colours[name] = style.getPropertyValue("--" + name).trim();
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

// The page's script: the files that page.go puts into one scope. Its data, fleet,
// is what page.go writes: plans with boxes and lanes placed. They are drawn on a
// canvas of the window's size, so that a thousand apps cost no more than what is
// seen of them.

const $ = (id) => document.getElementById(id);
addEventListener("error", (e) => { $("summary").textContent = "This page failed to draw: " + e.message; });
const fleet = JSON.parse($("fleet").textContent);
const view = $("view"), room = $("room"), canvas = $("canvas");
let pen = canvas.getContext("2d");

// ---- Words and numbers

// bytes is a number of bytes, as plan.Size writes it; of is what it is a sum of,
// and makes it an estimate if any of them is.
const bytes = (n, ...of) => {
  const guess = of.some((x) => x.estimated);
  let unit = 0;
  n = Number(n.toPrecision(guess ? 2 : 3));
  while (n >= 1000 && unit < 5) { n /= 1000; unit++; }
  return (guess && n > 0 ? "~" : "") + Number(n.toPrecision(3)) + ["B", "kB", "MB", "GB", "TB", "PB"][unit];
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

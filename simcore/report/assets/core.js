"use strict";
// What all parts of the page use. Every text reaches the page as a text node or an attribute, never as markup.
const SVG = "http://www.w3.org/2000/svg";
const COLOURS = 12;

function made(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
  return node;
}

function el(tag, attributes, ...children) {
  return made(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return made(document.createElementNS(SVG, tag), attributes, children);
}

function clear(node) {
  node.replaceChildren();
  return node;
}

function number(value) {
  if (value === null || value === undefined || value === "") return "-";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return "-";
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-3) return value.toExponential(4);
  return value.toLocaleString("en-US", { maximumFractionDigits: size >= 1 ? 2 : 4 });
}

// An amount in the unit in which it is short: 5,162,566,670 pJ are 5.163 mJ.
const STEPS = { pJ: ["pJ", "nJ", "uJ", "mJ", "J"], ns: ["ns", "us", "ms", "s"] };
function amount(value, unit) {
  if (typeof value !== "number" || !(unit in STEPS)) return `${number(value)} ${unit}`.trim();
  let at = 0;
  for (; at + 1 < STEPS[unit].length && Math.abs(value) >= 1000; at++) value /= 1000;
  return `${number(Number(value.toPrecision(5)))} ${STEPS[unit][at]}`;
}

function percent(value, total) {
  return total ? `${(100 * value / total).toFixed(1)} %` : "-";
}

function signed(value) {
  return `${value > 0 ? "+" : ""}${number(value)}`;
}

function colour(at) {
  return `f${at % COLOURS}`;
}

function counted(count, name) {
  return `${number(count)} ${name}${count === 1 ? "" : "s"}`;
}

// A column's cell. A column of equal values has one value for all rows.
function cellOf(column, row) {
  return "all" in column ? column.all : column.cells[row];
}

function columnOf(table, name) {
  return table.columns.find((column) => column.name === name);
}

function valuesOf(table, name) {
  const column = columnOf(table, name);
  return Array.from({ length: table.kept }, (_, row) => (column ? cellOf(column, row) : null));
}

function bytesOf(base64) {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) found[at] = text.charCodeAt(at);
  return found;
}

async function readData() {
  const packed = bytesOf(document.getElementById("data").textContent.trim());
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// What is drawn in the size or the colours of the window is drawn again when those change.
const redraws = [];
function drawn(draw) {
  redraws.push(draw);
  draw();
}

function redraw() {
  for (const draw of redraws) draw();
}

let waiting = 0;
let width = window.innerWidth;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (window.innerWidth !== width) redraw();
    width = window.innerWidth;
  }, 150);
});

function startTheme() {
  const button = document.getElementById("theme");
  const names = ["system", "light", "dark"];
  let at = 0;
  button.addEventListener("click", () => {
    at = (at + 1) % names.length;
    if (names[at] === "system") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", names[at]);
    button.textContent = `Theme: ${names[at]}`;
    redraw();
  });
  for (const medium of ["(prefers-color-scheme: dark)", "print"]) window.matchMedia(medium).addEventListener("change", redraw);
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = el("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// The layer that the reader looks at. Parts that show layers are told when it changes.
const choice = { layer: null, told: [] };
function chosenLayer(name) {
  choice.layer = name;
  for (const tell of choice.told) tell(name);
}

function part(id, title, ...children) {
  return el("section", { class: "part", id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...children);
}

function sides(runs, make) {
  return el("div", { class: "sides" }, runs.map((run) => {
    const inside = make(run);
    return inside ? el("div", { class: "side" }, runs.length > 1 ? el("h3", {}, run.name) : null, inside) : null;
  }));
}

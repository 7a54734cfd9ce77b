// Maps of banks over time. A click, or Enter at the cursor that the arrow keys move, zooms from the run into a layer.
// From few to many cycles one hue: pale to deep on a light page, deep to pale on a dark one.
const STOPS = {
  light: [[214, 228, 243], [150, 195, 224], [66, 146, 198], [8, 88, 165], [8, 36, 90]],
  dark: [[38, 58, 84], [30, 94, 148], [56, 146, 205], [140, 200, 235], [238, 248, 255]],
};

function heatColour(step, stops) {
  const at = step / 255 * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  return stops[low].map((value, part) => Math.round(value + (stops[low + 1][part] - value) * (at - low)));
}

function isDark() {
  if (window.matchMedia("print").matches) return false;
  const theme = document.documentElement.getAttribute("data-theme");
  return theme ? theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function paint(canvas, steps, columns, rows, share = 1) {
  canvas.width = Math.max(columns, 1);
  canvas.height = Math.max(rows, 1);
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const stops = STOPS[isDark() ? "dark" : "light"];
  for (let at = 0; at < steps.length; at++) {
    if (!steps[at]) continue;
    const [red, green, blue] = heatColour(steps[at] * share, stops);
    image.data.set([red, green, blue, 255], 4 * at);
  }
  context.putImageData(image, 0, 0);
}

class Heat {
  // peers: all maps of the page, which share one scale where they show the same.
  constructor(run, peers) {
    this.run = run;
    this.peers = peers;
    peers.push(this);
    this.heat = run.heat;
    this.what = "conflict";
    this.layer = this.heat.whole ? null : this.heat.layers[0]?.layer ?? null;
    this.cursor = [0, 0];
    this.canvas = el("canvas", { role: "img", tabindex: "0", onclick: (event) => this.clicked(event), onmousemove: (event) => this.moved(event), onkeydown: (event) => this.key(event) });
    this.readout = el("p", { class: "status", role: "status" });
    this.names = el("div", { class: "names" });
    this.scale = el("canvas", { "aria-hidden": "true" });
    this.most = el("span");
    this.choose = el("select", { "aria-label": `Time to show for ${run.name}`, onchange: () => this.show(this.choose.value === "" ? null : this.choose.value.slice(1)) });
    if (this.heat.whole) this.choose.append(el("option", { value: "" }, "whole run"));
    for (const each of this.heat.layers) this.choose.append(el("option", { value: `=${each.layer}` }, each.layer));
    this.switches = ["conflict", "busy"].map((what) => el("button", { type: "button", class: "tool", "aria-pressed": String(what === this.what), onclick: () => this.measure(what) }, { conflict: "Requests waiting", busy: "Banks busy" }[what]));
    const back = this.heat.whole ? el("button", { type: "button", class: "tool", onclick: () => this.show(null) }, "Whole run") : null;
    const tools = el("div", { class: "tools" }, this.switches, el("label", {}, "Time: ", this.choose), back);
    const grid = el("div", { class: "heatgrid" }, this.names, el("div", { class: "heat" }, this.canvas));
    const left = this.heat.left_out ? el("p", { class: "note" }, `${counted(this.heat.left_out, "layer")} with fewer cycles have no map of their own here; the table timeline of the run's directory holds them.`) : null;
    this.node = el("div", {}, tools, grid, el("div", { class: "scale" }, "0", this.scale, this.most), this.readout, left);
    choice.told.push((layer) => { if (this.heat.layers.some((each) => each.layer === layer)) this.show(layer); });
    drawn(() => this.draw());
  }

  get shown() {
    return this.layer === null ? this.heat.whole : this.heat.layers.find((each) => each.layer === this.layer);
  }

  get columns() {
    return this.layer === null ? this.shown.columns : this.shown.starts.length;
  }

  measure(what) {
    this.what = what;
    this.switches.forEach((button, at) => button.setAttribute("aria-pressed", String(["conflict", "busy"][at] === what)));
    this.drawAll();
  }

  drawAll() {
    for (const peer of this.peers) peer.draw();
  }

  get top() {
    return Math.max(...this.peers.filter((peer) => peer.what === this.what).map((peer) => peer.shown[this.what].most));
  }

  show(layer) {
    if (layer === null && !this.heat.whole) return;
    this.layer = layer;
    this.choose.value = layer === null ? "" : `=${layer}`;
    this.cursor = [0, 0];
    this.drawAll();
  }

  // The steps of the map in columns of equal time. The bins of a layer last for different times.
  steps(map) {
    const raw = map.steps ? bytesOf(map.steps) : new Uint8Array(this.heat.rows.length * this.columns);
    if (this.layer === null) return [raw, this.columns];
    const { starts, cycles } = this.shown;
    const wide = Math.min(720, Math.max(this.columns, 240));
    const spread = new Uint8Array(this.heat.rows.length * wide);
    let bin = 0;
    for (let column = 0; column < wide; column++) {
      while (bin + 1 < starts.length && starts[bin + 1] <= (column + 0.5) * cycles / wide) bin++;
      for (let row = 0; row < this.heat.rows.length; row++) spread[row * wide + column] = raw[row * starts.length + bin];
    }
    return [spread, wide];
  }

  draw() {
    const map = this.shown[this.what];
    const rows = this.heat.rows.length;
    [this.values, this.wide] = this.steps(map);
    paint(this.canvas, this.values, this.wide, rows, this.top ? map.most / this.top : 1);
    const high = Math.min(520, Math.max(96, 8 * rows));
    this.canvas.style.height = `${high}px`;
    const name = this.layer === null ? "the whole run" : `layer ${this.layer}`;
    const measured = { conflict: "requests waiting", busy: "banks busy" }[this.what];
    this.canvas.setAttribute("aria-label", `Map of ${measured} in ${counted(rows, "bank")} over ${name}, ${number(this.shown.cycles)} cycles; at most ${(100 * map.most).toFixed(1)} % of the cycles`);
    paint(this.scale, Uint8Array.from({ length: 255 }, (_, at) => at + 1), 255, 1);
    this.most.textContent = `${(100 * this.top).toFixed(1)} % of the cycles`;
    this.label(high, rows);
    this.readout.textContent = map.most ? "Move over the map, or focus it and use the arrow keys; Enter shows a layer." : `No ${measured} in ${name}.`;
  }

  label(high, rows) {
    const names = [...new Set(this.heat.rows.map(([scratchpad]) => scratchpad))];
    const first = names.map((name) => this.heat.rows.findIndex(([scratchpad]) => scratchpad === name));
    const found = svg("svg", { width: 92, height: high, "aria-hidden": "true" });
    let free = -Infinity;
    names.forEach((name, at) => {
      const y = first[at] * high / rows + 11;
      if (y < free) return;
      free = y + 13;
      found.append(svg("text", { x: 0, y }, name.length > 14 ? `${name.slice(0, 13)}…` : name));
    });
    clear(this.names).append(found);
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const inside = (value, count) => Math.min(count - 1, Math.max(0, Math.floor(value * count)));
    return [inside((event.clientX - box.left) / box.width, this.wide), inside((event.clientY - box.top) / box.height, this.heat.rows.length)];
  }

  moved(event) {
    this.cursor = this.at(event);
    this.tell();
  }

  layerAt(column) {
    const time = (column + 0.5) * this.shown.cycles / this.wide;
    let end = 0;
    for (const { layer, cycles } of this.run.order) {
      end += cycles;
      if (time < end) return layer;
    }
    return null;
  }

  tell() {
    const [column, row] = this.cursor;
    const share = this.values[row * this.wide + column] / 255 * this.shown[this.what].most;
    const layer = this.layer === null ? this.layerAt(column) : this.layer;
    const time = Math.floor(column * this.shown.cycles / this.wide);
    this.readout.textContent = `${this.heat.rows[row].join(" bank ")}, cycle ${number(time)} of ${number(this.shown.cycles)}${layer === null ? "" : `, ${layer}`}: ${(100 * share).toFixed(1)} % of the cycles`;
  }

  clicked(event) {
    this.cursor = this.at(event);
    this.zoom();
  }

  zoom() {
    const layer = this.layer === null ? this.layerAt(this.cursor[0]) : null;
    if (layer !== null && this.heat.layers.some((each) => each.layer === layer)) this.show(layer);
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Enter") this.zoom();
    else if (event.key === "Escape") this.show(null);
    else if (event.key in moves) {
      const by = moves[event.key].map((step) => step * (event.shiftKey ? 10 : 1));
      const within = (value, count) => Math.min(count - 1, Math.max(0, value));
      this.cursor = [within(this.cursor[0] + by[0], this.wide), within(this.cursor[1] + by[1], this.heat.rows.length)];
      this.tell();
    } else return;
    event.preventDefault();
  }
}

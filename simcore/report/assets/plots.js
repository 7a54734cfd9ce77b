// The roofline, and main memory's bandwidth over time.
const MARGIN = { left: 58, right: 30, top: 12, bottom: 42 };

function frame(wide, high, label) {
  return svg("svg", { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": label });
}

function logScale(low, high, from, to) {
  const [first, last] = [Math.log10(low), Math.log10(high)];
  return (value) => from + (to - from) * (Math.log10(value) - first) / (last - first);
}

function niceStep(most) {
  const size = 10 ** Math.floor(Math.log10(most / 4));
  return [1, 2, 5, 10].map((times) => times * size).find((step) => most / step <= 5);
}

function power(value) {
  const exponent = Math.round(Math.log10(value));
  return exponent >= -3 && exponent <= 4 ? (10 ** exponent).toLocaleString("en-US", { maximumFractionDigits: 3 }) : `1e${exponent}`;
}

function marker(shape, x, y) {
  const half = 5;
  const paths = [
    `M${x - half},${y}a${half},${half} 0 1,0 ${2 * half},0a${half},${half} 0 1,0 ${-2 * half},0z`,
    `M${x - half},${y - half}h${2 * half}v${2 * half}h${-2 * half}z`,
    `M${x},${y - 6}l6,11h-12z`,
    `M${x},${y - 7}l6,7l-6,7l-6,-7z`,
  ];
  return paths[shape % paths.length];
}

// The layers of a run that multiply and move bytes: [name, macs per byte, macs per cycle].
function roofPoints(run) {
  const [names, macs, cycles, read, written] = ["layer", "macs", "cycles", "dram_read_bytes", "dram_write_bytes"].map((name) => valuesOf(run.layers, name));
  return names.map((name, at) => ({ name, macs: macs[at], cycles: cycles[at], bytes: (read[at] || 0) + (written[at] || 0) }))
    .filter((layer) => layer.macs > 0 && layer.cycles > 0 && layer.bytes > 0)
    .map((layer) => ({ ...layer, x: layer.macs / layer.bytes, y: layer.macs / layer.cycles }));
}

class Roofline {
  constructor(runs) {
    this.runs = runs.map((run, at) => ({ run, at, points: roofPoints(run), peak: run.facts.peak_macs_per_cycle, bandwidth: run.facts.peak_memory_bytes_per_cycle }));
    this.readout = el("p", { class: "status", role: "status" }, "Focus the figure and use the arrow keys to go from layer to layer.");
    this.plot = el("div", { class: "plot", tabindex: "0", role: "group", "aria-label": "Roofline", onkeydown: (event) => this.key(event) });
    const legend = el("ul", { class: "legend" }, this.runs.map(({ run, at, points }) => el("li", { class: "note" }, svg("svg", { class: "swatch", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, svg("path", { d: marker(at, 0, 0), class: colour(at + 5) })), ` ${run.name}: ${counted(points.length, "layer")}`)));
    this.node = el("div", {}, legend, this.plot, this.readout);
    this.at = -1;
    this.marks = [];
    drawn(() => this.draw());
    choice.told.push((layer) => this.mark(layer));
  }

  limits() {
    const points = this.runs.flatMap((each) => each.points);
    const knees = this.runs.filter((each) => each.peak && each.bandwidth).map((each) => each.peak / each.bandwidth);
    const xs = [...points.map((point) => point.x), ...knees];
    const ys = [...points.map((point) => point.y), ...this.runs.map((each) => each.peak).filter(Boolean)];
    const down = (value) => 10 ** Math.floor(Math.log10(value) - 0.1);
    const up = (value) => 10 ** Math.ceil(Math.log10(value) + 0.1);
    const least = (values) => values.reduce((low, value) => Math.min(low, value), Infinity);
    const most = (values) => values.reduce((high, value) => Math.max(high, value), 0);
    return [down(least(xs)), up(most(xs)), down(least(ys)), up(most(ys))];
  }

  draw() {
    const wide = Math.max(280, Math.min(900, this.plot.clientWidth || 720));
    const high = Math.min(440, Math.max(300, Math.round(wide * 0.55)));
    const [x0, x1, y0, y1] = this.limits();
    const x = logScale(x0, x1, MARGIN.left, wide - MARGIN.right);
    const y = logScale(y0, y1, high - MARGIN.bottom, MARGIN.top);
    const total = this.runs.reduce((sum, each) => sum + each.points.length, 0);
    const found = frame(wide, high, `Roofline with ${counted(total, "layer")}: multiply-accumulates per cycle over multiply-accumulates per byte of main memory`);
    this.axes(found, x, y, [x0, x1, y0, y1], wide, high);
    for (const each of this.runs) this.roof(found, each, x, y, [x0, x1, y0, y1]);
    this.marks = [];
    for (const { run, at, points } of this.runs) {
      for (const point of points) {
        const mark = svg("path", { d: marker(at, x(point.x), y(point.y)), class: `dot ${colour(at + 5)}` }, svg("title", {}, this.said(run, point)));
        mark.addEventListener("click", () => chosenLayer(point.name));
        this.marks.push({ mark, run, point });
        found.append(mark);
      }
    }
    clear(this.plot).append(found);
    this.mark(choice.layer);
  }

  axes(found, x, y, [x0, x1, y0, y1], wide, high) {
    const bottom = high - MARGIN.bottom;
    const every = Math.ceil(Math.log10(x1 / x0) * 52 / (wide - MARGIN.left - MARGIN.right)) || 1;
    for (let value = x0, at = 0; value <= x1 * 1.01; value *= 10, at++) {
      found.append(svg("path", { d: `M${x(value)},${MARGIN.top}V${bottom}`, class: "grid" }));
      if (at % every === 0) found.append(svg("text", { x: x(value), y: bottom + 16, "text-anchor": "middle" }, power(value)));
    }
    for (let value = y0; value <= y1 * 1.01; value *= 10) {
      found.append(svg("path", { d: `M${MARGIN.left},${y(value)}H${wide - MARGIN.right}`, class: "grid" }), svg("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, power(value)));
    }
    found.append(svg("path", { d: `M${MARGIN.left},${MARGIN.top}V${bottom}H${wide - MARGIN.right}`, class: "axis" }));
    found.append(svg("text", { x: (MARGIN.left + wide) / 2, y: high - 6, "text-anchor": "middle" }, "MACs per byte of main memory"));
    found.append(svg("text", { x: 12, y: bottom / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${bottom / 2})` }, "MACs per cycle"));
  }

  roof(found, { peak, bandwidth }, x, y, [x0, x1, y0, y1]) {
    const roof = (value) => Math.min(peak ?? Infinity, bandwidth ? bandwidth * value : Infinity);
    const inside = (value) => Math.max(y0, Math.min(y1, value));
    if (!peak && !bandwidth) return;
    const stops = [x0, ...(bandwidth ? [y0 / bandwidth, y1 / bandwidth, ...(peak ? [peak / bandwidth] : [])] : []), x1];
    const path = stops.filter((value) => value >= x0 && value <= x1).toSorted((one, other) => one - other)
      .filter((value) => roof(value) >= y0 * 0.999 && roof(value) <= y1 * 1.001)
      .map((value, at) => `${at ? "L" : "M"}${x(value)},${y(inside(roof(value)))}`).join("");
    found.append(svg("path", { d: path, class: "roof" }));
  }

  said(run, point) {
    const name = this.runs.length > 1 ? `${run.name}, ${point.name}` : point.name;
    const peak = run.facts.peak_macs_per_cycle ? `, ${percent(point.y, run.facts.peak_macs_per_cycle)} of the peak` : "";
    return `${name}: ${number(Number(point.x.toPrecision(4)))} MACs per byte, ${number(Number(point.y.toPrecision(4)))} MACs per cycle${peak}`;
  }

  mark(layer) {
    for (const each of this.marks) each.mark.setAttribute("class", `dot ${colour(this.runs.findIndex((one) => one.run === each.run) + 5)}${layer === each.point.name ? " chosen" : ""}`);
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by || !this.marks.length) return;
    this.at = (this.at + by + this.marks.length) % this.marks.length;
    const { run, point } = this.marks[this.at];
    this.mark(point.name);
    this.readout.textContent = this.said(run, point);
    event.preventDefault();
  }
}

// Bytes per cycle that each layer reads and writes, over the time of the run.
class Bandwidth {
  constructor(run) {
    const [names, cycles, read, written] = ["layer", "cycles", "dram_read_bytes", "dram_write_bytes"].map((name) => valuesOf(run.layers, name));
    this.layers = names.map((name, at) => ({ name, cycles: cycles[at] || 0, read: read[at] || 0, written: written[at] || 0 })).filter((layer) => layer.cycles > 0);
    this.total = this.layers.reduce((sum, layer) => sum + layer.cycles, 0);
    this.peak = run.facts.peak_memory_bytes_per_cycle;
    this.at = -1;
    this.readout = el("p", { class: "status", role: "status" }, this.peak ? `The dashed line is the most that main memory moves: ${number(this.peak)} bytes per cycle.` : "");
    this.plot = el("div", { class: "plot", tabindex: "0", role: "group", "aria-label": `Bandwidth of ${run.name} over time`, onkeydown: (event) => this.key(event), onmousemove: (event) => this.moved(event) });
    const legend = el("ul", { class: "legend" }, ["read", "written"].map((name, at) => el("li", { class: "note" }, swatch([5, 1][at]), ` ${name}`)));
    this.node = el("div", {}, legend, this.plot, this.readout);
    drawn(() => this.draw());
  }

  draw() {
    const wide = Math.max(280, Math.min(1200, this.plot.clientWidth || 720));
    const high = 220;
    const most = Math.max(this.peak || 0, this.layers.reduce((top, layer) => Math.max(top, (layer.read + layer.written) / layer.cycles), 0)) * 1.02 || 1;
    this.x = (cycle) => MARGIN.left + (wide - MARGIN.left - MARGIN.right) * cycle / Math.max(this.total, 1);
    const y = (value) => high - MARGIN.bottom - (high - MARGIN.bottom - MARGIN.top) * value / most;
    const found = frame(wide, high, `Bytes per cycle from and to main memory over ${number(this.total)} cycles`);
    for (let value = 0; value <= most; value += niceStep(most)) {
      found.append(svg("path", { d: `M${MARGIN.left},${y(value)}H${wide - MARGIN.right}`, class: "grid" }), svg("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, number(Number(value.toPrecision(3)))));
    }
    found.append(this.area(y, (layer) => layer.read / layer.cycles, () => 0, colour(5)), this.area(y, (layer) => (layer.read + layer.written) / layer.cycles, (layer) => layer.read / layer.cycles, colour(1)));
    if (this.peak) found.append(svg("path", { d: `M${MARGIN.left},${y(this.peak)}H${wide - MARGIN.right}`, class: "peak" }));
    found.append(svg("text", { x: MARGIN.left, y: high - MARGIN.bottom + 16 }, "0"), svg("text", { x: wide - MARGIN.right, y: high - MARGIN.bottom + 16, "text-anchor": "end" }, `${number(this.total)} cycles`), svg("text", { x: MARGIN.left, y: high - 6 }, "bytes per cycle, averaged over each layer"));
    clear(this.plot).append(found);
  }

  area(y, top, bottom, style) {
    let [there, back, begun] = ["", "", 0];
    for (const layer of this.layers) {
      const [left, right] = [this.x(begun), this.x(begun + layer.cycles)];
      there += `${there ? "L" : "M"}${left},${y(top(layer))}H${right}`;
      back = `L${right},${y(bottom(layer))}H${left}${back}`;
      begun += layer.cycles;
    }
    return svg("path", { d: `${there}${back}Z`, class: style });
  }

  tell() {
    const layer = this.layers[this.at];
    const rate = (bytes) => number(Number((bytes / layer.cycles).toPrecision(4)));
    this.readout.textContent = `${layer.name}: ${rate(layer.read)} bytes per cycle read, ${rate(layer.written)} written, over ${number(layer.cycles)} cycles`;
  }

  moved(event) {
    const box = this.plot.firstChild.getBoundingClientRect();
    let end = 0;
    this.at = this.layers.findIndex((layer) => (end += layer.cycles) && event.clientX - box.left < this.x(end));
    if (this.at >= 0) this.tell();
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || !this.layers.length) return;
    this.at = (this.at + by + this.layers.length) % this.layers.length;
    this.tell();
    event.preventDefault();
  }
}

// A bar for each row, stacked of its parts. A click on a name chooses the layer; a click on a part in the legend hides it.
const BARS_OF_A_PAGE = 40;

function barOf(row, { parts, hidden, most, unit }) {
  const found = svg("svg", { viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": saidOf(row, parts, unit) });
  let left = 0;
  parts.forEach((name, at) => {
    const value = row.values[at];
    if (!value || value <= 0 || hidden.has(name)) return;
    const wide = most ? 1000 * value / most : 0;
    found.append(svg("rect", { x: left, y: 0, width: wide, height: 10, class: colour(at) }, svg("title", {}, `${row.name}, ${name}: ${amount(value, unit)} (${percent(value, row.sum)})`)));
    left += wide;
  });
  return found;
}

function saidOf(row, parts, unit) {
  const large = parts.map((name, at) => [name, row.values[at] || 0]).filter(([, value]) => value > 0.005 * row.sum);
  return `${row.name}: ${amount(row.sum, unit)}; ${large.map(([name, value]) => `${name} ${percent(value, row.sum)}`).join(", ")}`;
}

function swatch(at) {
  return svg("svg", { class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { width: 10, height: 10, class: colour(at) }));
}

class Bars {
  // rows: {name, values}; parts: names; texts: meanings by part; choose: whether names are layers that can be chosen.
  constructor(rows, parts, { unit, texts = {}, choose = false, most = null, label }) {
    this.rows = rows.map((row) => ({ ...row, sum: row.values.reduce((sum, value) => sum + (value || 0), 0) }));
    Object.assign(this, { parts, unit, texts, choose, label, hidden: new Set(), page: 0, largest: false });
    this.own = this.rows.reduce((top, row) => Math.max(top, row.sum), 0);
    this.shared = most;
    this.most = most ?? this.own;
    this.used = parts.map((_, at) => this.rows.reduce((sum, row) => sum + (row.values[at] || 0), 0));
    this.total = this.used.reduce((sum, value) => sum + value, 0);
    this.status = el("span", { class: "status", role: "status" });
    this.before = el("button", { type: "button", class: "tool", onclick: () => this.turned(-1) }, "Previous");
    this.after = el("button", { type: "button", class: "tool", onclick: () => this.turned(1) }, "Next");
    this.body = el("div", { class: "bars", role: "group", "aria-label": label });
    this.node = el("div", {}, this.legend(), this.rows.length > 1 ? this.tools() : null, this.body);
    this.draw();
  }

  legend() {
    const items = this.parts.map((name, at) => {
      if (!this.used[at]) return null;
      const toggle = (event) => {
        if (!this.hidden.delete(name)) this.hidden.add(name);
        event.currentTarget.setAttribute("aria-pressed", String(!this.hidden.has(name)));
        this.draw();
      };
      const button = el("button", { type: "button", class: "tool", "aria-pressed": "true", title: this.texts[name] || null, onclick: toggle }, swatch(at), `${name} ${percent(this.used[at], this.total)}`);
      return el("li", {}, button);
    });
    return el("ul", { class: "legend" }, items);
  }

  tools() {
    const order = el("button", { type: "button", class: "tool", "aria-pressed": "false", onclick: (event) => {
      this.largest = !this.largest;
      this.page = 0;
      event.currentTarget.setAttribute("aria-pressed", String(this.largest));
      this.draw();
    } }, "Largest first");
    const scale = this.shared && this.shared > this.own ? el("button", { type: "button", class: "tool", "aria-pressed": "false", onclick: (event) => {
      this.most = this.most === this.own ? this.shared : this.own;
      event.currentTarget.setAttribute("aria-pressed", String(this.most === this.own));
      this.draw();
    } }, "Own scale") : null;
    const pages = this.rows.length > BARS_OF_A_PAGE ? [this.before, this.after] : null;
    return el("div", { class: "tools" }, order, scale, pages, this.status);
  }

  turned(by) {
    this.page += by;
    this.draw();
  }

  draw() {
    const shown = this.largest ? this.rows.toSorted((one, other) => other.sum - one.sum) : this.rows;
    const pages = Math.max(1, Math.ceil(shown.length / BARS_OF_A_PAGE));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const first = this.page * BARS_OF_A_PAGE;
    const rows = shown.slice(first, first + BARS_OF_A_PAGE);
    clear(this.body);
    for (const row of rows) {
      const name = this.choose ? el("button", { type: "button", class: "name", title: `${row.name}: show in the maps`, onclick: () => chosenLayer(row.name) }, row.name) : el("span", { class: "name still", title: row.name }, row.name);
      this.body.append(name, barOf(row, this), el("span", { class: "sum" }, this.unit in STEPS ? amount(row.sum, this.unit) : number(row.sum)));
    }
    this.before.disabled = this.page === 0;
    this.after.disabled = this.page >= pages - 1;
    this.status.textContent = `${number(first + 1)} to ${number(first + rows.length)} of ${number(shown.length)}, in ${this.unit}`;
  }
}

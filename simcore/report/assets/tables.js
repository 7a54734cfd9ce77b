// Tables that are sorted by a click on a heading, filtered by a text, and downloaded as CSV. A page has at most 50 rows.
const ROWS_OF_A_PAGE = 50;
const CONDITION = /^([^<>=\s]+)(>=|<=|>|<|=)(.+)$/;

function isEmpty(column, rows) {
  const empty = (value) => value === null || value === 0 || value === "";
  if ("all" in column) return rows > 0 && empty(column.all);
  return column.cells.every(empty);
}

function csvCell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvOf(columns, rows) {
  const lines = [columns.map((column) => csvCell(column.name)).join(",")];
  for (const row of rows) lines.push(columns.map((column) => csvCell(cellOf(column, row))).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function matches(table, row, wanted) {
  return wanted.every((word) => {
    const condition = CONDITION.exec(word);
    const column = condition && table.columns.find((each) => each.name.toLowerCase() === condition[1]);
    if (!column) return table.columns.some((each) => String(cellOf(each, row) ?? "").toLowerCase().includes(word));
    const value = cellOf(column, row);
    const limit = Number(condition[3]);
    if (condition[2] === "=") return String(value ?? "").toLowerCase() === condition[3];
    if (typeof value !== "number" || Number.isNaN(limit)) return false;
    return { ">": value > limit, "<": value < limit, ">=": value >= limit, "<=": value <= limit }[condition[2]];
  });
}

function ordered(table, rows, sorting) {
  if (!sorting) return rows;
  const column = table.columns[sorting.at];
  const sign = sorting.down ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [first, second] = [cellOf(column, one), cellOf(column, other)];
    if (first === second) return one - other;
    if (first === null) return 1;
    if (second === null) return -1;
    const difference = typeof first === "number" && typeof second === "number" ? first - second : String(first).localeCompare(String(second));
    return sign * difference || one - other;
  });
}

class Table {
  constructor(table, file) {
    this.table = table;
    this.file = file;
    this.sorting = null;
    this.page = 0;
    this.all = false;
    this.rows = Array.from({ length: table.kept }, (_, row) => row);
    this.found = this.rows;
    this.empty = table.columns.filter((column) => isEmpty(column, table.kept));
    this.filter = el("input", { type: "search", placeholder: "filter: text, or cycles>1000", "aria-label": `Filter rows of ${file}`, oninput: () => this.filtered() });
    this.status = el("span", { class: "status", role: "status" });
    this.before = el("button", { type: "button", class: "tool", onclick: () => this.turned(-1) }, "Previous");
    this.after = el("button", { type: "button", class: "tool", onclick: () => this.turned(1) }, "Next");
    this.body = el("table");
    this.node = el("div", {}, this.tools(), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table ${file}` }, this.body));
    this.draw();
  }

  tools() {
    const csv = el("button", { type: "button", class: "tool", onclick: () => download(`${this.file}.csv`, csvOf(this.table.columns, this.found)) }, "Download CSV");
    const all = el("button", { type: "button", class: "tool", "aria-pressed": "false", onclick: (event) => {
      this.all = !this.all;
      event.currentTarget.setAttribute("aria-pressed", String(this.all));
      this.draw();
    } }, `Empty columns (${this.empty.length})`);
    const cut = this.table.kept < this.table.rows ? el("span", { class: "status" }, `the first ${number(this.table.kept)} of ${number(this.table.rows)} rows; the run's directory holds all`) : null;
    const few = this.table.kept <= 8;
    return el("div", { class: "tools" }, few ? null : this.filter, csv, this.empty.length ? all : null, few ? null : [this.before, this.after], this.status, cut);
  }

  filtered() {
    const wanted = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.found = this.rows.filter((row) => matches(this.table, row, wanted));
    this.page = 0;
    this.draw();
  }

  turned(by) {
    this.page += by;
    this.draw();
  }

  sorted(at) {
    const same = this.sorting && this.sorting.at === at;
    const down = same ? !this.sorting.down : this.table.columns[at].number;
    this.sorting = { at, down };
    this.page = 0;
    this.draw();
    this.body.querySelector(`button[data-at="${at}"]`).focus();
  }

  heading(column, at) {
    const sort = this.sorting && this.sorting.at === at ? (this.sorting.down ? "descending" : "ascending") : "none";
    const arrow = { none: "", ascending: " ▲", descending: " ▼" }[sort];
    const button = el("button", { type: "button", "data-at": at, title: column.text, onclick: () => this.sorted(at) }, `${column.name}${arrow}`);
    return el("th", { scope: "col", class: column.number ? null : "text", "aria-sort": sort }, button, column.unit ? el("span", { class: "unit" }, column.unit) : null);
  }

  draw() {
    const pages = Math.max(1, Math.ceil(this.found.length / ROWS_OF_A_PAGE));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const first = this.page * ROWS_OF_A_PAGE;
    const rows = ordered(this.table, this.found, this.sorting).slice(first, first + ROWS_OF_A_PAGE);
    const shown = this.table.columns.map((column, at) => [column, at]).filter(([column]) => this.all || !this.empty.includes(column));
    const head = el("tr", {}, shown.map(([column, at]) => this.heading(column, at)));
    const lines = rows.map((row) => el("tr", {}, shown.map(([column]) => el("td", { class: column.number ? null : "text" }, number(cellOf(column, row))))));
    clear(this.body).append(el("thead", {}, head), el("tbody", {}, lines));
    this.before.disabled = this.page === 0;
    this.after.disabled = this.page >= pages - 1;
    const range = this.found.length ? `${number(first + 1)} to ${number(first + rows.length)} of ` : "";
    this.status.textContent = `${range}${counted(this.found.length, "row")}`;
  }
}

function tableOf(table, file) {
  return new Table(table, file).node;
}

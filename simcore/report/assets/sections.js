// The sections of the page. Each returns null where no run has what it shows.
const FIRST_METRICS = ["time_cycles", "cycles", "time_ns", "array_utilisation_percent", "stall_cycles", "energy_pj", "area_mm2", "dram_read_bytes", "dram_write_bytes"];

const FIRST_LINES = 12;

function metricsOf(run) {
  return new Map(run.totals.metrics.map(([metric, value, unit]) => [metric, { value, unit }]));
}

function overview(runs) {
  if (!runs.length) return null;
  const base = metricsOf(runs[0]);
  const cards = sides(runs, (run) => {
    const facts = run.facts;
    const metrics = metricsOf(run);
    const known = FIRST_METRICS.filter((metric) => metrics.get(metric)?.value !== null && metrics.has(metric));
    const made = known.map((metric) => {
      const { value, unit } = metrics.get(metric);
      const before = base.get(metric)?.value;
      const change = run !== runs[0] && before ? el("span", { class: "change soft" }, `${signed(Number((100 * (value - before) / before).toFixed(1)))} %`) : null;
      return el("dl", { class: "card", title: `${number(value)} ${unit}` }, el("dt", {}, metric), el("dd", {}, amount(value, unit), change));
    });
    return el("div", {}, el("p", {}, `${facts.network} on ${facts.system}, a machine of kind ${facts.kind}, engine ${facts.engine}: ${facts.said_time}.`), el("div", { class: "cards" }, made));
  });
  const against = runs.length > 1 ? el("p", { class: "note" }, `Changes are in percent of ${runs[0].name}.`) : null;
  return part("overview", "Totals", cards, against, el("details", {}, el("summary", {}, "All metrics"), totalsTable(runs)), notes(runs));
}

function notes(runs) {
  const said = new Map();
  for (const run of runs) for (const note of run.notes) said.set(note, [...(said.get(note) || []), run.name]);
  if (!said.size) return null;
  const whose = (names) => (names.length < runs.length ? `${names.join(", ")}: ` : "");
  return el("details", {}, el("summary", {}, "Notes on energy and area"), [...said].map(([note, names]) => el("p", { class: "note" }, `${whose(names)}${note}`)));
}

function totalsTable(runs) {
  const found = runs.map(metricsOf);
  const metrics = [...new Set(found.flatMap((each) => [...each.keys()]))];
  const texts = new Map(runs.flatMap((run) => run.totals.metrics.map(([metric], at) => [metric, run.totals.texts[at]])));
  const columns = [
    { name: "metric", unit: "", text: "", number: false, cells: metrics },
    ...runs.map((run, at) => ({ name: run.name, unit: "", text: "", number: true, cells: metrics.map((metric) => found[at].get(metric)?.value ?? null) })),
    { name: "unit", unit: "", text: "", number: false, cells: metrics.map((metric) => found.find((each) => each.has(metric)).get(metric).unit) },
    { name: "meaning", unit: "", text: "", number: false, cells: metrics.map((metric) => texts.get(metric) || "") },
  ];
  return tableOf({ name: "totals", rows: metrics.length, kept: metrics.length, columns }, "totals");
}

function comparison(found) {
  if (!found) return null;
  const says = found.says.map((lines) => el("ul", { class: "says" }, lines.map((line) => el("li", {}, line))));
  const tables = [found.places, found.layers, found.metrics, found.keys].filter((table) => table.rows);
  return part("comparison", "What differs", says, tables.map((table) => {
    const title = `${table.name[0].toUpperCase()}${table.name.slice(1)}: ${counted(table.rows, "difference")}`;
    return lazily(title, () => tableOf(table, table.name.replaceAll(" ", "-")), table === found.places);
  }));
}

function cycleRows(run) {
  const parts = ["compute", ...run.facts.causes];
  const columns = ["compute_cycles", ...run.facts.causes.map((cause) => `stall_${cause}_cycles`)].map((name) => valuesOf(run.layers, name));
  const [names, cycles] = [valuesOf(run.layers, "layer"), valuesOf(run.layers, "cycles")];
  const rows = names.map((name, at) => ({ name, values: columns.map((column) => column[at] || 0), cycles: cycles[at] })).filter((row) => row.cycles > 0);
  return [parts, rows];
}

function cycles(runs) {
  const most = Math.max(0, ...runs.map((run) => cycleRows(run)[1].reduce((top, row) => Math.max(top, row.cycles), 0)));
  if (!most) return null;
  return part("cycles", "Where the cycles went", el("p", { class: "note" }, "A bar for each layer that ran, all in one scale. A click on a part of the legend hides it; a click on a layer shows it in the maps below."), sides(runs, (run) => {
    const [parts, rows] = cycleRows(run);
    return new Bars(rows, parts, { unit: "cycles", texts: run.causes, choose: true, most, label: `Cycles of the layers of ${run.name}` }).node;
  }));
}

function energyRows(run) {
  const columns = run.layers.columns.filter((column) => column.name.endsWith("_pj") && column.name !== "energy_pj");
  const names = valuesOf(run.layers, "layer");
  const rows = names.map((name, at) => ({ name, values: columns.map((column) => cellOf(column, at) || 0) })).filter((row) => row.values.some((value) => value > 0));
  const sums = columns.map((_, at) => rows.reduce((sum, row) => sum + row.values[at], 0));
  return [columns.map((column) => column.name.replace(/_pj$/, "")), rows, sums];
}

// Keep the parts that are largest in any run, in one order for all runs, and add up the others, so that each has a colour.
function withFewParts(found) {
  const sizes = new Map();
  for (const [, parts, , sums] of found) parts.forEach((name, at) => sizes.set(name, Math.max(sizes.get(name) || 0, sums[at])));
  const names = [...sizes.keys()].filter((name) => sizes.get(name) > 0);
  const kept = names.length <= COLOURS ? names : names.toSorted((one, other) => sizes.get(other) - sizes.get(one)).slice(0, COLOURS - 1);
  const left = names.filter((name) => !kept.includes(name));
  const title = left.length ? [`${left.length} smaller parts`] : [];
  return found.map(([run, parts, rows, sums]) => {
    const value = (values, name) => (parts.includes(name) ? values[parts.indexOf(name)] : 0);
    const few = (values) => [...kept.map((name) => value(values, name)), ...title.map(() => left.reduce((sum, name) => sum + value(values, name), 0))];
    return [run, [...kept, ...title], rows.map((row) => ({ ...row, values: few(row.values) })), few(sums)];
  });
}

function energy(runs) {
  const found = withFewParts(runs.map((run) => [run, ...energyRows(run)]).filter(([, , rows]) => rows.length));
  if (!found.length) return null;
  const most = Math.max(...found.map(([, , , sums]) => sums.reduce((sum, value) => sum + value, 0)));
  return part("energy", "Energy", el("div", { class: "sides" }, found.map(([run, parts, rows, sums]) => {
    const whole = new Bars([{ name: "whole run", values: sums }], parts, { unit: "pJ", most, label: `Energy of ${run.name}` });
    const layers = new Bars(rows, parts, { unit: "pJ", choose: true, label: `Energy of the layers of ${run.name}` });
    return el("div", { class: "side" }, el("h3", {}, run.name), whole.node, el("details", {}, el("summary", {}, "By layer"), layers.node));
  })));
}

function places(runs) {
  const having = runs.filter((run) => run.tables.some((table) => table.name === "scratchpads" || table.name === "banks"));
  if (!having.length) return null;
  return part("banks", "Scratchpads and banks", sides(having, (run) => {
    const pads = run.tables.find((table) => table.name === "scratchpads");
    const banks = run.tables.find((table) => table.name === "banks");
    return el("div", {}, pads ? [placeBars(run, pads), tableOf(pads, `${run.name}-scratchpads`)] : null, banks ? el("details", {}, el("summary", {}, `Each of ${counted(banks.rows, "bank")}`), tableOf(banks, `${run.name}-banks`)) : null);
  }));
}

function placeBars(run, pads) {
  const names = valuesOf(pads, "scratchpad");
  const columns = run.facts.causes.map((cause) => valuesOf(pads, `stall_${cause}_cycles`));
  const rows = names.map((name, at) => ({ name, values: [0, ...columns.map((column) => column[at] || 0)] })).filter((row) => row.values.some((value) => value > 0));
  if (!rows.length) return el("p", {}, "No cycle is lost at a scratchpad.");
  return new Bars(rows, ["compute", ...run.facts.causes], { unit: "cycles that the scratchpad costs", texts: run.causes, label: `Stalled cycles by scratchpad of ${run.name}` }).node;
}

function maps(runs) {
  const having = runs.filter((run) => run.heat);
  if (!having.length) return null;
  const peers = [];
  return part("maps", "Banks over time", el("p", { class: "note" }, "From top to bottom the banks, from left to right the time. Deeper colours on a light page, paler ones on a dark page, are more cycles; all maps that show the same have one scale."), sides(having, (run) => new Heat(run, peers).node));
}

function roofline(runs) {
  const having = runs.filter((run) => (run.facts.peak_macs_per_cycle || run.facts.peak_memory_bytes_per_cycle) && roofPoints(run).length);
  if (!having.length) return null;
  const left = having.map((run) => valuesOf(run.layers, "cycles").filter((value) => value > 0).length - roofPoints(run).length);
  const note = left.some(Boolean) ? `Layers without multiply-accumulates or without traffic of main memory have no place in it: ${having.map((run, at) => `${left[at]} of ${run.name}`).join(", ")}.` : null;
  return part("roofline", "Roofline", new Roofline(having).node, note ? el("p", { class: "note" }, note) : null);
}

function bandwidth(runs) {
  const having = runs.filter((run) => valuesOf(run.layers, "dram_read_bytes").some((value) => value > 0));
  if (!having.length) return null;
  return part("bandwidth", "Main memory over time", sides(having, (run) => new Bandwidth(run).node));
}

function losses(runs) {
  if (!runs.some((run) => run.losses.length)) return null;
  return part("losses", "Where cycles are lost, and which keys may help", sides(runs, (run) => {
    const time = run.facts.time_cycles;
    const items = run.losses.map((loss, at) => {
      const name = loss.place ? `${loss.cause} in ${loss.place}` : loss.cause;
      const keys = loss.keys.length ? el("p", { class: "note" }, `Keys to try: ${loss.keys.join(", ")}.`) : null;
      const title = el("summary", {}, `${name}: ${number(loss.cycles)} cycles, ${percent(loss.cycles, time)}`);
      return el("details", { open: at < 2 }, title, loss.says.map((line) => el("p", {}, line)), loss.trials ? triedTable(run, loss, name) : keys);
    });
    const tried = run.losses.some((loss) => loss.trials);
    const note = tried ? "Every change in the tables was simulated." : "simcore why simulates a change of each of these keys and says what it saves.";
    return el("div", {}, run.facts.says.map((line) => el("p", {}, line)), items, el("p", { class: "note" }, note));
  }));
}

function triedTable(run, loss, name) {
  return loss.trials.rows ? tableOf(loss.trials, `${run.name}-${name.replaceAll(" ", "-")}`) : el("p", { class: "note" }, "No key is known that may save them.");
}

function configuration(runs) {
  if (!runs.length) return null;
  return part("configuration", "Configuration", sides(runs, (run) => el("div", {}, tableOf(run.configuration, `${run.name}-configuration`), el("details", {}, el("summary", {}, "Made from"), el("dl", { class: "facts" }, run.made_from.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))))));
}

function lazily(summary, make, open = false) {
  const found = el("details", { open }, el("summary", {}, summary), open ? make() : null);
  found.addEventListener("toggle", () => { if (found.open && found.children.length === 1) found.append(make()); });
  return found;
}

function tables(runs) {
  if (!runs.length) return null;
  return part("tables", "All tables", sides(runs, (run) => el("div", {}, [run.layers, ...run.tables].map((table) => {
    const meaning = run.meanings[table.name];
    return lazily(`${table.name}, ${counted(table.rows, "row")}`, () => el("div", {}, meaning ? el("p", { class: "note" }, meaning) : null, tableOf(table, `${run.name}-${table.name}`)));
  }))));
}

// A list under a heading. What goes beyond its first lines is shown on demand.
function listed(title, lines) {
  if (!lines.length) return null;
  const items = (some) => el("ul", { class: "says" }, some.map((line) => el("li", {}, line)));
  const more = lines.length > FIRST_LINES ? el("details", {}, el("summary", {}, `${lines.length - FIRST_LINES} more`), items(lines.slice(FIRST_LINES))) : null;
  return [el("h3", {}, title), items(lines.slice(0, FIRST_LINES)), more];
}

function study(item, at) {
  const lists = [["What it shows", item.conclusions], ["Left out", item.left_out], ["Assumptions", item.assumptions]];
  const figures = item.figures.map((figure) => el("figure", {}, el("img", { src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(figure.svg)}`, alt: figure.caption }), el("figcaption", {}, figure.caption)));
  const left = item.figures_left_out.length ? el("p", { class: "note" }, `Too large for this file: ${item.figures_left_out.join(", ")}; they stand in the study's directory.`) : null;
  const pairs = (title, values) => (values.length ? el("details", {}, el("summary", {}, title), el("dl", { class: "facts" }, values.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, number(value))]))) : null);
  return part(`study-${at}`, item.title || item.name, lists.map(([title, lines]) => listed(title, lines)),
    figures.length ? el("h3", {}, "Figures") : null, figures, left, el("h3", {}, "Tables"), item.tables.map((table) => lazily(`${table.name}, ${counted(table.rows, "row")}`, () => tableOf(table, table.name))), pairs("Findings", item.findings), pairs("Settings", item.settings));
}

// Read the data, put the sections into the page, and take away the plain totals that stand there without scripts.
async function start() {
  startTheme();
  const data = await readData();
  const runs = data.items.filter((item) => item.type === "run");
  for (const run of runs) {
    const cyclesOf = valuesOf(run.layers, "cycles");
    run.order = valuesOf(run.layers, "layer").map((layer, at) => ({ layer, cycles: cyclesOf[at] || 0 }));
  }
  const report = document.getElementById("report");
  const studies = data.items.filter((item) => item.type === "study");
  const makers = [() => overview(runs), () => comparison(data.comparison), () => cycles(runs), () => places(runs), () => maps(runs), () => bandwidth(runs), () => roofline(runs), () => energy(runs), () => losses(runs), () => configuration(runs), () => tables(runs), ...studies.map((item, at) => () => study(item, at))];
  const sections = makers.map((make) => make()).filter(Boolean);
  report.append(...sections);
  redraw(); // now that the parts have their widths
  const nav = document.getElementById("nav");
  for (const section of sections) nav.append(el("a", { href: `#${section.id}` }, section.querySelector("h2").textContent));
  document.getElementById("static").remove();
  document.documentElement.setAttribute("data-ready", "true");
}

start().catch((error) => {
  document.getElementById("report").append(el("p", { class: "note", role: "alert" }, `The figures cannot be drawn: ${error.message}. A browser of 2023 or later can draw them.`));
});

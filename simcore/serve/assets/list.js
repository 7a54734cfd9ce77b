"use strict";
// While sweeps are listed, ask every two seconds how far they are.
const shown = [...document.querySelectorAll("[data-sweep]")];

async function follow() {
  const answer = await fetch("/progress.json");
  if (!answer.ok) return;
  const found = new Map((await answer.json()).map((each) => [each.name, each.counts]));
  for (const each of shown) {
    const counts = found.get(each.dataset.sweep);
    if (counts && "points" in counts) each.textContent = `${counts.done} of ${counts.points} points done, ${counts.failed} failed`;
  }
}

if (shown.length) setInterval(() => follow().catch(() => undefined), 2000);
document.documentElement.setAttribute("data-ready", "true");

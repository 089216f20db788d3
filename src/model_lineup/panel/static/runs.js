// Benchmarks while they go on: rows of the list, and the timeline of one run.

const ENDED = ["finished", "failed", "cancelled", "interrupted", "gone"];
const number = new Intl.NumberFormat("en", { useGrouping: true });

const list = document.querySelector("[data-live]");
if (list instanceof HTMLElement && list.querySelector("progress")) followList(list);
const live = document.getElementById("live");
if (live) followRun(live);

/** @param {HTMLElement} list */
function followList(list) {
  const source = new EventSource(`${list.dataset.live}/live`);
  source.addEventListener("progress", async (event) => {
    const { changed, ended } = JSON.parse(event.data);
    for (const { id, progress } of changed) tell(list.querySelector(`[data-run="${Number(id)}"]`), progress);
    for (const id of ended) await renew(list, Number(id));
    if (!list.querySelector("progress")) source.close();
  });
  source.addEventListener("gone", () => source.close());
}

/**
 * @param {Element | null} where
 * @param {number} done
 */
function tell(where, done) {
  const bar = where?.querySelector("progress");
  if (bar) bar.value = done;
  const words = where?.querySelector("[data-done]");
  if (words) words.textContent = number.format(done);
}

/**
 * The row of a run that has ended, with its figures.
 * @param {HTMLElement} list
 * @param {number} id
 */
async function renew(list, id) {
  const row = list.querySelector(`[data-run="${id}"]`);
  const answer = await fetch(`${list.dataset.live}/${id}/row`, { headers: { "HX-Request": "true" } });
  if (!row || !answer.ok) return;
  const ticked = row.querySelector("input")?.checked;
  row.outerHTML = `${await answer.text()}`;
  const box = list.querySelector(`[data-run="${id}"] input`);
  if (box instanceof HTMLInputElement && ticked) box.checked = true;
}

/** @param {HTMLElement} live */
function followRun(live) {
  const figure = /** @type {HTMLElement} */ (live.querySelector(".live-chart"));
  /** @type {[number[], (number | null)[], (number | null)[]]} */
  const data = [[], [], []];
  const plot = chart(figure, data);
  let done = 0;
  let failed = 0;
  let due = false;
  const source = new EventSource(live.dataset.events ?? "");
  source.addEventListener("sample", (event) => {
    const sample = JSON.parse(event.data);
    done += 1;
    if (sample.failure) failed += 1;
    if (sample.number >= 0 && !sample.unfinished) {
      data[0].push(Math.max(sample.ended_s, data[0].at(-1) ?? 0));
      data[1].push(sample.failure ? null : sample.ttft_ms);
      data[2].push(sample.failure ? null : sample.response_time_ms);
    }
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      tell(live, done);
      const errors = live.querySelector("[data-errors]");
      if (errors && failed) errors.textContent = `${number.format(failed)} failed`;
      plot.setData(data);
    });
  });
  ENDED.forEach((state) => source.addEventListener(state, () => {
    source.close();
    location.reload();
  }));
}

/**
 * @param {HTMLElement} figure
 * @param {[number[], (number | null)[], (number | null)[]]} data
 */
function chart(figure, data) {
  const colours = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const colour = (name) => colours.getPropertyValue(name).trim();
  const axis = { stroke: colour("--muted-foreground"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  /** @param {string} label @param {string} name */
  const line = (label, name) => ({ label, stroke: colour(name), width: 2, points: { show: true, size: 5 } });
  const plot = new uPlot({
    width: figure.clientWidth,
    height: 240,
    cursor: { show: false },
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, (most || 1) * 1.1] } },
    series: [{ label: "s" }, line("Time to first token, ms", "--primary"), line("Response time, ms", "--ok")],
    axes: [{ ...axis, label: "seconds after the start", size: 28, labelSize: 22, labelFont: "12px sans-serif" }, { ...axis, size: 56 }],
    legend: { live: false },
  }, data, figure);
  addEventListener("resize", () => plot.setSize({ width: figure.clientWidth, height: 240 }));
  return plot;
}

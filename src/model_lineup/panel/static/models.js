// The table of models: what is selected; and a few keys, also on the page of one. Without scripts boxes and buttons do
// the same.

/** Whether all that match are chosen, also those on other pages. */
let everything = false;

const KEYS = "lineup-keys";

/** @param {string} selector @returns {HTMLInputElement[]} */
const boxes = (selector) => [...document.querySelectorAll(selector)].map((one) => /** @type {HTMLInputElement} */ (one));

/** Say how many are chosen, and let boxes and buttons follow. */
function show() {
  const bar = document.getElementById("bar");
  if (!bar) return;
  const rows = boxes('input[name="ids"]');
  const [all] = boxes("#all-matching");
  const [head] = boxes("#all-shown");
  const out = rows.filter((one) => !one.checked);
  const count = all.checked ? Number(bar.dataset.total) - out.length : rows.length - out.length;
  head.hidden = false;
  head.checked = rows.length > 0 && out.length === 0;
  head.indeterminate = !head.checked && out.length < rows.length;
  const [exclude] = boxes('input[name="exclude"]');
  exclude.value = all.checked ? out.map((one) => one.value).join(",") : "";
  bar.toggleAttribute("data-some", count > 0);
  const said = document.getElementById("chosen");
  if (said) said.textContent = count ? `${count.toLocaleString("en").replaceAll(",", "\u202f")} selected ·` : "Tick rows, or";
  for (const button of bar.querySelectorAll("button")) button.disabled = count === 0;
}

document.addEventListener("change", (event) => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  if (box.id === "all-shown" || box.id === "all-matching") {
    for (const one of boxes('input[name="ids"]')) one.checked = box.checked;
  } else if (box.name !== "ids") return;
  everything = boxes("#all-matching")[0].checked;
  show();
});

/** What a swap must not lose: what is unfolded, and the focus. Given up before, because a browser that has it taken away
 * lays out the old rows and the new ones together, which takes longer than all the rest. */
let unfolded = false;
let focused = "";
let place = -1; // outside the table
const links = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#models tbody th a")]);

document.addEventListener("htmx:before:swap", (event) => {
  const here = /** @type {HTMLElement} */ (document.activeElement);
  const within = here.closest("#models tbody tr, #models");
  focused = here.id;
  place = within ? links().findIndex((one) => within.contains(one)) : -1;
  if (within && !(/** @type {CustomEvent} */ (event).detail.ctx.hx.retarget)) here.blur();
  unfolded = document.querySelector(".more-filters")?.hasAttribute("open") ?? false;
});

document.addEventListener("htmx:after:swap", () => {
  if (everything && !boxes("#all-matching")[0]?.checked) { // they were all of another table
    for (const one of boxes('input[name="ids"]')) one.checked = everything = false;
  }
  document.querySelector(".more-filters")?.toggleAttribute("open", unfolded);
  if (place >= 0 && document.activeElement === document.body) {
    const same = document.getElementById(focused);
    const next = same ?? links()[place] ?? links().at(-1) ?? boxes("#q")[0];
    next.focus({ preventScroll: Boolean(same?.closest("thead")) }); // to scroll, all would have to be laid out this moment
  }
  show();
  whenIdle(layOut);
});

/** Rows that came outside the window are laid out a few at a time, when nothing else is to do: all at once would keep the
 * page busy, never would hide them from readers of the screen. */
const whenIdle = window.requestIdleCallback ?? ((/** @type {() => void} */ then) => setTimeout(then, 20));
function layOut() {
  const waiting = [...document.querySelectorAll(".many tr:not(.there)")];
  for (const one of waiting.slice(0, 8)) one.classList.add("there");
  if (waiting.length) whenIdle(layOut);
}

/** The row that has the focus, or the first. */
const row = () => document.activeElement?.closest("tr[id]") ?? document.querySelector("tbody tr[id]");

/** @type {Record<string, () => void>} */
const everywhere = {
  "?": () => /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"))?.showModal(),
};

/** @type {Record<string, () => void>} */
const ofTheTable = {
  "/": () => document.getElementById("q")?.focus(),
  e: () => /** @type {HTMLAnchorElement | null} */ (row()?.querySelector("th a"))?.click(),
  t: () => test(),
  x: () => /** @type {HTMLInputElement | null} */ (row()?.querySelector('input[name="ids"]'))?.click(),
  j: () => move("nextElementSibling"),
  k: () => move("previousElementSibling"),
};

/** @param {"nextElementSibling" | "previousElementSibling"} way */
function move(way) {
  const here = document.activeElement?.closest("tr[id]");
  const next = here ? here[way] : document.querySelector("tbody tr[id]");
  /** @type {HTMLElement | null | undefined} */ (next?.querySelector("th a"))?.focus();
}

/** Ask for a test of what is ticked, or of the row at hand. */
function test() {
  const box = /** @type {HTMLInputElement | null | undefined} */ (row()?.querySelector('input[name="ids"]'));
  if (box && !boxes('input[name="ids"]:checked').length) box.click();
  /** @type {HTMLElement | null} */ (document.querySelector('#bar button[value="test"]'))?.click();
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === "Escape" && target.id === "q") {
    event.preventDefault(); // what was typed stays
    target.blur();
  }
  const typing = target.matches("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]");
  if (typing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(KEYS) === "off") return;
  const marked = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(event.key)}"]`));
  const action = everywhere[event.key] ?? (document.getElementById("q") ? ofTheTable[event.key] : marked?.click.bind(marked));
  if (!action) return;
  event.preventDefault();
  action();
});

document.addEventListener("change", (event) => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  if (box.id === "keys-on") localStorage.setItem(KEYS, box.checked ? "on" : "off");
});

const [keysOn] = boxes("#keys-on");
if (location.hash === "#q") document.getElementById("q")?.focus();
if (keysOn) keysOn.checked = localStorage.getItem(KEYS) !== "off";
show();
whenIdle(layOut);

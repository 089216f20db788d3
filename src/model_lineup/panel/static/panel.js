// What every page shares: form tokens on htmx requests, toasts, dialogs, copying, menus. No page needs it to be read.

const TOAST_MS = 10000;

document.addEventListener("htmx:config:request", (event) => {
  const token = document.body.dataset.formToken;
  if (token) /** @type {any} */ (event).detail.ctx.request.headers["X-Form-Token"] = token;
});

// What was ticked while a list was on its way stays ticked, and stays on the list.
document.addEventListener("htmx:before:swap", (event) => {
  for (const { target, fragment } of /** @type {CustomEvent} */ (event).detail.tasks) {
    const old = typeof target === "string" ? document.querySelector(target) : target;
    for (const box of old?.querySelectorAll('input[name="ids"], .picks :is([type="radio"], [type="checkbox"])') ?? []) {
      const same = fragment.querySelector(`input[name="${box.name}"][value="${CSS.escape(box.value)}"]`);
      if (same) same.checked = box.checked;
      else if (box.checked) fragment.querySelector("ul")?.prepend(box.closest("li"));
    }
  }
});

document.addEventListener("lineup:said", (event) => {
  const { text, undo } = /** @type {CustomEvent} */ (event).detail;
  toast(text, "said", undo);
});
document.addEventListener("lineup:failed", (event) => toast(/** @type {CustomEvent} */ (event).detail.text, "error"));
document.addEventListener("htmx:error", () => toast("The server did not answer. Nothing was changed here.", "error"));

/**
 * Tell something beside the page, and offer to take a change back. Errors stay until they are closed.
 * @param {string} text
 * @param {"said" | "error"} kind
 * @param {number?} undo
 */
export function toast(text, kind = "said", undo = null) {
  const line = document.createElement("div");
  line.className = "toast-line";
  line.dataset.kind = kind;
  line.append(Object.assign(document.createElement("p"), { textContent: text }));
  if (undo) line.append(undoing(undo));
  document.getElementById("toasts")?.append(line);
  keepFor(line);
}

/**
 * The form that takes a change back and leads to the page that is open now.
 * @param {number} change
 */
function undoing(change) {
  const { base = "", formToken = "" } = document.body.dataset;
  const form = Object.assign(document.createElement("form"), { method: "post", action: `${base}/activity/${change}/undo` });
  const back = location.pathname.slice(base.length) + location.search;
  for (const [name, value] of Object.entries({ form_token: formToken, back })) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  const button = Object.assign(document.createElement("button"), { className: "btn", textContent: "Undo" });
  Object.assign(button.dataset, { variant: "link", size: "sm" });
  form.append(button);
  return form;
}

/** @param {HTMLElement} line */
function keepFor(line) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn";
  close.dataset.variant = "ghost";
  close.dataset.size = "icon-xs";
  close.setAttribute("aria-label", "Close this message");
  close.textContent = "×";
  close.addEventListener("click", () => line.remove());
  line.append(close);
  const end = () => (line.matches(":hover, :focus-within") ? setTimeout(end, TOAST_MS) : line.remove());
  if (line.dataset.kind !== "error") setTimeout(end, TOAST_MS);
}

document.querySelectorAll("[data-toast]").forEach((line) => keepFor(/** @type {HTMLElement} */ (line)));

document.addEventListener("click", async (event) => {
  const target = /** @type {Element} */ (event.target);
  const opener = target.closest("[data-open]");
  if (opener instanceof HTMLElement) {
    const dialog = document.getElementById(opener.dataset.open ?? "");
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  if (target.closest("[data-close]")) target.closest("dialog")?.close();
  const copier = target.closest("[data-copy]");
  if (copier instanceof HTMLElement) {
    try {
      await navigator.clipboard.writeText(copier.dataset.copy ?? "");
      toast("Copied.");
    } catch {
      toast("The browser did not let the panel copy. Select the text and copy it.", "error");
    }
  }
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (!menu.contains(target)) menu.removeAttribute("open");
  });
});

document.addEventListener("change", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const most = Number(field.dataset.mostMib);
  if (!most) return;
  const isLarge = (field.files?.[0]?.size ?? 0) > most * 2 ** 20; // the server would break off while it is being sent
  field.setCustomValidity(isLarge ? `This file is larger than ${most} MiB. Split it.` : "");
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    menu.removeAttribute("open");
    event.preventDefault();
  });
});

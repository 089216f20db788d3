// The playground: the steps of a name, and a reply as it comes. Its stream is that of `/v1`, in an envelope.

const form = document.getElementById("play");
const stopper = document.getElementById("stop");
const send = document.getElementById("send");
const text = /** @type {HTMLElement} */ (document.getElementById("text"));
const about = /** @type {HTMLElement} */ (document.getElementById("about"));
/** @type {AbortController | null} */
let call = null;

if (form instanceof HTMLFormElement && send && stopper) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!call) void ask(form);
  });
  form.addEventListener("change", (event) => {
    const name = /** @type {HTMLInputElement} */ (event.target).name;
    if (["name", "caller", "as", "whom"].includes(name)) void showSteps(form);
  });
  stopper.addEventListener("click", () => call?.abort());
}

/** @param {HTMLFormElement} form */
function fieldsOf(form) {
  return new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

/** @param {HTMLFormElement} form */
async function showSteps(form) {
  const fields = fieldsOf(form);
  const query = new URLSearchParams({ name: fields.get("name") ?? "", as: fields.get("caller") ?? fields.get("as") ?? "user", whom: fields.get("whom") ?? "" });
  const answer = await fetch(`${form.dataset.at}/steps?${query}`);
  const steps = document.getElementById("steps");
  if (steps && answer.ok) steps.innerHTML = await answer.text();
}

/** @param {HTMLFormElement} form */
async function ask(form) {
  call = new AbortController();
  const reply = new Reply();
  busy(true);
  try {
    await showSteps(form);
    reply.began = performance.now();
    const answer = await fetch(`${form.dataset.at}/stream`, { method: "POST", body: fieldsOf(form), signal: call.signal, headers: { "HX-Request": "true" } });
    if (answer.headers.has("hx-retarget")) throw new Error("Your session has ended. Load the page again and sign in.");
    if (!answer.ok || !answer.body) throw new Error(`The panel answered ${answer.status}. Load the page again.`);
    let waiting = "";
    for (const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      const events = (waiting + value).split("\n\n");
      waiting = events.pop() ?? "";
      events.forEach((event) => reply.event(event));
    }
    reply.over("");
  } catch (error) {
    const aborted = error instanceof DOMException && error.name === "AbortError";
    reply.over(aborted ? "stopped, at the provider too" : String(error instanceof Error ? error.message : error));
  } finally {
    call = null;
    busy(false);
  }
}

/** @param {boolean} on */
function busy(on) {
  if (send instanceof HTMLButtonElement) send.disabled = on;
  if (stopper) stopper.hidden = !on;
  document.getElementById("reply")?.removeAttribute("hidden");
  if (on) {
    text.textContent = "";
    about.textContent = "Asking …";
  }
}

/** @param {string} body JSON as it came, else left as it is */
function indented(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

class Reply {
  began = 0;
  /** @type {number | null} */
  first = null;
  status = 0;
  isStream = false;
  line = "";
  /** @type {Record<string, string>} */
  headers = {};
  /** @type {Record<string, number>} */
  usage = {};

  /** @param {string} event one event of the envelope */
  event(event) {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
    if (name === "head") {
      ({ status: this.status, headers: this.headers } = JSON.parse(data));
      this.isStream = (this.headers["content-type"] ?? "").startsWith("text/event-stream");
    } else if (name === "piece") {
      if (this.isStream) this.piece(JSON.parse(data));
      else text.append(JSON.parse(data));
    }
  }

  /** @param {string} piece of the stream that callers get */
  piece(piece) {
    const lines = (this.line + piece).split("\n");
    this.line = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const chunk = JSON.parse(line.slice(6));
      if (chunk.error) text.append(JSON.stringify(chunk, null, 2));
      this.usage = chunk.usage ?? this.usage;
      const content = chunk.choices?.[0]?.delta?.content;
      if (!content) continue;
      this.first ??= performance.now();
      text.append(content);
    }
  }

  /** @param {string} why it ended early */
  over(why) {
    const parts = this.status ? [this.headers["x-lineup-model"] ? `${this.headers["x-lineup-model"]} at ${this.headers["x-lineup-provider"]}` : "no model answered"] : [];
    if (this.first !== null) parts.push(`first text after ${(this.first - this.began).toFixed(0)} ms`);
    parts.push(`${(performance.now() - this.began).toFixed(0)} ms in all`);
    if (this.usage.completion_tokens) parts.push(`${this.usage.prompt_tokens} tokens in, ${this.usage.completion_tokens} out`);
    if (why) parts.push(why);
    const status = document.createElement("span");
    status.className = "status";
    status.dataset.is = this.status === 200 && !why ? "ok" : "bad";
    status.textContent = String(this.status || "none");
    const words = document.createElement("span");
    words.className = "dim break";
    words.textContent = parts.join(" · ");
    about.replaceChildren(status, words);
    if (!this.isStream) text.textContent = indented(text.textContent ?? "");
  }
}

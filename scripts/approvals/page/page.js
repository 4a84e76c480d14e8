// Shows what waits and sends answers. Everything that the agent chose goes into the page as text, never as markup.

/** A question that has just come moves nothing under a finger: its buttons wait for a moment. */
const READ_MS = 800;
const RETRY_MS = 2000;

const key = location.hash.slice(1);
const cards = new Map();
const element = (id) => document.getElementById(id);
let skewMs = 0;

async function request(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { Authorization: `Bearer ${key}` } });
  const body = await response.json();
  if (!response.ok) {
    throw Object.assign(new Error(body.error), { isFinal: response.status === 401 || response.status === 403 });
  }
  return body;
}

async function follow() {
  let sequence;
  for (;;) {
    try {
      const state = await request(`/questions${sequence === undefined ? "" : `?after=${sequence}`}`);
      sequence = state.sequence;
      skewMs = state.nowMs - Date.now();
      show(state);
    } catch (error) {
      element("status").textContent = error.isFinal
        ? error.message
        : "Not connected: run.sh approvals --web has ended, or does not answer";
      document.body.classList.add("lost");
      if (error.isFinal) {
        return;
      }
      sequence = undefined;
      await new Promise((settle) => setTimeout(settle, RETRY_MS));
    }
  }
}

function show({ tools, unguarded, questions, endings, by }) {
  document.body.classList.remove("lost");
  const plugins = tools.length === 0 ? "no plugin runs" : `plugins: ${tools.join(", ")}`;
  element("status").textContent = `You answer as ${by}; ${plugins}`;
  const warning = element("warning");
  warning.hidden = unguarded.length === 0;
  const themselves = unguarded.length === 1 ? "itself" : "themselves";
  warning.textContent = `Nothing keeps ${unguarded.join(" and ")} from answering for ${themselves} in this mode.`;
  const waiting = new Set(questions.map(({ id }) => id));
  const ended = new Map(endings);
  for (const question of questions) {
    if (!cards.has(question.id)) {
      cards.set(question.id, addCard(question));
    }
  }
  tick();
  for (const [id, card] of cards) {
    if (!waiting.has(id)) {
      close(card, ended.get(id) ?? "is gone");
    }
  }
  element("empty").hidden = waiting.size > 0;
  document.title = waiting.size === 0 ? "Approvals" : `(${waiting.size}) Approvals`;
}

function addCard(question) {
  const card = element("question").content.cloneNode(true).querySelector("article");
  const part = (name) => card.querySelector(name);
  part(".tool").textContent = `A call of ${question.tool} waits`;
  for (const piece of visible(question.line).split(/( +)/)) {
    const word = document.createElement("span");
    word.textContent = piece;
    part(".line").append(piece.startsWith(" ") ? piece : word);
  }
  const rows = [
    ...(question.ascii === null ? [] : [["in ASCII", question.ascii, "odd"]]),
    ["folder", question.cwd],
    ...Object.entries(question.env).map(([name, value]) => ["with", `${name}=${value}`, "odd"]),
    ["rule", `${question.rule}${question.place === null ? "" : ` (${question.place})`}`],
    ...(question.reason === null ? [] : [["why", question.reason]]),
  ];
  for (const [name, value, kind = ""] of rows) {
    const term = document.createElement("dt");
    term.textContent = name;
    const text = document.createElement("dd");
    text.textContent = visible(value).replaceAll(/(?<= ) /g, String.raw`\x20`);
    text.className = kind;
    part("dl").append(term, text);
  }
  const preview = part(".preview");
  preview.hidden = question.preview === null;
  for (const line of (question.preview ?? "").split("\n")) {
    const row = document.createElement("span");
    row.textContent = `${visible(line)}\n`;
    row.className = /^(takes away|deletes) |cannot be told|could not be told/.test(line) ? "alarm" : "";
    preview.append(row);
  }
  const form = part("form");
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) {
    button.disabled = true;
  }
  setTimeout(() => buttons.forEach((button) => (button.disabled = card.classList.contains("over"))), READ_MS);
  for (const button of buttons.filter(({ type }) => type === "button")) {
    button.addEventListener("click", () => void answer(card, question.id, button.value));
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!buttons.at(-1).disabled) {
      void answer(card, question.id, "deny", form.elements.word.value.trim());
    }
  });
  card.dataset.until = question.untilMs;
  element("questions").append(card);
  return card;
}

async function answer(card, id, verdict, word = "") {
  const buttons = [...card.querySelectorAll("button")];
  buttons.forEach((button) => (button.disabled = true));
  try {
    const { objection } = await request("/answer", { method: "POST", body: JSON.stringify({ id, verdict, word }) });
    if (objection !== null) {
      say(card, objection);
    }
  } catch (error) {
    say(card, error.message);
    buttons.forEach((button) => (button.disabled = card.classList.contains("over")));
  }
}

/** The card stays where it is, so that none moves while somebody aims at another. */
function close(card, ending) {
  if (card.classList.contains("over")) {
    return;
  }
  card.classList.add("over");
  card.classList.add(ending.startsWith("approved") ? "approved" : "denied");
  card.querySelector("form").hidden = true;
  card.querySelector(".tool").textContent = card.querySelector(".tool").textContent.replace(/ waits$/, "");
  card.querySelector(".left").textContent = "";
  say(card, ending);
}

function say(card, sentence) {
  const outcome = card.querySelector(".outcome");
  outcome.hidden = false;
  outcome.textContent = visible(sentence.charAt(0).toUpperCase() + sentence.slice(1));
}

/** What cannot be seen, or turns the direction of writing, as the terminal shows it. */
function visible(text) {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function tick() {
  for (const card of cards.values().filter(({ classList }) => !classList.contains("over"))) {
    const seconds = Math.max(0, Math.round((Number(card.dataset.until) - Date.now() - skewMs) / 1000));
    const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    card.querySelector(".left").textContent = `denied in ${left} if nobody answers`;
    card.classList.toggle("late", seconds < 30);
  }
}

setInterval(tick, 1000);
void follow();

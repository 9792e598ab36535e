// The control page: forms whose fields are numbers, lists or switches become JSON of the right types.
"use strict";

function readField(field) {
  if (field.type === "checkbox") return field.checked;
  if (field.dataset.lines !== undefined) {
    return field.value.split("\n").map((line) => line.trim()).filter(Boolean)
      .map((line) => (/^\d{1,9}$/.test(line) ? Number(line) : line));
  }
  if (field.dataset.json !== undefined) return JSON.parse(field.value);
  return field.dataset.number !== undefined ? Number(field.value) : field.value;
}

function readForm(form) {
  const body = {};
  for (const field of form.querySelectorAll("[name]")) {
    const isEmpty = field.type !== "checkbox" && field.value.trim() === "";
    if (isEmpty && field.dataset.keepEmpty === undefined) continue;
    body[field.name] = readField(field);
  }
  return body;
}

function showAnswer(form, answer) {
  const place = form.querySelector("[data-answer]");
  if (!place) return;
  place.hidden = false;
  place.textContent = JSON.stringify(answer, null, 1);
}

async function submitForm(form) {
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    const answer = await Sandbox.act(form.dataset.control, readForm(form));
    Sandbox.note("已生效");
    if (form.dataset.tell !== undefined) showAnswer(form, answer);
    if (form.dataset.control === "switches") location.reload();
    else await Sandbox.refresh();
  } catch (error) {
    Sandbox.note(error.message);
  } finally {
    button.disabled = false;
  }
}

async function sendSeed(form) {
  const text = form.elements.seed.value.trim();
  const isLines = text.split("\n").length > 1 && text.split("\n").every((line) => !line.trim() || isJson(line));
  const answer = await fetch("/sandbox/control/api/seed", {
    method: "POST",
    headers: { "Content-Type": isLines ? "application/x-ndjson" : "application/json" },
    body: text,
  });
  const read = await answer.json();
  Sandbox.note(read.ok ? "已放进去" : read.error);
  await Sandbox.refresh();
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function describeLetter(name, read) {
  const came = read.error ? `没有回答：${read.error}` : `HTTP ${read.status}，${read.ms} 毫秒`;
  const said = read.body ? `，正文「${read.body.slice(0, 120)}」` : "";
  if (read.status === null) return [false, came];
  if (name === "verify") {
    return [read.passed, read.passed ? `通过：${came}，回显一致` : `没有通过：${came}${said}，应为「${read.expected}」`];
  }
  if (read.kind === "genuine") return [read.status === 200, `真信：${came}${said}`];
  if (read.kind === "repeated") return [read.status === 200, `重放：第一次 HTTP ${read.first_status}，第二次 ${came}`];
  return [read.refused, read.refused ? `没有上当：${came}${said}` : `收下了伪造的信：${came}${said}`];
}

async function sendLetter(button) {
  const place = document.querySelector("[data-letter-answer]");
  button.disabled = true;
  place.hidden = false;
  place.className = "letter-answer";
  place.textContent = "等待回答…";
  try {
    const read = await Sandbox.act(button.dataset.letter, JSON.parse(button.dataset.body));
    const [isGood, words] = describeLetter(button.dataset.letter, read);
    place.classList.add(isGood ? "good" : "bad");
    place.textContent = words;
  } catch (error) {
    place.classList.add("bad");
    place.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-control]");
  const seed = event.target.closest("form[data-seed-text]");
  if (!form && !seed) return;
  event.preventDefault();
  if (form) submitForm(form);
  else sendSeed(seed).catch((error) => Sandbox.note(error.message));
});

document.addEventListener("click", async (event) => {
  const letter = event.target.closest("button[data-letter]");
  if (letter) sendLetter(letter);
  const button = event.target.closest("button[data-delete]");
  if (!button) return;
  await fetch(`/sandbox/control/api/${button.dataset.delete}`, { method: "DELETE" });
  await Sandbox.refresh();
});

document.querySelectorAll("[data-filter]").forEach((field) => field.addEventListener("input", () => {
  const wanted = field.value.trim().toLowerCase();
  for (const each of document.querySelectorAll(field.dataset.filter)) {
    each.hidden = wanted !== "" && !each.dataset.actName.toLowerCase().includes(wanted);
  }
}));

// Keeps the page up to date: on each event, the part about that duplication is asked for again and put in its place.
"use strict";

const overview = document.getElementById("overview");
const only = overview.dataset.only;
const PAUSE = 400;
const due = new Map(); // by id: the timer of the next look
const asked = new Set(); // ids that are being looked at

function say(words) {
  document.getElementById("news").textContent = words;
}

function tellConnection(words) {
  document.getElementById("connection").textContent = words;
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

async function load(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return parse(await answer.text());
}

// Takes over what differs, and no more: what has the focus, or is selected, stays as it is.
function change(shown, wanted) {
  if (shown.isEqualNode(wanted)) return;
  for (const { name } of [...shown.attributes]) if (!wanted.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  const before = [...shown.childNodes];
  const after = [...wanted.childNodes];
  after.forEach((node, n) => {
    const old = before[n];
    if (!old) shown.append(node);
    else if (old.nodeType === 1 && node.nodeType === 1 && old.tagName === node.tagName && old.id === node.id) change(old, node);
    else if (!old.isEqualNode(node)) old.replaceWith(node);
  });
  before.slice(after.length).forEach((node) => node.remove());
}

function place(article) {
  const list = document.getElementById(article.dataset.over === undefined ? "unfinished" : "over");
  if (!list || article.parentElement === list) return;
  const focused = article.contains(document.activeElement) && document.activeElement.id;
  if (list.id === "over") list.prepend(article);
  else list.append(article);
  if (focused) (document.getElementById(focused) || article.querySelector("a")).focus();
}

async function look(id) {
  if (asked.has(id)) return lookLater(id);
  asked.add(id);
  try {
    const wanted = (await load(`/duplications/${id}/section`)).querySelector("article");
    let shown = document.getElementById(wanted.id);
    const before = shown && shown.dataset.status;
    if (shown) change(shown, wanted);
    else overview.querySelector("#unfinished, #over").append((shown = document.importNode(wanted, true)));
    if (!only) place(shown);
    if (shown.dataset.status !== before) say(`Duplication ${id} is ${shown.dataset.status.replace("_", " ")}`);
  } catch {
    lookLater(id); // the server is away: it is asked until it is back
  } finally {
    asked.delete(id);
  }
}

function lookLater(id) {
  if (due.has(id)) return;
  due.set(id, setTimeout(() => { due.delete(id); look(id); }, PAUSE));
}

async function lookAtAll() {
  try {
    const wanted = (await load(location.href)).getElementById("overview");
    change(overview, wanted);
  } catch {
    setTimeout(lookAtAll, 2000);
  }
}

function follow(after) {
  const events = new EventSource((only ? `/duplications/${only}/events` : "/events") + (after ? `?after=${encodeURIComponent(after)}` : ""));
  const types = ["requested", "started", "progress", "waiting", "relinking", "failed", "retried", "cancelled", "discarding", "discarded", "completed"];
  for (const type of types) {
    events.addEventListener(`duplication.${type}`, (event) => lookLater(JSON.parse(event.data).duplication_id));
  }
  events.addEventListener("reset", () => (only ? lookLater(Number(only)) : lookAtAll()));
  events.addEventListener("open", () => tellConnection(""));
  events.addEventListener("error", () => {
    tellConnection("Not connected, trying again …");
    // A browser gives up where the server refused: then a new page is wanted, which may ask for the token.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => follow(after), 3000);
  });
}

// A button does its work without leaving the page; what is refused is shown in full by the server's own page.
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" } });
    if (answer.ok) lookLater(Number(form.closest("article").dataset.id));
    else form.submit();
  } catch {
    tellConnection("Not connected, try again");
  }
});

if (overview.dataset.still === undefined) follow(overview.dataset.position);

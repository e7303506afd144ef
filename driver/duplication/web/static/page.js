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

function tellLatest({ duplication_id: id, type, payload }) {
  const words = payload.message ?? type.replace("duplication.", "").replaceAll("_", " ");
  document.getElementById("latest").textContent = `Latest: ${id}, ${words}`;
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
function change(shown, wanted, keeps) {
  if (shown.isEqualNode(wanted)) return;
  if (shown.nodeType !== Node.ELEMENT_NODE) {
    shown.data = wanted.data;
    return;
  }
  const kept = (name) => keeps && name === "open"; // a reader's own doing
  for (const { name } of [...shown.attributes]) if (!wanted.hasAttribute(name) && !kept(name)) shown.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (!kept(name)) shown.setAttribute(name, value);
  let next = shown.firstChild;
  for (const node of [...wanted.childNodes]) {
    const old = counterpart(next, node);
    if (!old) {
      shown.insertBefore(document.importNode(node, true), next);
      continue;
    }
    while (next !== old) next = dropped(next);
    change(old, node, keeps);
    next = old.nextSibling;
  }
  while (next) next = dropped(next);
}

// The node that is to become the wanted one: an element may stand further on, a text only right here.
function counterpart(from, wanted) {
  if (wanted.nodeType !== Node.ELEMENT_NODE) return from && from.nodeType === wanted.nodeType ? from : null;
  let node = from;
  while (node && !(node.nodeName === wanted.nodeName && node.id === wanted.id)) node = node.nextSibling;
  return node;
}

function dropped(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function place(article) {
  const list = document.getElementById(article.dataset.list);
  if (!list || article.parentElement === list) return;
  // as the server orders them: the unfinished by age, what is over the newest first
  const id = Number(article.dataset.id);
  const follows = (other) => (list.id === "unfinished" ? Number(other.dataset.id) > id : Number(other.dataset.id) < id);
  list.insertBefore(article, [...list.children].find(follows) || null);
}

function put(wanted) {
  let shown = document.getElementById(wanted.id);
  const focused = shown && shown.contains(document.activeElement) && document.activeElement.id;
  if (shown) change(shown, wanted, shown.dataset.status === wanted.dataset.status);
  else overview.querySelector("#unfinished, #over").append((shown = document.importNode(wanted, true)));
  if (!only) place(shown);
  // Whoever has pressed a button that is not there any more goes on from the same duplication.
  if (typeof focused === "string" && !shown.contains(document.activeElement)) {
    (document.getElementById(focused) || shown.querySelector("a")).focus();
  }
  return shown;
}

async function look(id) {
  if (asked.has(id)) return lookLater(id);
  asked.add(id);
  try {
    const before = document.getElementById(`d${id}`)?.dataset.status;
    const shown = put((await load(`/duplications/${id}/section`)).querySelector("article"));
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
    change(overview, wanted, true);
  } catch {
    setTimeout(lookAtAll, 2000);
  }
}

function follow(after) {
  const address = only ? `/duplications/${only}/events` : "/events";
  // without names, so that a type that is not known here is heard of as well
  const events = new EventSource(`${address}?named=false${after ? `&after=${encodeURIComponent(after)}` : ""}`);
  events.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    if (event.type !== "reset") tellLatest(event);
    if (event.duplication_id !== null) lookLater(event.duplication_id);
    else if (only) lookLater(Number(only));
    else lookAtAll();
  });
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

// A windowed ARIA tree. It holds what was sent so far, draws the rows on screen, and asks for those it lacks.
// A child's address follows from its parent's, so a tree of any size is laid out from its open nodes alone.
const HEIGHT = 31;
const AHEAD = 12; // rows drawn above and below the screen
const MOST_WANTED = 120;
const PATIENCE = 1500; // ms until an answer is asked for again
const TYPING = 900; // ms between two letters of one search
const COMMANDS = { e: "unpack", r: "rate", a: "write" };

const childOf = (address, slot, ordinal) => `${address}${slot ? "@" + slot : ""}.${ordinal}`;

function above(address) {
  const dot = address.lastIndexOf(".");
  if (dot < 0) return null;
  const head = address.slice(0, dot);
  const at = head.lastIndexOf("@");
  const slot = at > head.lastIndexOf(".") ? Number(head.slice(at + 1)) : 0;
  return { address: slot ? head.slice(0, at) : head, slot, ordinal: Number(address.slice(dot + 1)) };
}

function remembered(tree) {
  try {
    return JSON.parse(sessionStorage.getItem("priory open " + tree) || '["0"]');
  } catch {
    return ["0"];
  }
}

function remember(S) {
  try {
    sessionStorage.setItem("priory open " + S.tree, JSON.stringify([...S.open].slice(-1000)));
  } catch {
    /* a browser that keeps nothing still shows the tree */
  }
}

function begin(root, tree) {
  const S = { tree, stamp: null, rows: new Map(), open: new Set(remembered(tree)), absent: new Set() };
  S.spans = [];
  S.asked = 0;
  S.typed = "";
  S.typedAt = 0;
  root.__tree = S;
  return S;
}

function take(S, data) {
  S.stamp = data.stamp;
  S.asked = 0;
  for (const row of data.rows) {
    row.stamp = data.stamp;
    S.rows.set(row.a, row);
    S.absent.delete(row.a);
  }
  for (const address of data.absent) S.absent.add(address);
  if (S.told !== data.selected) {
    S.told = data.selected;
    reveal(S, data.selected);
  }
}

function reveal(S, address) {
  S.selected = address;
  S.active = address;
  for (let up = above(address); up; up = above(up.address)) S.open.add(up.address);
  S.reveal = true;
  remember(S);
}

// Which rows there are, as runs of siblings: {parent, slot, from, to, level, at}.
function lay(S) {
  const opened = new Map();
  for (const address of S.open) {
    const up = above(address);
    if (!up) continue;
    const key = up.address + "@" + up.slot;
    if (!opened.has(key)) opened.set(key, []);
    opened.get(key).push(up.ordinal);
  }
  const spans = [{ parent: null, slot: 0, from: 0, to: 1, level: 1, at: 0 }];
  let total = 1;
  const put = (parent, slot, from, to, level) => {
    if (to <= from) return;
    spans.push({ parent, slot, from, to, level, at: total });
    total += to - from;
  };
  const descend = (address, level) => {
    const row = S.rows.get(address);
    if (!row || !row.n || !S.open.has(address)) return;
    const ordinals = (opened.get(address + "@" + row.s) || []).filter((o) => o < row.n).sort((x, y) => x - y);
    let from = 0;
    for (const ordinal of ordinals) {
      put(address, row.s, from, ordinal + 1, level);
      descend(childOf(address, row.s, ordinal), level + 1);
      from = ordinal + 1;
    }
    put(address, row.s, from, row.n, level);
  };
  descend("0", 2);
  S.spans = spans;
  S.total = total;
}

function placeAt(S, k) {
  let low = 0;
  let high = S.spans.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (S.spans[middle].at <= k) low = middle;
    else high = middle - 1;
  }
  const span = S.spans[low];
  const ordinal = span.from + k - span.at;
  const address = span.parent === null ? "0" : childOf(span.parent, span.slot, ordinal);
  return { address, level: span.level, ordinal, parent: span.parent };
}

function indexOf(S, address) {
  const up = above(address);
  if (!up) return 0;
  for (const span of S.spans) {
    const fits = span.parent === up.address && span.slot === up.slot;
    if (fits && span.from <= up.ordinal && up.ordinal < span.to) return span.at + up.ordinal - span.from;
  }
  return -1;
}

function piece(kind, text, title) {
  const part = document.createElement("span");
  part.className = kind;
  part.textContent = text; // untrusted text stays text
  if (title) {
    part.title = title;
    part.setAttribute("aria-label", title);
  }
  return part;
}

function twist(S, row, data) {
  if (!row) return piece("twist", "·");
  if (data.busy.includes(row.a)) return piece("twist busy", "◌", "being unpacked");
  if (row.n) return piece("twist", S.open.has(row.a) ? "▾" : "▸");
  return piece("twist", row.u ? "·" : "+", row.u ? "" : "not unpacked yet");
}

function belief(row) {
  const part = piece("belief" + (row.o < 0.3 ? " low" : ""), "", `you: ${row.ow}` + (row.h ? `; people: ${row.h}` : ""));
  if (row.o !== null) {
    const bar = document.createElement("i");
    bar.style.setProperty("--share", Math.round(100 * row.o) + "%");
    part.append(bar);
  }
  const said = document.createElement("span");
  said.textContent = row.ow;
  part.append(said);
  return part;
}

function drawn(S, k, data) {
  const place = placeAt(S, k);
  const row = S.rows.get(place.address);
  const line = document.createElement("div");
  line.id = "row-" + k;
  line.dataset.k = k;
  line.className = "row" + (row ? " " + row.k : " waiting") + (row && row.d ? " dropped" : "");
  if (place.address === S.active) line.classList.add("active");
  line.style.top = k * HEIGHT + "px";
  line.style.paddingLeft = 6 + (place.level - 1) * 17 + "px";
  line.setAttribute("role", "treeitem");
  line.setAttribute("aria-level", place.level);
  line.setAttribute("aria-selected", place.address === S.selected);
  const siblings = place.parent === null ? 1 : (S.rows.get(place.parent) || { n: 1 }).n;
  line.setAttribute("aria-setsize", siblings);
  line.setAttribute("aria-posinset", place.ordinal + 1);
  if (row && row.n) line.setAttribute("aria-expanded", S.open.has(row.a));
  line.append(twist(S, row, data));
  line.append(piece("says", row ? row.t : S.absent.has(place.address) ? "not stored" : "…"));
  if (!row) return line;
  if (row.f) line.append(piece("mark bad", "⚑", "flagged by you"));
  if (row.c) line.append(piece("mark", "❝", "cited by you"));
  if (row.w) line.append(piece("mark bad", "!", "spurious? earns much on D, and people don't believe it"));
  if (row.p) line.append(piece("points", row.p, "points: " + row.p));
  if (row.ow) line.append(belief(row));
  line.append(piece("number", row.n ? String(row.n) : "", row.n ? row.n + " below" : ""));
  return line;
}

function windowOf(S, box) {
  const first = Math.max(0, Math.floor(box.scrollTop / HEIGHT) - AHEAD);
  const last = Math.min(S.total, Math.ceil((box.scrollTop + box.clientHeight) / HEIGHT) + AHEAD);
  return [first, last];
}

function lacking(S, first, last) {
  const lacks = (address) => {
    const row = S.rows.get(address);
    return (!row || row.stamp !== S.stamp) && !S.absent.has(address);
  };
  const open = [...S.open].filter(lacks);
  const seen = [];
  for (let k = first; k < last; k++) seen.push(placeAt(S, k).address);
  return [...new Set([...open, ...seen.filter(lacks)])].slice(0, MOST_WANTED);
}

export default function tree({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".part");
  let box = root.querySelector(".box");
  if (!box) {
    root.replaceChildren();
    box = root.appendChild(document.createElement("div"));
    box.className = "box";
    box.tabIndex = 0;
    box.setAttribute("role", "tree");
    box.setAttribute("aria-label", "Statements");
    box.appendChild(document.createElement("div")).className = "pad";
    root.appendChild(document.createElement("div")).className = "foot";
  }
  const pad = box.querySelector(".pad");
  pad.setAttribute("role", "presentation");
  const most = window.innerWidth < 700 ? Math.round(0.4 * window.innerHeight) : data.height; // on a phone the card is to be seen
  box.style.height = Math.min(data.height, most) + "px";
  const S = root.__tree && root.__tree.tree === data.tree ? root.__tree : begin(root, data.tree);
  take(S, data);

  const ask = () => {
    const wanted = lacking(S, ...windowOf(S, box));
    const now = performance.now();
    if (!wanted.length || (S.asked && now - S.asked < PATIENCE)) return;
    S.asked = now;
    setTriggerValue("rows", { want: wanted, at: Math.round(now) });
    clearTimeout(S.timer);
    S.timer = setTimeout(ask, PATIENCE + 50);
  };
  const draw = () => {
    lay(S);
    pad.style.height = S.total * HEIGHT + "px";
    if (indexOf(S, S.active) < 0) S.active = S.selected;
    if (S.reveal) see(indexOf(S, S.active));
    const [first, last] = windowOf(S, box);
    const lines = document.createDocumentFragment();
    for (let k = first; k < last; k++) lines.append(drawn(S, k, data));
    pad.replaceChildren(lines);
    const k = indexOf(S, S.active);
    if (k >= first && k < last) box.setAttribute("aria-activedescendant", "row-" + k);
    else box.removeAttribute("aria-activedescendant");
    ask();
  };
  const see = (k) => {
    S.reveal = false;
    if (k < 0) return;
    const top = k * HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + HEIGHT - box.clientHeight;
  };
  const move = (k) => {
    S.active = placeAt(S, Math.max(0, Math.min(S.total - 1, k))).address;
    S.reveal = true;
    draw();
  };
  const choose = (address) => {
    S.active = address;
    S.selected = address;
    S.reveal = true;
    draw();
    // Where a card stands beside the tree, it is the card that asks: then only its half of the page runs again.
    const asked = new CustomEvent("priory:choose", { detail: address, cancelable: true });
    if (data.card && !window.dispatchEvent(asked)) return;
    setTriggerValue("select", { z: address, at: Math.round(performance.now()) });
  };
  if (data.card && root.__shown) window.removeEventListener("priory:shown", root.__shown);
  if (data.card) {
    root.__shown = (event) => {
      if (event.detail === S.selected) return;
      reveal(S, event.detail);
      draw();
    };
    window.addEventListener("priory:shown", root.__shown);
  }
  const toggle = (address, open) => {
    const row = S.rows.get(address);
    if (!row || !row.n) return;
    if (open) S.open.add(address);
    else S.open.delete(address);
    remember(S);
    draw();
  };
  const sibling = (step) => {
    const up = above(S.active);
    if (!up) return;
    const known = S.rows.get(up.address);
    const ordinal = up.ordinal + step;
    if (known && ordinal >= 0 && ordinal < known.n) choose(childOf(up.address, up.slot, ordinal));
  };
  const typeAhead = (letter) => {
    const now = performance.now();
    S.typed = now - S.typedAt < TYPING ? S.typed + letter : letter;
    S.typedAt = now;
    const sought = S.typed.replace(/^'/, "").toLowerCase();
    if (!sought) return;
    const from = indexOf(S, S.active) + (S.typed.length > 1 ? 0 : 1);
    for (let step = 0; step < Math.min(S.total, 5000); step++) {
      const k = (from + step) % S.total;
      const { address } = placeAt(S, k);
      const row = S.rows.get(address);
      if (address === sought || (row && row.t.toLowerCase().startsWith(sought))) return move(k);
    }
  };
  const page = () => Math.max(1, Math.floor(box.clientHeight / HEIGHT) - 1);
  const keys = {
    ArrowDown: () => move(indexOf(S, S.active) + 1),
    ArrowUp: () => move(indexOf(S, S.active) - 1),
    Home: () => move(0),
    End: () => move(S.total - 1),
    PageDown: () => move(indexOf(S, S.active) + page()),
    PageUp: () => move(indexOf(S, S.active) - page()),
    ArrowRight: () => (S.open.has(S.active) ? move(indexOf(S, S.active) + 1) : toggle(S.active, true)),
    ArrowLeft: () => {
      const row = S.rows.get(S.active);
      const up = above(S.active);
      if (row && row.n && S.open.has(S.active)) toggle(S.active, false);
      else if (up) move(indexOf(S, up.address));
    },
    Enter: () => choose(S.active),
    " ": () => choose(S.active),
  };
  const commands = {
    j: () => sibling(1),
    k: () => sibling(-1),
    u: () => above(S.active) && choose(above(S.active).address),
    g: () => choose("0"),
  };
  box.onscroll = () => requestAnimationFrame(draw);
  box.onclick = (event) => {
    const line = event.target.closest(".row");
    if (!line) return;
    const { address } = placeAt(S, Number(line.dataset.k));
    const row = S.rows.get(address);
    if (event.target.classList.contains("twist") && row && row.n) {
      S.active = address;
      toggle(address, !S.open.has(address));
    } else choose(address);
  };
  box.ondblclick = () => toggle(S.active, !S.open.has(S.active));
  const acts = data.acts === true ? COMMANDS : data.acts || {};
  box.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = S.typed && performance.now() - S.typedAt < TYPING;
    const command = isTyping || data.acts !== true ? null : commands[event.key];
    const action = isTyping ? null : acts[event.key];
    if (keys[event.key] && !(isTyping && event.key === " ")) keys[event.key]();
    else if (command) command();
    else if (action) setTriggerValue("act", { does: action, z: S.active, at: Math.round(performance.now()) });
    else if (event.key.length === 1) typeAhead(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const foot = root.querySelector(".foot");
  foot.replaceChildren(piece("quiet", data.foot), piece("keys quiet", ""));
  const own = Object.entries(acts).map(([key, does]) => `${key} ${does}`);
  const shown = ["↑↓ ←→ walk", ...(data.acts === true ? ["j k u g"] : ["Enter open"]), ...own];
  foot.lastChild.textContent = shown.join("  ·  ");
  draw();
  return () => window.removeEventListener("priory:shown", root.__shown);
}

// One question of a rating session: a statement or two, in their domain, and one input. Nothing is preselected,
// one key answers, and an answer names its turn, so that a second Enter can't rate the next statement.
const PATIENCE = 8000; // ms until an unanswered answer may be sent again
const CREDENCE = [0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99];
const FACTORS = [100, 10, 2, 1, 2, 10, 100];
const SEVEN = ["surely not", "very unlikely", "rather not", "could go either way", "rather yes", "very likely", "surely"];
const LARGEST = { credence: Math.log(999), comparison: Math.log(1000) };
const ENOUGH = 0.05; // per cent by which a sum may miss 100

const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
const logit = (p) => Math.log(p / (1 - p));

const RARE = ["skip", "flag", "note", "undo"];

function make(kind, name, text) {
  const part = document.createElement(kind);
  if (name) part.className = name;
  if (text !== undefined) part.textContent = text; // untrusted text stays text
  return part;
}

function percent(x) {
  const p = 100 / (1 + Math.exp(-x));
  return (p < 1 || p > 99 ? p.toFixed(1) : p < 10 || p > 90 ? p.toFixed(1).replace(/\.0$/, "") : p.toFixed(0)) + " %";
}

function times(x) {
  if (Math.abs(x) < 0.02) return "equally plausible";
  const factor = Math.exp(Math.abs(x));
  const shown = factor < 10 ? factor.toFixed(1).replace(/\.0$/, "") : factor.toFixed(0);
  return `the ${x > 0 ? "left" : "right"} one, ${shown} times`;
}

function begin(root, data) {
  clearTimeout(root.__rating && root.__rating.timer);
  const S = { turn: data.turn, x: null, typed: "", began: performance.now(), hidden: 0, first: null, changes: 0 };
  Object.assign(S, { sent: 0, note: "", opens: "", hint: "", isNew: true });
  if (data.start && data.task === "credence") S.x = logit(clamp(data.start[0], 0.001, 0.999));
  root.__rating = S;
  return S;
}

function actions(data) {
  const all = {
    neither: ["n", "Says nothing either way"],
    here: ["h", "True of the labelled cases only"],
    tie: ["t", "Equally plausible"],
    cannot: ["x", "Can't compare"],
    skip: ["s", "Skip"],
    flag: ["f", "Flag"],
    note: ["m", "Note"],
    undo: ["u", "Undo"],
  };
  return data.allows.filter((name) => name !== "undo" || data.undo).map((name) => [name, ...all[name]]);
}

function card(text, path, size) {
  const box = make("div", "card" + size);
  if (path.length) {
    const above = box.appendChild(make("div", "path"));
    path.forEach((step, i) => {
      if (i) above.append(make("span", "step", "›"));
      above.append(make("span", "foreign", step));
    });
  }
  box.append(make("p", "says foreign", text));
  return box;
}

function domains(data) {
  const box = make("div", "domains");
  for (const domain of data.domains) {
    const side = box.appendChild(make("section", "domain"));
    const head = side.appendChild(make("h3", "", ""));
    head.append(make("span", "quiet", domain.kind + " "), make("span", "foreign", domain.name));
    for (const values of domain.cases) {
      const row = side.appendChild(make("div", "case"));
      for (const [name, value] of values) {
        const pair = row.appendChild(make("span", "pair"));
        pair.append(make("span", "name foreign", name), make("span", "value foreign", value));
      }
    }
    if (!domain.cases.length) side.append(make("div", "case quiet", "It speaks about none of these cases."));
  }
  return box;
}

function axis(data) {
  const line = make("div", "axis");
  line.tabIndex = 0;
  line.setAttribute("role", "slider");
  line.setAttribute("aria-labelledby", "question statement");
  const isPair = data.task === "comparison";
  const reach = LARGEST[data.task];
  line.setAttribute("aria-valuemin", isPair ? -1000 : 0);
  line.setAttribute("aria-valuemax", isPair ? 1000 : 100);
  const marks = isPair ? FACTORS : CREDENCE;
  marks.forEach((mark, i) => {
    const x = isPair ? Math.sign(i - 3) * Math.log(mark) : logit(mark);
    const place = 50 + (50 * x) / reach + "%";
    const tick = line.appendChild(make("div", "tick"));
    tick.style.left = place;
    const label = line.appendChild(make("div", "label", isPair ? (i === 3 ? "equal" : mark + "×") : Math.round(100 * mark) + ""));
    label.style.left = place;
  });
  line.append(make("div", "rest"), make("div", "thumb"), make("div", "bubble"));
  return line;
}

function seven() {
  const box = make("div", "seven");
  box.tabIndex = 0;
  box.setAttribute("role", "radiogroup");
  box.setAttribute("aria-labelledby", "question statement");
  SEVEN.forEach((label, i) => {
    const choice = box.appendChild(make("button", "point"));
    choice.type = "button";
    choice.tabIndex = -1;
    choice.dataset.point = i + 1;
    choice.setAttribute("role", "radio");
    choice.setAttribute("aria-checked", "false");
    choice.append(make("b", "", String(i + 1)), make("span", "", label));
  });
  return box;
}

// Shares of several outcomes: a number each, their running sum, and a way to make it 100.
function shares(data) {
  const box = make("div", "shares");
  data.outcomes.forEach((name, i) => {
    const row = box.appendChild(make("label", "outcome"));
    row.append(make("span", "name foreign", name));
    const bar = row.appendChild(make("span", "bar"));
    bar.append(make("i"));
    const field = row.appendChild(make("input", "share"));
    field.type = "text";
    field.inputMode = "decimal";
    field.autocomplete = "off";
    field.maxLength = 6;
    field.setAttribute("aria-label", `${name}, per cent`);
    field.value = data.start ? String(Number((100 * data.start[i]).toFixed(1))) : "";
    row.append(make("span", "quiet", "%"));
  });
  const foot = box.appendChild(make("div", "sum"));
  const even = foot.appendChild(make("button", "do", ""));
  even.type = "button";
  even.dataset.does = "normalise";
  even.append(make("span", "", "Normalise"), make("kbd", "", "Ctrl+."));
  const total = foot.appendChild(make("span", "total"));
  total.setAttribute("role", "status");
  return box;
}

function build(root, data) {
  root.replaceChildren();
  const top = root.appendChild(make("div", "top"));
  const bar = top.appendChild(make("div", "progress"));
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Answered");
  bar.append(make("i"));
  const line = top.appendChild(make("div", "line"));
  line.append(make("span", "says-progress"), make("span", "says-worth"));
  const trouble = root.appendChild(make("div", "trouble"));
  trouble.setAttribute("role", "alert");
  const shown = root.appendChild(make("div", data.cards.length > 1 ? "pair-of-cards" : data.cards.length ? "single" : ""));
  shown.id = "statement";
  const length = Math.max(0, ...data.cards.map((c) => c.text.length));
  const size = length > 1500 ? " longest" : length > 260 ? " long" : "";
  for (const one of data.cards) shown.append(card(one.text, one.path, size));
  if (data.domains.length) root.append(domains(data));
  const question = root.appendChild(make("p", "question foreign", data.question));
  question.id = "question";
  root.append(data.task === "seven" ? seven() : data.task === "shares" ? shares(data) : axis(data));
  const hint = root.appendChild(make("div", "hint"));
  hint.setAttribute("role", "status");
  root.append(make("div", "opened"));
  const row = root.appendChild(make("div", "actions"));
  const rare = make("div", "actions rare");
  root.append(rare);
  if (data.task !== "seven") {
    const submit = row.appendChild(make("button", "do submit", ""));
    submit.type = "button";
    submit.dataset.does = "submit";
    submit.append(make("span", "", "Submit"), make("kbd", "", "Enter"));
  }
  for (const [name, key, label] of actions(data)) {
    const one = (RARE.includes(name) ? rare : row).appendChild(make("button", "do " + name));
    one.type = "button";
    one.dataset.does = name;
    one.append(make("span", "", label), make("kbd", "", key));
  }
}

function openFlag(box, data) {
  box.append(make("span", "quiet", "What is wrong with it?"));
  data.flags.forEach((reason, i) => {
    const one = box.appendChild(make("button", "do"));
    one.type = "button";
    one.dataset.flag = reason;
    one.append(make("span", "", reason), make("kbd", "", String(i + 1)));
  });
}

function openNote(box, S) {
  const text = box.appendChild(make("textarea"));
  text.rows = 2;
  text.maxLength = 2000;
  text.value = S.note;
  text.setAttribute("aria-label", "Note");
  text.placeholder = "A remark that is kept with your answer. Ctrl+Enter submits, Esc goes back.";
  text.oninput = () => (S.note = text.value);
}

// The part is hidden until its style has come; what is hidden takes no focus.
function focusSoon(input, tries) {
  input.focus({ preventScroll: true });
  if (input.getRootNode().activeElement !== input && tries) setTimeout(() => focusSoon(input, tries - 1), 50);
}

export default function rating({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".part");
  let S = root.__rating;
  if (!S || S.turn !== data.turn) {
    S = begin(root, data);
    build(root, data);
  }
  if (S.tries !== data.tries) {
    S.tries = data.tries; // it was not kept: the answer stands and may be sent again
    S.sent = 0;
    clearTimeout(S.timer);
  }
  const find = (name) => root.querySelector("." + name);
  const isPair = data.task === "comparison";
  const reach = LARGEST[data.task];
  const toward = isPair ? -1 : 1; // the left end belongs to the left card
  const line = find("axis");
  const fields = [...root.querySelectorAll(".share")];
  const input = line || find("seven") || fields[0];

  const draw = () => {
    const share = data.share === null ? 0 : data.share;
    find("top").hidden = data.share === null;
    find("progress").firstChild.style.width = 100 * share + "%";
    find("progress").setAttribute("aria-valuenow", Math.round(100 * share));
    find("says-progress").textContent = data.progress;
    find("says-worth").textContent = data.worth;
    const late = S.sent && performance.now() - S.sent >= PATIENCE;
    find("trouble").textContent = data.trouble && !S.sent ? data.trouble : late ? "Not kept yet. Enter sends it again; it is recorded once." : "";
    find("trouble").hidden = !find("trouble").textContent;
    root.classList.toggle("sending", Boolean(S.sent) && !late);
    find("hint").textContent = S.hint;
    if (fields.length) drawShares();
    if (!line) return;
    const isSet = S.x !== null;
    const typed = S.typed ? S.typed + (isPair ? " times" : " %") : "";
    line.classList.toggle("set", isSet);
    const invite = isPair ? "← left card    type a factor    right card →" : "type a number, use the arrows, or click";
    find("rest").textContent = isSet ? "" : typed || invite;
    const place = isSet ? 50 + (toward * 50 * S.x) / reach : 50;
    find("thumb").style.left = place + "%";
    find("bubble").style.left = clamp(place, 8, 92) + "%";
    find("bubble").textContent = isSet ? typed || (isPair ? times(S.x) : percent(S.x)) : "";
    if (isSet) {
      line.setAttribute("aria-valuenow", isPair ? (Math.sign(S.x) * Math.exp(Math.abs(S.x))).toFixed(2) : (100 / (1 + Math.exp(-S.x))).toFixed(1));
      line.setAttribute("aria-valuetext", isPair ? times(S.x) : percent(S.x));
    } else {
      line.setAttribute("aria-valuenow", isPair ? 1 : 50); // the role wants a number; the text says the truth
      line.setAttribute("aria-valuetext", "not set");
    }
  };
  const percents = () => fields.map((field) => Number.parseFloat(field.value.replace(",", ".")) || 0);
  const drawShares = () => {
    const said = percents();
    const sum = said.reduce((a, b) => a + b, 0);
    fields.forEach((field, i) => field.parentElement.querySelector("i").style.setProperty("width", clamp(said[i], 0, 100) + "%"));
    const isWhole = Math.abs(sum - 100) <= ENOUGH;
    find("total").textContent = fields.every((field) => !field.value) ? "" : `sum ${Number(sum.toFixed(1))} %`;
    find("total").classList.toggle("off", !isWhole);
  };
  const normalise = () => {
    const said = percents();
    const sum = said.reduce((a, b) => a + b, 0);
    if (!(sum > 0)) return tell("Give at least one of them a number.");
    touch();
    let left = 1000; // tenths of a per cent, so that the shown numbers sum to 100
    const last = said.reduce((best, p, i) => (p > said[best] ? i : best), 0);
    said.forEach((p, i) => {
      if (i === last) return;
      const tenths = Math.min(left, Math.round((1000 * p) / sum));
      left -= tenths;
      fields[i].value = String(tenths / 10);
    });
    fields[last].value = String(left / 10);
    draw();
  };
  const submitShares = () => {
    if (fields.every((field) => !field.value)) return tell("Give each outcome its share in per cent.");
    const said = percents();
    if (said.some((p) => !(p >= 0 && p <= 100))) return tell("A share lies between 0 and 100.");
    const sum = said.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 100) > ENOUGH) return tell(`They sum to ${Number(sum.toFixed(1))} %. Ctrl+. makes it 100.`);
    send("credence", { shares: said.map((p) => p / sum) });
  };
  const touch = () => {
    S.changes += 1;
    S.hint = "";
    if (S.first === null) S.first = performance.now() - S.began;
  };
  const set = (x) => {
    touch();
    S.typed = "";
    S.x = clamp(x, -reach, reach);
    draw();
  };
  const unset = () => {
    S.x = null;
    S.typed = "";
    draw();
  };
  const readTyped = () => {
    if (!S.typed) return true;
    const value = Number.parseFloat(S.typed.replace(",", "."));
    if (isPair) {
      if (!(value >= 1 && value <= 1000)) return tell("Type a factor from 1 to 1000.");
      if (S.x === null || Math.abs(S.x) < 0.02) {
        if (value !== 1) return tell("Which one? Press ← or → first, then the factor.");
      }
      set(Math.sign(S.x || 0) * Math.log(value));
      return true;
    }
    if (!(value >= 0 && value <= 100)) return tell("Type a number from 0 to 100.");
    set(logit(clamp(value / 100, 0.001, 0.999)));
    return true;
  };
  const tell = (hint) => {
    S.typed = "";
    S.hint = hint;
    draw();
    return false;
  };
  const send = (answer, more) => {
    const now = performance.now();
    if (S.sent && now - S.sent < PATIENCE) return;
    if (now - S.began < data.min_ms) return;
    S.sent = now;
    clearTimeout(S.timer);
    S.timer = setTimeout(draw, PATIENCE + 50);
    setTriggerValue("submit", {
      turn: S.turn, answer, note: S.note, seconds: Math.max(0, now - S.began - S.hidden) / 1000,
      first_ms: S.first === null ? null : Math.round(S.first), changes: S.changes, at: Math.round(now), ...more,
    });
    draw();
  };
  const submit = () => {
    if (data.task === "seven") return;
    if (data.task === "shares") return submitShares();
    if (!readTyped()) return;
    if (S.x === null) return tell(isPair ? "Say which one first: ← or →." : "Set it first: type a number or use the arrows.");
    send("credence", { value: isPair ? S.x : 1 / (1 + Math.exp(-S.x)) });
  };
  const choose = (point) => {
    touch();
    for (const one of root.querySelectorAll(".point")) one.setAttribute("aria-checked", Number(one.dataset.point) === point);
    send("credence", { point });
  };
  const open = (what) => {
    S.opens = S.opens === what ? "" : what;
    const box = find("opened");
    box.replaceChildren();
    if (S.opens === "flag") openFlag(box, data);
    if (S.opens === "note") {
      openNote(box, S);
      box.firstChild.focus();
    } else input.focus({ preventScroll: true });
  };
  const undo = () => {
    const now = performance.now();
    if (!data.undo || (S.sent && now - S.sent < PATIENCE)) return;
    S.sent = now;
    setTriggerValue("undo", { judgement: data.undo, at: Math.round(now) });
    draw();
  };
  const doing = {
    submit,
    normalise,
    neither: () => send("neither"),
    here: () => send("here"),
    tie: () => send("credence", { value: 0, tie: true }),
    cannot: () => send("neither", { cannot_compare: true }),
    skip: () => send("skip"),
    flag: () => open("flag"),
    note: () => open("note"),
    undo,
  };
  const byKey = Object.fromEntries(actions(data).map(([name, key]) => [key, name]));
  const step = (event) => (event.shiftKey ? 0.5 : 0.1);
  const moves = {
    ArrowRight: (event) => set((S.x || 0) + toward * step(event)),
    ArrowLeft: (event) => set((S.x || 0) - toward * step(event)),
    ArrowUp: (event) => set((S.x || 0) + step(event)),
    ArrowDown: (event) => set((S.x || 0) - step(event)),
    PageUp: () => set((S.x || 0) + 1),
    PageDown: () => set((S.x || 0) - 1),
    Home: () => set(-toward * reach),
    End: () => set(toward * reach),
  };
  const pressed = (event) => {
    const { key } = event;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") return undo();
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (S.opens === "flag" && /^[1-9]$/.test(key)) {
      const reason = data.flags[Number(key) - 1];
      return reason ? send("flag", { reason }) : false;
    }
    if (key === "Escape") return S.opens ? open("") : unset();
    if (key === "Enter") return event.repeat ? undefined : submit();
    if (data.task === "seven" && /^[1-7]$/.test(key)) return event.repeat ? undefined : choose(Number(key));
    if (line && moves[key]) return isPair || readTyped() ? moves[key](event) : undefined; // on from what was typed
    if (line && /^[0-9.,]$/.test(key)) {
      touch();
      S.typed = (S.typed + key).slice(0, 5);
      return draw();
    }
    if (line && key === "Backspace") {
      S.typed = S.typed.slice(0, -1);
      return draw();
    }
    if (byKey[key] && !event.repeat) return doing[byKey[key]]();
    return false;
  };
  const handle = (event) => {
    if (pressed(event) === false) return;
    event.preventDefault();
    event.stopPropagation();
  };
  root.onkeydown = (event) => {
    if (event.target.tagName === "TEXTAREA") {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
      else if (event.key === "Escape") open("");
      else return;
      event.preventDefault();
      event.stopPropagation();
    } else if (event.target.tagName === "INPUT") {
      const at = fields.indexOf(event.target);
      const go = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Enter" && !event.repeat) submit();
      else if (go && fields[at + go]) fields[at + go].select();
      else if (event.ctrlKey && event.key === ".") normalise();
      else return;
      event.preventDefault();
      event.stopPropagation();
    } else if (event.target.tagName === "BUTTON" && (event.key === "Enter" || event.key === " ")) {
      return; // the button's own click
    } else handle(event);
  };
  root.onclick = (event) => {
    const one = event.target.closest("button");
    if (!one) return;
    if (one.dataset.flag) send("flag", { reason: one.dataset.flag });
    else if (one.dataset.point) choose(Number(one.dataset.point));
    else doing[one.dataset.does]();
  };
  for (const field of fields) {
    field.oninput = () => {
      touch();
      draw();
    };
  }
  if (line) {
    const at = (event) => {
      const box = line.getBoundingClientRect();
      return toward * ((2 * (event.clientX - box.left)) / box.width - 1) * reach;
    };
    line.onpointerdown = (event) => {
      line.focus({ preventScroll: true });
      line.setPointerCapture(event.pointerId);
      set(at(event));
      event.preventDefault();
    };
    line.onpointermove = (event) => {
      if (line.hasPointerCapture(event.pointerId)) set(at(event));
    };
  }
  // keys also work when nothing has the focus; one listener a component, which reads the newest handler
  root.__keys = handle;
  if (!root.__listens) {
    root.__listens = (event) => {
      if (document.activeElement === document.body) root.__keys(event);
    };
    document.addEventListener("keydown", root.__listens);
    root.__seen = () => {
      const now = root.__rating;
      if (document.hidden) now.left = performance.now();
      else if (now.left) now.hidden += performance.now() - now.left;
    };
    document.addEventListener("visibilitychange", root.__seen);
  }
  draw();
  if (S.isNew) {
    S.isNew = false;
    if (data.focus !== false) focusSoon(input, 20);
  }
  return () => {
    document.removeEventListener("keydown", root.__listens);
    document.removeEventListener("visibilitychange", root.__seen);
    root.__listens = null;
  };
}

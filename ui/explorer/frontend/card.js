// One statement: where it is, what it says, what is known of it.
function piece(tag, kind, text) {
  const part = document.createElement(tag);
  if (kind) part.className = kind;
  if (text !== undefined) part.textContent = text; // untrusted text stays text
  return part;
}

function crumbs(data, choose) {
  const nav = piece("nav");
  nav.setAttribute("aria-label", "Path");
  const list = nav.appendChild(piece("ol", "crumbs"));
  for (const crumb of data.crumbs) {
    const button = piece("button", "foreign", crumb.t);
    button.title = crumb.a;
    button.onclick = () => choose(crumb.a);
    list.appendChild(piece("li")).append(button);
  }
  const here = list.appendChild(piece("li"));
  here.append(piece("span", "mono", data.address));
  here.setAttribute("aria-current", "page");
  return nav;
}

function fact(given) {
  const cell = piece("div");
  cell.append(piece("dt", "", given.label));
  const value = cell.appendChild(piece("dd", given.tone, given.value));
  if (given.note) value.append(" ", piece("small", "", given.note));
  if (given.share !== undefined && given.share !== null) {
    const bar = value.appendChild(piece("div", "bar " + (given.tone || "")));
    bar.appendChild(piece("i")).style.width = Math.round(100 * given.share) + "%";
  }
  return cell;
}

function isNight(element) {
  const rgb = getComputedStyle(element).color.match(/[\d.]+/g) || [0, 0, 0];
  return Number(rgb[0]) + Number(rgb[1]) + Number(rgb[2]) > 380;
}

// The tree beside it hands over what was chosen there, and is told what is shown here. `r` rates: Streamlit's own
// buttons can't have that key, and would run the page again on it.
function listen(root, data, choose, rate) {
  if (root.__deafen) root.__deafen();
  const chosen = (event) => {
    event.preventDefault();
    choose(event.detail);
  };
  const pressed = (event) => {
    const at = event.composedPath()[0];
    const types = at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
    if (event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey || types) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    rate();
  };
  window.addEventListener("priory:choose", chosen);
  if (data.rates) window.addEventListener("keydown", pressed, true);
  root.__deafen = () => {
    window.removeEventListener("priory:choose", chosen);
    window.removeEventListener("keydown", pressed, true);
  };
  return root.__deafen;
}

export default function card({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".part");
  const choose = (address) => setTriggerValue("select", { z: address, at: Math.round(performance.now()) });
  const rate = () => setTriggerValue("rate", { z: data.address, at: Math.round(performance.now()) });
  const box = piece("article", "card" + (data.alarm ? " alarm" : "") + (isNight(root) ? " night" : ""));
  box.dataset.address = data.address;
  const says = box.appendChild(piece("h2", "says foreign" + (data.text.length > 300 ? " long" : ""), data.text));
  if (data.text.length > 600) {
    says.tabIndex = 0; // it scrolls
    says.setAttribute("role", "region");
    says.setAttribute("aria-label", "Statement");
  }
  if (data.when) box.append(piece("p", "when quiet foreign", data.when));
  const chips = box.appendChild(piece("ul", "chips"));
  for (const chip of data.chips) chips.appendChild(piece("li", "chip " + (chip.tone || ""))).append(piece("span", "foreign", chip.t));
  const facts = box.appendChild(piece("dl", "facts"));
  for (const given of data.facts) facts.append(fact(given));
  root.replaceChildren(crumbs(data, choose), box);
  window.dispatchEvent(new CustomEvent("priory:shown", { detail: data.address }));
  return listen(root, data, choose, rate);
}

// The view of a forecast: the statement that is being read, and those opened so far, with what is cited.
function make(kind, name, text) {
  const part = document.createElement(kind);
  if (name) part.className = name;
  if (text !== undefined) part.textContent = text; // untrusted text stays text
  return part;
}

function button(name, label, does, address, key) {
  const made = make("button", name);
  made.type = "button";
  made.dataset.does = does;
  made.dataset.address = address;
  made.append(make("span", "foreign", label));
  if (key) made.append(make("kbd", "", key));
  return made;
}

function reading(data) {
  const box = make("article", "reading");
  box.dataset.address = data.reading.address;
  if (data.reading.path.length) {
    const path = box.appendChild(make("div", "path"));
    data.reading.path.forEach((step, i) => path.append(make("span", "foreign", (i ? "› " : "") + step)));
  }
  box.append(make("p", "says foreign", data.reading.text));
  const says = data.reading.speaks;
  if (says) box.append(make("p", "speaks " + (data.reading.applies ? "yes" : "no"), says));
  const label = data.reading.cited ? "Cited: my forecast rests on it" : "Cite: my forecast rests on it";
  const cite = button("do" + (data.reading.cited ? " on" : ""), label, "cite", data.reading.address, "b");
  cite.setAttribute("aria-pressed", data.reading.cited);
  box.append(cite);
  return box;
}

export default function view({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".part");
  root.replaceChildren();
  if (data.trouble) {
    const trouble = root.appendChild(make("div", "trouble", data.trouble));
    trouble.setAttribute("role", "alert");
  }
  if (data.reading) root.append(reading(data));
  else root.append(make("p", "nothing quiet", data.nothing));
  const head = root.appendChild(make("div", "head"));
  head.append(make("b", "", "Your view"), make("span", "quiet", `${data.opened.length} of ${data.most} opened`));
  const list = root.appendChild(make("ol"));
  for (const one of data.opened) {
    const row = list.appendChild(make("li", one.address === (data.reading && data.reading.address) ? "here" : ""));
    row.append(button("says foreign", one.text, "read", one.address));
    if (one.cited) row.append(make("span", "chip good", "cited"));
  }
  root.onclick = (event) => {
    const one = event.target.closest("button");
    if (!one) return;
    const { does, address } = one.dataset;
    setTriggerValue(does, { z: address, at: Math.round(performance.now()) });
  };
  root.onkeydown = (event) => {
    if (event.key !== "b" || event.repeat || !data.reading) return;
    setTriggerValue("cite", { z: data.reading.address, at: Math.round(performance.now()) });
    event.preventDefault();
    event.stopPropagation();
  };
}

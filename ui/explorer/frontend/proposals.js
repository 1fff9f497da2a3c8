// Steps of unpacking, each with its proposals side by side.
function piece(tag, kind, text) {
  const part = document.createElement(tag);
  if (kind) part.className = kind;
  if (text !== undefined) part.textContent = text; // untrusted text stays text
  return part;
}

function lines(kind, tag, texts) {
  const list = piece(tag, kind);
  for (const { t, tone } of texts) list.append(piece("li", "foreign " + (tone || ""), t));
  return list;
}

export default function proposals({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".part");
  const choose = (slot, place) => setTriggerValue("commit", { slot, place, at: Math.round(performance.now()) });
  const steps = data.steps.map((given) => {
    const step = piece("section", "step");
    const head = step.appendChild(piece("header"));
    head.append(piece("strong", "", given.title));
    for (const chip of given.chips) head.append(piece("span", "chip " + (chip.tone || ""), chip.t));
    const beside = step.appendChild(piece("div", "beside"));
    given.proposals.forEach((made, place) => {
      const box = beside.appendChild(piece("div", "proposal" + (made.committed ? " committed" : "")));
      box.append(piece("h3", "foreign", made.title));
      box.append(lines("", "ol", made.children.map((t) => ({ t }))));
      box.append(lines("reasons", "ul", made.reasons));
      if (made.action) {
        const button = box.appendChild(piece("button", "act" + (made.first ? " first" : ""), made.action));
        button.onclick = () => choose(given.slot, place);
      }
    });
    return step;
  });
  root.replaceChildren(...steps);
}

// Rows of cells. A cell: {t text, tone, share, plain, go address}; a row: {cells, struck, strong}.
function piece(tag, kind, text) {
  const part = document.createElement(tag);
  if (kind) part.className = kind;
  if (text !== undefined) part.textContent = text; // untrusted text stays text
  return part;
}

function filled(cell, given, choose) {
  if (given.share !== undefined && given.share !== null) {
    const share = cell.appendChild(piece("span", "share"));
    const bar = share.appendChild(piece("i", given.plain ? "plain" : ""));
    bar.style.setProperty("--share", Math.round(100 * given.share) + "%");
    share.append(piece("span", "foreign", given.t));
  } else if (given.go) {
    const button = cell.appendChild(piece("button", "foreign", given.t));
    button.onclick = () => choose(given.go);
  } else cell.append(piece("span", "foreign " + (given.tone || ""), given.t));
  return cell;
}

export default function table({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".part");
  const choose = (address) => setTriggerValue("select", { z: address, at: Math.round(performance.now()) });
  const scroll = piece("div", "scroll");
  const made = scroll.appendChild(piece("table"));
  if (data.caption) made.append(piece("caption", "", data.caption));
  const head = made.appendChild(piece("thead")).appendChild(piece("tr"));
  for (const column of data.columns) {
    const title = head.appendChild(piece("th", column.kind || "", column.label));
    title.scope = "col";
  }
  const body = made.appendChild(piece("tbody"));
  for (const row of data.rows) {
    const line = body.appendChild(piece("tr", (row.struck ? "struck " : "") + (row.strong ? "strong" : "")));
    row.cells.forEach((given, at) => filled(line.appendChild(piece("td", data.columns[at].kind || "")), given, choose));
  }
  root.replaceChildren(data.rows.length ? scroll : piece("p", "nothing", data.nothing || ""));
}

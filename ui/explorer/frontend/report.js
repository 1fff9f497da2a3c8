// Pieces of the written report. Their texts are escaped where they are made; here they are built anew from a
// list of harmless tags and attributes, so that whatever slips through is dropped and nothing is ever run.
const HTML = "div section h2 h3 p span em b strong i dl dt dd ul ol li table caption thead tbody tr th td figure figcaption".split(" ");
const DRAWN = "svg g line circle rect polyline path text title".split(" ");
const ATTRIBUTES = new Set(
  ("class x y x1 y1 x2 y2 cx cy r rx d points width height viewBox text-anchor role aria-label scope colspan").split(" "),
);
const SVG = "http://www.w3.org/2000/svg";

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE) return null;
  const isDrawn = node.namespaceURI === SVG;
  if (!(isDrawn ? DRAWN : HTML).includes(node.localName)) return null;
  const made = isDrawn ? document.createElementNS(SVG, node.localName) : document.createElement(node.localName);
  for (const { name, value } of node.attributes) if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  for (const child of node.childNodes) {
    const inner = copied(child);
    if (inner) made.append(inner);
  }
  return made;
}

export default function report({ data, parentElement }) {
  const root = parentElement.querySelector(".part");
  if (root.__shown === data.html) return;
  root.__shown = data.html;
  root.replaceChildren();
  const style = document.createElement("style");
  style.textContent = data.style;
  root.append(style);
  const inert = new DOMParser().parseFromString(data.html, "text/html"); // loads nothing, runs nothing
  for (const child of inert.body.childNodes) {
    const made = copied(child);
    if (made) root.append(made);
  }
}

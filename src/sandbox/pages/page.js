// The ground both pages stand on: building elements, drawing icons, showing short notices.
// Text goes in as text nodes only: names and messages come from anybody and are never markup.

const SVG = 'http://www.w3.org/2000/svg';

// Every icon is drawn here on a 20 x 20 grid, one stroke wide, in the colour of the text around it.
const ICONS = {
  hash: 'M7.5 3.5 6 16.5M14 3.5 12.5 16.5M3.5 7.5h13.5M3 12.5h13.5',
  lock: 'M5.5 9h9v7h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9',
  reply: 'M8 5 3.5 9.5 8 14M4 9.5h7.5a5 5 0 0 1 5 5v1',
  send: 'M3.5 10 16.5 4l-4 12.5-3-5.5zM9.5 11l7-7',
  close: 'M5 5l10 10M15 5 5 15',
  menu: 'M3.5 5.5h13M3.5 10h13M3.5 14.5h13',
  down: 'M5 8l5 5 5-5',
  arrowDown: 'M10 4v12M5 11l5 5 5-5',
  plus: 'M10 4v12M4 10h12',
  bolt: 'M11 2.5 4.5 11.5H9l-.5 6 7-9.5H11z',
  eye: 'M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 7.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z',
  edit: 'M4 16l.8-3.5L13.5 3.8l2.7 2.7-8.7 8.7zM11.8 5.5l2.7 2.7',
  link: 'M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l1-1',
  image: 'M3.5 4.5h13v11h-13zM3.5 13l4-4 3.5 3.5 2-2 3.5 3.5M12.5 7.5h.01',
  check: 'M4 10.5l4 4 8-9',
  clock: 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 6.2V10l2.6 1.8',
  coins: 'M8 4.5c2.5 0 4.5.9 4.5 2s-2 2-4.5 2-4.5-.9-4.5-2 2-2 4.5-2zM3.5 6.5v4c0 1.1 2 2 4.5 2M12.5 6.5v1M12 8.5c2.5 0 4.5.9 4.5 2s-2 2-4.5 2-4.5-.9-4.5-2 2-2 4.5-2zM7.5 10.5v4c0 1.1 2 2 4.5 2s4.5-.9 4.5-2v-4',
  shape: 'M4 6h5M13 6h3M4 10h2M10 10h6M4 14h7M15 14h1M11 4.5v3M8 8.5v3M13 12.5v3',
  robot: 'M4.5 7.5h11v8h-11zM10 7.5V4.5M10 4h.01M8 11v.8M12 11v.8M2.5 10.5v2M17.5 10.5v2',
};

/// Builds an element. `attributes`: `class`, `text`, `on` (listeners), `data`, or plain attributes;
/// null and false leave one out. Children are nodes or strings; null and false are skipped.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') node.className = value;
    else if (name === 'text') node.textContent = value;
    else if (name === 'on') for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === 'data') Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  append(node, children);
  return node;
}

/// Appends nodes and strings, flattening lists and skipping what is null or false.
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/// Replaces all children of a node.
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

/// A drawn icon; decoration only, so hidden from screen readers.
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name] ?? '');
  svg.append(path);
  return svg;
}

/// Puts the icon named in `data-icon` in front of whatever the static HTML holds.
export function drawIcons(root = document) {
  for (const node of root.querySelectorAll('[data-icon]')) {
    if (!node.querySelector('svg.icon')) node.prepend(icon(node.dataset.icon));
  }
}

/// A link that opens elsewhere, or null when the address is not plain http(s).
export function outwardLink(address, attributes, ...children) {
  const url = webAddress(address);
  if (!url) return null;
  return el('a', { ...attributes, href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);
}

/// The address as a URL when it is http or https, else null: `javascript:` must never be a link.
export function webAddress(address) {
  try {
    const url = new URL(String(address));
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
  } catch {
    return null;
  }
}

/// Shows a short notice for some seconds; `tone` is `plain`, `good` or `bad`.
export function toast(text, tone = 'plain') {
  let shelf = document.querySelector('.toasts');
  if (!shelf) {
    shelf = el('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
    document.body.append(shelf);
  }
  const note = el('div', { class: `toast ${tone}`, text });
  shelf.append(note);
  while (shelf.children.length > 4) shelf.firstElementChild.remove();
  setTimeout(() => note.classList.add('leaving'), 5200);
  setTimeout(() => note.remove(), 5600);
}

/// Runs `work` after the last of several calls in a row.
export function settled(work, wait = 120) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  };
}

/// A value of session or local storage; both may be forbidden, then it is as if empty.
export function recall(store, key) {
  try {
    return window[store].getItem(key);
  } catch {
    return null;
  }
}

/// Keeps a value in session or local storage where that is allowed.
export function remember(store, key, value) {
  try {
    window[store].setItem(key, value);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/// Changes one parameter of the address without loading anything.
export function setAddress(key, value) {
  const url = new URL(location.href);
  if (value === null) url.searchParams.delete(key);
  else url.searchParams.set(key, value);
  history.replaceState(null, '', url);
}

// Drawing a part of a page anew under somebody's hands: the focus and what is being typed stay, and
// a box that is only being replaced does not count as left.

let redrawing = false;

/// Runs `build`, which replaces the content of `root`; elements are known again by `data-key`.
export function redraw(root, build) {
  const held = keep(root);
  redrawing = true;
  try {
    build();
  } finally {
    redrawing = false;
  }
  if (held) restore(root, held);
}

/// Calls `work` when a person leaves a box. Browsers tell so for a box that is taken away, too.
export function onLeave(box, work) {
  box.addEventListener('blur', () => {
    if (!redrawing && box.isConnected) work();
  });
}

function keep(root) {
  const node = document.activeElement;
  if (!node || !root.contains(node) || !node.dataset.key) return null;
  const typing = node.localName === 'input' && node.type === 'text';
  return { key: node.dataset.key, value: typing ? node.value : null, start: typing ? node.selectionStart : 0, end: typing ? node.selectionEnd : 0 };
}

function restore(root, held) {
  const node = [...root.querySelectorAll('[data-key]')].find((one) => one.dataset.key === held.key);
  if (!node) return;
  node.focus({ preventScroll: true });
  if (held.value === null) return;
  node.value = held.value;
  node.setSelectionRange(held.start, held.end);
}

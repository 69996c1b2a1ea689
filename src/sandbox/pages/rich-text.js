// Rich text: a Quill delta (a list of inserts with attributes) as paragraphs, lists and headings.

import { el, append } from '/assets/page.js';
import { outwardLink } from '/assets/page.js';
import { markup } from '/assets/markup.js';
import { picture } from '/assets/picture.js';

/// Reads the delta of a richText content, whichever of its two fields holds it; null when broken.
export function delta(content) {
  for (const field of [content.v2, content.document]) {
    let found = field;
    if (typeof found === 'string') {
      try {
        found = JSON.parse(found);
      } catch {
        continue;
      }
    }
    if (found && Array.isArray(found.ops)) found = found.ops;
    if (Array.isArray(found)) return found;
  }
  return null;
}

/// The words of a delta alone.
export function deltaText(operations) {
  return operations.map((one) => (typeof one?.insert === 'string' ? one.insert : ' ')).join('');
}

/// A delta as block elements.
export function richText(operations, view) {
  const root = el('div', { class: 'rich' });
  let line = [];
  let list = null;

  const end = (attributes = {}) => {
    const kind = attributes.list === 'ordered' ? 'ol' : attributes.list ? 'ul' : null;
    if (kind) {
      if (list?.localName !== kind) root.append((list = el(kind)));
      list.append(el('li', {}, line));
    } else {
      list = null;
      root.append(block(attributes, line));
    }
    line = [];
  };

  for (const operation of operations) {
    if (!operation || typeof operation !== 'object') continue;
    const attributes = operation.attributes ?? {};
    if (typeof operation.insert !== 'string') {
      const source = operation.insert?.source ?? operation.insert?.image;
      if (typeof source === 'string') line.push(picture(source, operation.insert.name, operation.insert));
      continue;
    }
    const pieces = operation.insert.split('\n');
    pieces.forEach((piece, index) => {
      if (piece) line.push(inline(piece, attributes, view));
      if (index < pieces.length - 1) end(attributes);
    });
  }
  if (line.length > 0) end();
  return root;
}

function block(attributes, line) {
  const content = line.length > 0 ? line : [el('br')];
  // Headings of a message are no headings of the page.
  if (attributes.header) return el('p', { class: `title-${Math.min(3, Math.max(1, Number(attributes.header) || 1))}` }, content);
  if (attributes.blockquote) return el('blockquote', {}, content);
  if (attributes['code-block']) return el('pre', {}, content);
  return el('p', {}, content);
}

function inline(text, attributes, view) {
  let nodes = markup(text, view);
  const wrap = (tag) => {
    nodes = [append(el(tag), nodes)];
  };
  if (attributes.bold) wrap('strong');
  if (attributes.italic) wrap('em');
  if (attributes.underline) wrap('u');
  if (attributes.strike) wrap('s');
  if (attributes.code) wrap('code');
  if (typeof attributes.link === 'string') {
    const link = outwardLink(attributes.link, { class: 'link' });
    if (link) nodes = [append(link, nodes)];
  }
  return nodes;
}

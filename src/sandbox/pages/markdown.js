// The little markdown of message cards: headings, lists, quotes, code, emphasis, links. No HTML.

import { el, outwardLink } from '/assets/page.js';
import { markup } from '/assets/markup.js';

const INLINE = /(`[^`\n]+`)|(\*\*[^*\n]+\*\*|__[^_\n]+__)|(~~[^~\n]+~~)|(\*[^*\n]+\*)|(\[[^\]\n]{1,300}\]\([^)\s]{1,1000}\))|\\([\\`*_~[\](){}#+.!|>-])/;

/// A markdown text as block elements.
export function markdown(text, view) {
  const root = el('div', { class: 'markdown' });
  const lines = String(text ?? '').replace(/\r\n?/g, '\n').split('\n');
  let paragraph = null;
  let list = null;
  const close = () => {
    paragraph = null;
    list = null;
  };

  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    if (/^\s*```/.test(line)) {
      const from = at + 1;
      for (at = from; at < lines.length && !/^\s*```/.test(lines[at]); ) at += 1;
      root.append(el('pre', { text: lines.slice(from, at).join('\n') }));
      close();
      continue;
    }
    const heading = /^(#{1,6})\s+(.+)$/.exec(line);
    const item = /^\s*(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/.exec(line);
    const quote = /^\s*>\s?(.*)$/.exec(line);
    if (!line.trim()) close();
    else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      root.append(el('hr'));
      close();
    } else if (heading) {
      root.append(el('p', { class: `title-${Math.min(3, heading[1].length)}` }, inline(heading[2], view)));
      close();
    } else if (item) {
      const kind = item[1] ? 'ul' : 'ol';
      if (list?.localName !== kind) {
        list = el(kind, kind === 'ol' && item[2] !== '1' ? { start: item[2] } : {});
        root.append(list);
      }
      list.append(el('li', {}, inline(item[3], view)));
      paragraph = null;
    } else if (quote) {
      root.append(el('blockquote', {}, inline(quote[1], view)));
      close();
    } else if (paragraph) paragraph.append(el('br'), ...inline(line, view));
    else {
      paragraph = el('p', {}, inline(line, view));
      root.append(paragraph);
      list = null;
    }
  }
  return root;
}

// A loop and not a recursion over the rest: a long line of stars must not exhaust the stack.
function inline(text, view) {
  const nodes = [];
  let rest = text;
  for (let match = INLINE.exec(rest); match; match = INLINE.exec(rest)) {
    if (match.index > 0) nodes.push(markup(rest.slice(0, match.index), view));
    nodes.push(styled(match, match[0], view));
    rest = rest.slice(match.index + match[0].length);
  }
  nodes.push(markup(rest, view));
  return nodes.flat(Infinity);
}

function styled(match, token, view) {
  if (match[1]) return el('code', { text: token.slice(1, -1) });
  if (match[2]) return el('strong', {}, inline(token.slice(2, -2), view));
  if (match[3]) return el('s', {}, inline(token.slice(2, -2), view));
  if (match[4]) return el('em', {}, inline(token.slice(1, -1), view));
  if (match[5]) {
    const middle = token.indexOf('](');
    const words = token.slice(1, middle);
    return outwardLink(token.slice(middle + 2, -1), { class: 'link' }, markup(words, view)) ?? words;
  }
  return match[6];
}

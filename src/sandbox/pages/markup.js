// The chat's own markup inside texts: mentions of members and roles, channel links, command chips.

import { el, outwardLink } from '/assets/page.js';
import { nameOf, roleName, channel, oneLine } from '/assets/world.js';
import { t } from '/assets/words.js';

const SIMPLE = /^\$\{(@!|@&|#)(\d{1,20})\}/;
const LONGEST_COMMAND = 2000;
const WEB = /https?:\/\/[^\s<>"'“”‘’（）()，。；！？、]+/g;

/// Splits a text into parts: `{kind: 'text'|'member'|'role'|'channel'|'command', value}`.
export function parts(text) {
  const found = [];
  let plain = '';
  const flush = () => {
    if (plain) found.push({ kind: 'text', value: plain });
    plain = '';
  };
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('${', at)) {
      const simple = SIMPLE.exec(text.slice(at, at + 26));
      const end = simple ? at + simple[0].length : text[at + 2] === '/' ? closing(text, at) : -1;
      if (end > 0) {
        flush();
        if (simple) found.push({ kind: { '@!': 'member', '@&': 'role', '#': 'channel' }[simple[1]], value: simple[2] });
        else found.push({ kind: 'command', value: text.slice(at + 3, end - 1) });
        at = end;
        continue;
      }
    }
    plain += text[at];
    at += 1;
  }
  flush();
  return found;
}

// A command token may hold mentions of its own, so its end is found by counting braces; not
// farther than any real command reaches, or a wall of open braces would take for ever.
function closing(text, from) {
  const limit = Math.min(text.length, from + LONGEST_COMMAND);
  let open = 0;
  for (let at = from; at < limit; at += 1) {
    if (text.startsWith('${', at)) {
      open += 1;
      at += 1;
    } else if (text[at] === '}') {
      open -= 1;
      if (open === 0) return at + 1;
    }
  }
  const first = text.slice(from, limit).indexOf('}');
  return first < 0 ? -1 : from + first + 1;
}

/// A text with its markup as nodes; `view` names the guild and the person who looks.
export function markup(text, view) {
  return parts(String(text ?? '')).map((part) => {
    switch (part.kind) {
      case 'member':
        return chip(`@${nameOf(part.value, view.guild)}`, part.value === view.me ? 'mention mine' : 'mention', part.value);
      case 'role': {
        const mine = view.myRoles?.includes(part.value) || part.value === view.guild;
        return chip(`@${roleName(part.value, view.guild)}`, mine ? 'mention mine' : 'mention', part.value);
      }
      case 'channel':
        return chip(`#${oneLine(channel(part.value)?.name) || t('unknown.channel')}`, 'mention', part.value);
      case 'command':
        return el('span', { class: 'chip command' }, '/', markup(part.value, view));
      default:
        return linked(part.value);
    }
  });
}

function chip(text, kind, id) {
  return el('span', { class: `chip ${kind}`, title: id }, el('bdi', { text }));
}

function linked(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(WEB)) {
    const link = outwardLink(match[0], { class: 'link' }, match[0]);
    if (!link) continue;
    nodes.push(text.slice(from, match.index), link);
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

/// A text with its markup spelled out, on one line, for quotes and notices.
export function plain(text, guildId) {
  const words = parts(String(text ?? '')).map((part) => {
    if (part.kind === 'member') return `@${nameOf(part.value, guildId)}`;
    if (part.kind === 'role') return `@${roleName(part.value, guildId)}`;
    if (part.kind === 'channel') return `#${oneLine(channel(part.value)?.name) || t('unknown.channel')}`;
    if (part.kind === 'command') return `/${plain(part.value, guildId)}`;
    return part.value;
  });
  return oneLine(words.join(''));
}

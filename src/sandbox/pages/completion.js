// What the composer can complete and what its visible chips mean on the wire. Pure functions: text
// in, suggestions or wire text out. A chip is the plain label `@name` in the text box; the label
// belongs to exactly one member, role or channel, so the text box stays an ordinary text box.

import { guild, bot, commands, commandView, oneLine } from '/assets/world.js';
import { t } from '/assets/words.js';

const MOST = 8;

// Signs that would break markup or turn the text around have no place in a label.
const labelled = (name) => oneLine(name).replace(/[${}\p{Cf}]/gu, '').slice(0, 40).trim();

/// All labels of a place: `{label, wire, kind, id, name, note}`, longest first. In the private chat
/// (`guildId` null) only the bot can be called.
export function labels(guildId) {
  const place = guildId ? guild(guildId) : null;
  const found = [];
  const members = place ? place.members : [{ id: bot().id, nickname: bot().name, bot: true }];
  const names = members.map((one) => labelled(one.guild_nick || one.nickname));
  members.forEach((one, index) => {
    const tag = one.short_id ?? one.id;
    const name = names[index] || tag;
    const shared = names.filter((other) => other === names[index]).length > 1;
    const label = shared ? `@${name}#${tag}` : `@${name}`;
    found.push({ label, wire: `\${@!${one.id}}`, kind: 'member', id: one.id, name: oneLine(one.guild_nick || one.nickname), note: one.short_id ? `#${one.short_id}` : '', words: [name, tag, labelled(one.nickname)] });
  });
  const taken = new Set(found.map((one) => one.label));
  for (const role of place ? [...place.roles.filter((one) => one.id !== place.id), { id: place.id, name: t('everyone') }] : []) {
    const name = labelled(role.name);
    if (!name) continue;
    const label = taken.has(`@${name}`) ? `@&${name}` : `@${name}`;
    if (taken.has(label)) continue;
    taken.add(label);
    found.push({ label, wire: `\${@&${role.id}}`, kind: 'role', id: role.id, name, note: t('completion.role'), words: [name] });
  }
  for (const channel of place?.channels ?? []) {
    const name = labelled(channel.name);
    if (name && !taken.has(`#${name}`)) found.push({ label: `#${name}`, wire: `\${#${channel.id}}`, kind: 'channel', id: channel.id, name, note: '', words: [name] });
  }
  return found.sort((left, right) => right.label.length - left.label.length);
}

/// Cuts a text into plain runs (strings) and chips (`{label, …}`).
export function pieces(text, known) {
  const found = [];
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const sign = text[at];
    // `${@!…}` typed by hand is left as it stands, and so is an address like `a@b`.
    const hit = (sign === '@' || sign === '#') && !/[\w{]/.test(text[at - 1] ?? ' ') ? known.find((one) => fits(text, at, one.label)) : null;
    if (!hit) {
      plain += sign;
      at += 1;
      continue;
    }
    if (plain) found.push(plain);
    plain = '';
    found.push(hit);
    at += hit.label.length;
  }
  if (plain) found.push(plain);
  return found;
}

// `@bob` is not a part of `@bobby`; signs without letters between words need no gap.
function fits(text, at, label) {
  if (!text.startsWith(label, at)) return false;
  const last = label.at(-1);
  const next = text[at + label.length] ?? ' ';
  return !(/[\w-]/.test(last) && /[\w-]/.test(next));
}

/// The text as it goes over the wire.
export function wireText(text, known) {
  return pieces(text, known).map((piece) => (typeof piece === 'string' ? piece : piece.wire)).join('');
}

/// The text in the shape the chat client would give it. Source of the shapes: fanbook-platform, 3.2.
export function shaped(wire, shape) {
  const me = `\${@!${bot().id}}`;
  const bare = wire.startsWith(me) ? wire.slice(me.length).trimStart() : wire;
  const command = /^[/／](\S+)([\s\S]*)$/.exec(bare);
  switch (shape) {
    case 'registered':
      return command ? `${me}\${/${command[1]}}${command[2]}` : wire;
    case 'registered_args':
      return command ? `${me}\${/${command[1]}${command[2]}}` : wire;
    case 'mention_only':
      return command ? `${me}${command[1]}${command[2]}` : wire.startsWith(me) ? wire : `${me}${wire}`;
    default:
      return wire;
  }
}

/// The command a text begins with, as `commandView`, or null.
export function commandOf(text) {
  const match = /^\s*(?:@\S+\s*)?[/／](\S+)/.exec(text);
  if (!match) return null;
  const word = match[1].toLowerCase();
  return commands().map(commandView).find((view) => view.words.some((one) => one.toLowerCase() === word)) ?? null;
}

/// What could stand at the caret: `{from, to, exact, items: [{insert, kind, title, note, summary, id}]}`
/// or null. `exact` says that what is typed is already a whole suggestion.
export function suggestions(text, caret, known) {
  const before = text.slice(0, caret);
  const command = /^\s*(?:@\S+\s*)?[/／](\S*)$/.exec(before);
  if (command) return commandSuggestions(command[1], caret);
  const mention = /(?:^|[^\w{$])([@＠#＃])([^\s@＠#＃]*)$/.exec(before);
  if (mention) return labelSuggestions(mention[1] === '#' || mention[1] === '＃' ? '#' : '@', mention[2], caret, known);
  return null;
}

function commandSuggestions(typed, caret) {
  const query = typed.toLowerCase();
  const ranked = commands().map(commandView).map((view) => {
    const words = view.words.map((word) => word.toLowerCase());
    const starts = words.findIndex((word) => word.startsWith(query));
    const rank = starts === 0 ? 0 : starts > 0 ? 1 : words.some((word) => word.includes(query)) ? 2 : 9;
    // Whoever types an English alias on a Chinese page goes on in English.
    return { view, rank, word: query && rank === 1 ? view.words[starts] : view.word };
  }).filter((one) => one.rank < 9).sort((left, right) => left.rank - right.rank);
  const items = ranked.slice(0, 30).map(({ view, word }) => ({ insert: `/${word} `, kind: 'command', title: `/${word}`, note: argumentsOf(view), summary: view.summary }));
  if (items.length === 0) return null;
  const exact = ranked.some(({ view }) => view.words.some((word) => word.toLowerCase() === query));
  return { from: caret - typed.length - 1, to: caret, exact, items };
}

const argumentsOf = (view) => view.usage.replace(/^\S+\s*/, '');

function labelSuggestions(sign, typed, caret, known) {
  const query = typed.toLowerCase();
  const fitting = known.filter((one) => one.label.startsWith(sign));
  const ranked = fitting.map((one) => {
    const words = one.words.map((word) => word.toLowerCase());
    const rank = words.some((word) => word.startsWith(query)) ? 0 : words.some((word) => word.includes(query)) ? 1 : 9;
    return { one, rank: rank + (one.kind === 'role' ? 0.5 : 0) };
  }).filter((entry) => entry.rank < 9).sort((left, right) => left.rank - right.rank || left.one.label.localeCompare(right.one.label));
  const items = ranked.slice(0, MOST).map(({ one }) => ({ insert: `${one.label} `, kind: one.kind, title: one.name, note: one.note, summary: '', id: one.id }));
  if (items.length === 0) return null;
  const exact = items.length === 1 && fitting.some((one) => one.label.toLowerCase() === sign + query);
  return { from: caret - typed.length - 1, to: caret, exact, items };
}

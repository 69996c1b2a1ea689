// One message as it stands in the feed: portrait, name, badges, quote, content, buttons.

import { el, icon, outwardLink } from '/assets/page.js';
import { content, summary } from '/assets/content.js';
import { avatar } from '/assets/avatar.js';
import { nameOf, rolesOf, owns, isBot, oneLine } from '/assets/world.js';
import { t, clock, fullTime, iso } from '/assets/words.js';

/// Builds the row of a message. `scene`: `{view, grouped, find, pending, onReply, onPress, onJump}`.
export function messageRow(message, scene) {
  const author = message.author ?? {};
  const name = nameOf(author.id, scene.view.guild, author.name);
  const robot = Boolean(author.bot) || isBot(author.id);
  const classes = ['message'];
  if (scene.grouped) classes.push('grouped');
  if (message.ephemeral) classes.push('ephemeral');
  if (message.deleted) classes.push('deleted');
  if (author.id === scene.view.me) classes.push('own');
  if (mentions(message, scene.view)) classes.push('for-me');

  return el('article', { class: classes.join(' '), data: { id: message.id }, tabindex: '-1', 'aria-label': t('message.label', { name, time: clock(message.time_ms) }) },
    el('div', { class: 'gutter' },
      scene.grouped ? el('time', { class: 'side-time', datetime: iso(message.time_ms), text: clock(message.time_ms) }) : avatar(author.id, name)),
    el('div', { class: 'body' },
      message.reply_to && quote(message, scene),
      !scene.grouped && heading(message, name, robot, scene.view),
      message.deleted ? el('div', { class: 'text quiet', text: t('message.deleted') }) : [
        el('div', { class: 'content' }, content(message.content, scene.view), edited(message)),
        keyboard(message, scene),
        message.ephemeral && el('div', { class: 'only-you' }, icon('eye'), t('message.ephemeral')),
      ]),
    !message.deleted && tools(message, name, scene));
}

/// A message in one line for quotes.
export function messageSummary(message, guildId) {
  return message.deleted ? t('message.deleted') : summary(message.content, guildId);
}

function heading(message, name, robot, view) {
  const role = robot ? null : rolesOf(message.author.id, view.guild)[0];
  return el('div', { class: 'heading' },
    el('bdi', { class: 'author', text: name }),
    robot && el('span', { class: 'badge robot', text: t('bot') }),
    !robot && owns(message.author.id, view.guild) && el('span', { class: 'badge owner', text: t('owner') }),
    role && el('span', { class: 'badge role', title: t('role.highest') }, el('bdi', { text: oneLine(role.name) })),
    el('time', { class: 'time', datetime: iso(message.time_ms), title: fullTime(message.time_ms), text: clock(message.time_ms) }));
}

function edited(message) {
  if (!message.edited_ms) return null;
  return el('span', { class: 'edited', title: fullTime(message.edited_ms), text: t('message.edited') });
}

function quote(message, scene) {
  const origin = scene.find(message.reply_to);
  if (!origin) return el('div', { class: 'quote lost' }, icon('reply'), t('message.quote.lost'));
  const name = nameOf(origin.author?.id, scene.view.guild, origin.author?.name);
  return el('button', { class: 'quote', type: 'button', on: { click: () => scene.onJump(origin.id) }, 'aria-label': t('message.quote.jump', { name }) },
    icon('reply'), el('bdi', { class: 'quote-name', text: name }), el('span', { class: 'quote-text', text: messageSummary(origin, scene.view.guild) }));
}

function keyboard(message, scene) {
  const rows = Array.isArray(message.buttons) ? message.buttons.filter((row) => Array.isArray(row) && row.length > 0) : [];
  if (rows.length === 0) return null;
  return el('div', { class: 'keyboard' }, rows.map((row) => el('div', { class: 'keys' }, row.map((button) => key(message, button, scene)))));
}

function key(message, button, scene) {
  const label = oneLine(button?.text) || '…';
  const data = button?.callback_data;
  if (typeof data === 'string') {
    const name = `${message.id} ${data}`;
    const waiting = scene.pending.has(name);
    return el('button', { class: `key${waiting ? ' waiting' : ''}`, type: 'button', 'aria-busy': waiting ? 'true' : null, data: { key: name }, on: { click: () => scene.onPress(message, data) } },
      el('bdi', { text: label }));
  }
  return outwardLink(button?.url, { class: 'key' }, el('bdi', { text: label }), icon('link')) ?? el('span', { class: 'key idle' }, el('bdi', { text: label }));
}

function tools(message, name, scene) {
  return el('div', { class: 'tools' },
    el('button', { class: 'tool', type: 'button', title: t('message.reply'), 'aria-label': t('message.reply.to', { name }), on: { click: () => scene.onReply(message) } }, icon('reply')));
}

// Whether the person who looks is called in a text; then the row is tinted.
function mentions(message, view) {
  const text = message.content?.type === 'text' ? String(message.content.text ?? '') : '';
  if (!text.includes('${@')) return false;
  if (view.me && text.includes(`\${@!${view.me}}`)) return true;
  return [...(view.myRoles ?? []), view.guild].some((role) => role && text.includes(`\${@&${role}}`));
}

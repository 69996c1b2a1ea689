// The left side's list of places: guilds with their channels, and the private chat with the bot.

import { el, fill, icon } from '/assets/page.js';
import { avatar, hue, initial } from '/assets/avatar.js';
import { guilds, bot, belongs, oneLine, PRIVATE } from '/assets/world.js';
import { t } from '/assets/words.js';

/// Draws the list into `root`. `here`: `{me, channel, unread}`; `go(channelId)` is called on a choice.
export function drawPlaces(root, here, go) {
  const held = root.contains(document.activeElement) ? document.activeElement.dataset.channel : null;
  const mine = guilds().filter((guild) => belongs(here.me, guild.id));
  fill(root,
    mine.map((guild) => el('section', { class: 'place-group', 'aria-label': oneLine(guild.name) },
      el('h2', { class: 'place-title' }, seal(guild), el('bdi', { text: oneLine(guild.name) })),
      el('ul', {}, guild.channels.map((channel) => entry(channel.id, icon('hash'), oneLine(channel.name), here, go))))),
    el('section', { class: 'place-group', 'aria-label': t('places.private') },
      el('h2', { class: 'place-title plain', text: t('places.private') }),
      el('ul', {}, entry(PRIVATE, avatar(bot().id, bot().name, 'tiny'), oneLine(bot().name) || t('bot'), here, go))));
  if (held) [...root.querySelectorAll('[data-channel]')].find((node) => node.dataset.channel === held)?.focus();
}

function seal(guild) {
  const node = el('span', { class: 'seal', 'aria-hidden': 'true', text: initial(guild.name) });
  node.style.setProperty('--hue', String(hue(guild.id)));
  return node;
}

function entry(id, sign, name, here, go) {
  const unread = here.unread.get(id) ?? 0;
  const current = id === here.channel;
  return el('li', {}, el('button', { class: `place${current ? ' current' : ''}${unread ? ' unread' : ''}`, type: 'button', 'aria-current': current ? 'page' : null, data: { channel: id }, on: { click: () => go(id) } },
    sign, el('bdi', { class: 'place-name', text: name }),
    unread > 0 && el('span', { class: 'count', 'aria-label': t('places.unread', { n: unread }), text: unread > 99 ? '99+' : String(unread) })));
}

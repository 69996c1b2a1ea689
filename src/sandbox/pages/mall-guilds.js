// The guilds' side of the mall: the switch 第三方机器人 / 是否开启, the balances, and the ban.

import { el, fill, toast } from '/assets/page.js';
import { avatar, hue, initial } from '/assets/avatar.js';
import { bot, compareIds, guild, nameOf, noteOf, oneLine } from '/assets/world.js';
import { redraw, onLeave } from '/assets/redraw.js';
import { t, number } from '/assets/words.js';

const MOST_POINTS = 2147483647;
const DIGITS = /^\d{1,10}$/;

/// Draws one card a guild and the ban below; keeps what somebody is typing.
export function drawGuilds(root, mall, order) {
  redraw(root, () => fill(root,
    (mall.guilds ?? []).map((shop) => shopCard(shop, order)),
    el('section', { class: 'panel' }, toggle({
      key: 'banned', on: Boolean(mall.banned), title: t('mall.banned'), note: t('mall.banned.note'), danger: true,
      change: (banned) => order('/sandbox/mall/banned', { banned }),
    }))));
}

function shopCard(shop, order) {
  const name = oneLine(shop.name ?? guild(shop.id)?.name) || `…${String(shop.id).slice(-4)}`;
  const seal = el('span', { class: 'seal', 'aria-hidden': 'true', text: initial(name) });
  seal.style.setProperty('--hue', String(hue(shop.id)));
  const balances = [...(shop.balances ?? [])].sort((left, right) => right.points - left.points || compareIds(left.user, right.user));
  return el('section', { class: 'panel shop', 'aria-label': name },
    el('div', { class: 'panel-head' }, seal, el('h2', {}, el('bdi', { text: name })), el('span', { class: `state${shop.on ? ' good' : ''}`, text: shop.on ? t('mall.guild.on') : t('mall.guild.off') })),
    el('div', { class: 'admin' },
      el('div', { class: 'admin-title', text: t('mall.guild.bots') }),
      el('div', { class: 'admin-row' }, avatar(bot().id, bot().name, 'small'), el('div', { class: 'admin-words' }, el('bdi', { class: 'admin-name', text: oneLine(bot().name) || t('bot') }), el('span', { class: 'hint', text: t('mall.guild.bot.note') }))),
      toggle({ key: `switch ${shop.id}`, on: Boolean(shop.on), title: t('mall.guild.switch'), change: (on) => order('/sandbox/mall/switch', { guild: shop.id, on }) })),
    el('h3', { text: t('mall.balances') }),
    balances.length === 0 && el('p', { class: 'hint', text: t('mall.balance.empty') }),
    el('ul', { class: 'balances' }, balances.map((one) => balance(shop, one, order))),
    opener(shop, balances, order));
}

/// A switch with its words.
export function toggle({ key, on, title, note, danger, change }) {
  return el('label', { class: `toggle${danger ? ' danger' : ''}` },
    el('span', { class: 'toggle-words' }, el('span', { text: title }), note && el('span', { class: 'hint', text: note })),
    el('input', { type: 'checkbox', role: 'switch', checked: on, data: { key }, on: { change: (event) => change(event.target.checked) } }));
}

function balance(shop, one, order) {
  const name = nameOf(one.user, shop.id);
  const box = pointsBox({ key: `balance ${shop.id} ${one.user}`, name, points: one.points, save: (points) => order('/sandbox/mall/balance', { guild: shop.id, user: one.user, points }, t('mall.balance.saved', { name, n: number(points) })) });
  return el('li', {}, avatar(one.user, name, 'tiny'), el('bdi', { class: 'balance-name', text: name, title: name }), box);
}

/// A box with somebody's points; `save(points)` is called when another number was typed.
export function pointsBox({ key, name, points, save }) {
  const box = el('input', { class: 'points', type: 'text', inputmode: 'numeric', value: number(points), 'aria-label': t('mall.balance.of', { name }), data: { key, points: String(points) } });
  box.addEventListener('focus', () => {
    if (box.value === number(points)) box.value = String(points);
    box.select();
  });
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') box.blur();
    if (event.key === 'Escape') {
      box.value = String(points);
      box.blur();
    }
  });
  onLeave(box, () => {
    const wish = box.value.replace(/[,，\s]/g, '');
    if (!DIGITS.test(wish) || Number(wish) > MOST_POINTS) toast(t('mall.balance.range'), 'bad');
    else if (Number(wish) !== points) save(Number(wish));
    box.value = number(points);
  });
  return box;
}

// Members without an account can be given one.
function opener(shop, balances, order) {
  const place = guild(shop.id);
  const others = (place?.members ?? []).filter((one) => !one.bot && !balances.some((known) => known.user === one.id));
  if (others.length === 0) return null;
  return el('ul', { class: 'balances closed' }, others.map((one) => {
    const name = nameOf(one.id, shop.id);
    return el('li', {}, avatar(one.id, name, 'tiny'),
      el('span', { class: 'balance-name' }, el('bdi', { text: name, title: noteOf(one) })),
      el('button', { class: 'button small', type: 'button', data: { key: `open ${shop.id} ${one.id}` }, text: t('mall.balance.add'), on: { click: () => order('/sandbox/mall/balance', { guild: shop.id, user: one.id, points: 0 }) } }));
  }));
}

// The Manta page: the bot and its credentials on the left, its clients and their points in the middle.

import { el, fill } from '/assets/page.js';
import { MANTA_ENDPOINTS } from '/assets/fault-kinds.js';
import { pointsBox, toggle } from '/assets/mall-guilds.js';
import { cell, table } from '/assets/mall-records.js';
import { redraw } from '/assets/redraw.js';
import { byId, systemPage } from '/assets/system-page.js';
import { t, number, fullTime, iso } from '/assets/words.js';

function drawBots(manta, order) {
  const root = byId('guilds');
  redraw(root, () => fill(root, manta.bots.map((bot) => el('section', { class: 'panel', 'aria-label': t('manta.bot') },
    el('div', { class: 'panel-head' }, el('h2', { text: t('manta.bot') }), el('span', { class: `state${bot.plan_open ? ' good' : ''}`, text: t(bot.plan_open ? 'mall.guild.on' : 'mall.guild.off') })),
    el('dl', { class: 'facts' },
      el('div', {}, el('dt', { text: 'botId' }), el('dd', {}, el('code', { text: bot.id }))),
      el('div', {}, el('dt', { text: t('manta.expires') }), el('dd', {}, el('time', { datetime: iso(bot.expires_ms), text: fullTime(bot.expires_ms) })))),
    bot.own && toggle({ key: 'plan', on: bot.plan_open, title: t('manta.plan'), note: t('manta.plan.note'), change: (open) => order('/sandbox/manta/plan', { open }, t('mall.saved')) }),
    bot.own && el('div', { class: 'row-form' },
      el('button', { class: 'button small', type: 'button', data: { key: 'renew' }, text: t('manta.renew'), on: { click: () => order('/sandbox/manta/renew', {}, t('manta.renewed')) } })),
    bot.own && el('p', { class: 'hint', text: t('manta.renew.note') })))));
}

function drawClients(manta, order) {
  const own = manta.bots.find((bot) => bot.own);
  const clients = own?.clients ?? [];
  byId('clients-count').textContent = t('manta.clients.count', { n: number(clients.length) });
  const root = byId('clients-table');
  if (clients.length === 0) {
    fill(root, el('p', { class: 'nothing', text: t('manta.clients.empty') }));
    return;
  }
  const rows = clients.map((client) => el('tr', {},
    cell('id client', 'manta.client', el('code', { text: client.id })),
    cell('platform', 'manta.platform', client.platform),
    cell('id', 'manta.platform.id', el('code', { text: client.platform_client_id })),
    cell('id', 'manta.customer', client.customer_id ? el('code', { text: client.customer_id }) : '–'),
    cell('balance', 'mall.records.points', pointsBox({ key: `points ${client.id}`, name: client.id, points: client.points, save: (points) => order('/sandbox/manta/points', { client: client.id, points }, t('mall.balance.saved', { name: client.id, n: number(points) })) }))));
  redraw(root, () => fill(root, table(['manta.client', 'manta.platform', 'manta.platform.id', 'manta.customer', 'mall.records.points'], rows, 'clients')));
}

systemPage({
  system: 'manta',
  names: MANTA_ENDPOINTS,
  draw(manta, order) {
    drawBots(manta, order);
    drawClients(manta, order);
  },
});

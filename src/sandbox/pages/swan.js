// The Swan page: users and what events are worth on the left, the ledger of all of them in the middle.

import { el, fill } from '/assets/page.js';
import { SWAN_ENDPOINTS } from '/assets/fault-kinds.js';
import { pointsBox } from '/assets/mall-guilds.js';
import { cell, table, time } from '/assets/mall-records.js';
import { redraw } from '/assets/redraw.js';
import { byId, systemPage } from '/assets/system-page.js';
import { t, dayAndClock, number, signed } from '/assets/words.js';

// A long run enters thousands; the count tells of all, the table shows the newest.
const MOST_ROWS = 300;

let newest = null;
// What is being typed outlives a redrawing.
const typed = { user: '', type: '', worth: '' };

function drawUsers(swan, order) {
  const root = byId('guilds');
  redraw(root, () => fill(root,
    el('section', { class: 'panel', 'aria-label': t('swan.users') },
      el('div', { class: 'panel-head' }, el('h2', { text: t('swan.users') })),
      el('ul', { class: 'balances' }, swan.users.map((user) => userRow(user, order))),
      form([box('user', '@retail_1:corp.example', 'swan.user.id')], 'swan.user.add', () => {
        if (typed.user.trim()) order('/sandbox/swan/balance', { user: typed.user.trim(), points: 0 }).then((done) => done && clear('user'));
      })),
    el('section', { class: 'panel', 'aria-label': t('swan.rules') },
      el('div', { class: 'panel-head' }, el('h2', { text: t('swan.rules') })),
      el('p', { class: 'hint', text: t('swan.rules.note') }),
      el('ul', { class: 'balances' }, swan.rules.map((rule) => ruleRow(rule, order))),
      form([box('type', 'VIEW_STUDIO', 'swan.rule.type'), box('worth', '5', 'swan.rule.worth', 'parameter')], 'swan.rule.add', () => {
        const points = Number(typed.worth.trim() || Number.NaN);
        if (typed.type.trim() && Number.isInteger(points)) order('/sandbox/swan/rule', { type: typed.type.trim(), points }, t('mall.saved')).then((done) => done && clear('type', 'worth'));
      }))));
}

function clear(...names) {
  for (const name of names) {
    typed[name] = '';
    const node = document.querySelector(`[data-key="typed ${name}"]`);
    if (node) node.value = '';
  }
}

function box(name, placeholder, label, kind) {
  const node = el('input', { type: 'text', class: kind ?? null, value: typed[name], placeholder, 'aria-label': t(label), data: { key: `typed ${name}` } });
  node.addEventListener('input', () => (typed[name] = node.value));
  return node;
}

function form(boxes, word, work) {
  return el('form', { class: 'row-form', on: { submit: (event) => {
    event.preventDefault();
    work();
  } } }, boxes, el('button', { class: 'button small', type: 'submit', data: { key: word }, text: t(word) }));
}

function userRow(user, order) {
  const kind = user.id.startsWith('@staff_') ? 'swan.staff' : 'swan.retail';
  return el('li', {},
    el('span', { class: 'account' }, el('code', { text: user.id, title: user.id }), el('span', { class: 'hint', text: t(kind) })),
    pointsBox({ key: `balance ${user.id}`, name: user.id, points: user.balance, save: (points) => order('/sandbox/swan/balance', { user: user.id, points }, t('mall.balance.saved', { name: user.id, n: number(points) })) }));
}

function ruleRow(rule, order) {
  return el('li', {},
    el('code', { class: 'balance-name', text: rule.type }),
    el('strong', { text: signed(rule.points) }),
    el('button', { class: 'button small', type: 'button', data: { key: `rule ${rule.type}` }, text: t('swan.rule.remove'), 'aria-label': t('swan.rule.remove.of', { type: rule.type }), on: { click: () => order('/sandbox/swan/rule', { type: rule.type, points: null }, t('mall.saved')) } }));
}

function drawLedger(swan) {
  byId('ledger-count').textContent = t('mall.records.count', { n: number(swan.entries) });
  const root = byId('ledger-table');
  const before = newest;
  newest = swan.entries;
  if (swan.ledger.length === 0) {
    fill(root, el('p', { class: 'nothing', text: t('swan.ledger.empty') }));
    return;
  }
  const rows = swan.ledger.slice(0, MOST_ROWS).map((entry, index) => el('tr', { class: before !== null && swan.entries - index > before ? 'fresh' : null },
    cell('time', 'mall.records.time', time(entry.time_ms, dayAndClock)),
    cell('who id', 'swan.user', el('code', { text: entry.user, title: entry.user })),
    cell(`points ${entry.points < 0 ? 'minus' : 'plus'}`, 'mall.records.points', signed(entry.points)),
    cell('remark', 'swan.info', el('bdi', { text: [entry.kind, entry.info].filter(Boolean).join(' · '), title: entry.info })),
    cell('biz', 'swan.transaction', entry.transaction_id ? el('code', { text: entry.transaction_id, title: entry.transaction_id }) : '–')));
  fill(root, table(['mall.records.time', 'swan.user', 'mall.records.points', 'swan.info', 'swan.transaction'], rows, 'records'));
}

systemPage({
  system: 'swan',
  names: SWAN_ENDPOINTS,
  draw(swan, order) {
    drawUsers(swan, order);
    drawLedger(swan);
  },
});

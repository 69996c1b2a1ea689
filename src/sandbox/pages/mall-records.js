// The two tables of the mall page: payments that took effect, and requests as they came.

import { el, fill, append } from '/assets/page.js';
import { avatar } from '/assets/avatar.js';
import { faultName } from '/assets/fault-kinds.js';
import { guild, nameOf, oneLine } from '/assets/world.js';
import { t, number, signed, clockSeconds, fullTime, iso } from '/assets/words.js';

// A long run books thousands; the count tells of all, the table shows the last.
const MOST_ROWS = 300;

let newest = null;

/// Payments, newest first.
export function drawRecords(root, count, records) {
  count.textContent = t('mall.records.count', { n: number(records.length) });
  if (records.length === 0) {
    newest ??= 0;
    fill(root, el('p', { class: 'nothing', text: t('mall.records.empty') }));
    return;
  }
  const before = newest;
  newest = records.length;
  const first = Math.max(0, records.length - MOST_ROWS);
  const rows = records.slice(first).map((one, index) => el('tr', { class: before !== null && first + index >= before ? 'fresh' : null },
    cell('time', 'mall.records.time', time(one.time_ms)),
    cell('who', 'mall.records.member', [avatar(one.user, nameOf(one.user, one.guild), 'tiny'), el('span', { class: 'two-lines' }, el('bdi', { text: nameOf(one.user, one.guild) }), el('bdi', { class: 'hint', text: oneLine(guild(one.guild)?.name) }))]),
    cell(`points ${one.points < 0 ? 'minus' : 'plus'}`, 'mall.records.points', signed(one.points)),
    cell('remark', 'mall.records.remark', el('bdi', { text: one.remark, title: one.remark })),
    cell('biz', 'mall.records.biz', el('code', { text: one.biz_id, title: one.biz_id }))));
  fill(root, table(['time', 'member', 'points', 'remark', 'biz'].map((name) => `mall.records.${name}`), rows.reverse(), 'records'));
}

/// Requests, newest first.
export function drawRequests(root, count, requests) {
  count.textContent = t('mall.requests.count', { n: number(requests.length) });
  if (requests.length === 0) {
    fill(root, el('p', { class: 'nothing', text: t('mall.requests.empty') }));
    return;
  }
  const rows = [...requests].sort((left, right) => right.time_ms - left.time_ms).map((one) => {
    const status = one.status ?? null;
    return el('tr', {},
      cell('time', 'mall.records.time', time(one.time_ms)),
      cell('endpoint', 'mall.requests.endpoint', el('code', { text: one.endpoint, title: [one.method, one.caller, one.request].filter(Boolean).join(' ') })),
      cell('status', 'mall.requests.status', el('span', { class: `pill ${status === null ? 'bad' : status < 300 ? '' : 'bad'}`, text: status ?? t('mall.requests.closed') })),
      cell('code', 'mall.requests.code', code(one)),
      cell('applied', 'mall.requests.applied', applied(one.applied)),
      cell('met', 'mall.requests.fault', one.fault ? el('span', { class: 'pill warn', text: typeof one.fault === 'string' ? faultName({ kind: one.fault }) : faultName(one.fault) }) : '–'));
  });
  const heads = ['mall.records.time', ...['endpoint', 'status', 'code', 'applied', 'fault'].map((name) => `mall.requests.${name}`)];
  fill(root, table(heads, rows, 'requests'));
}

function code(one) {
  const value = one.errcode ?? one.code ?? null;
  if (value === null) return '–';
  return el('span', { class: `pill ${Number(value) === 0 ? 'good' : 'warn'}`, text: value, title: one.words });
}

function applied(value) {
  if (value === true) return t('mall.yes');
  return Number(value) > 0 ? number(value) : '–';
}

/// A moment in a table, written as `form` does.
export const time = (ms, form = clockSeconds) => el('time', { datetime: iso(ms), title: fullTime(ms), text: form(ms) });

/// A cell. Its heading stands in it again: on a phone a row becomes a little card.
export function cell(kind, head, content) {
  return append(el('td', { class: content === '–' ? `${kind} none` : kind, data: { head: t(head) } }), [content]);
}

/// A table of one kind, its heads by their words.
export function table(heads, rows, kind) {
  return el('table', { class: kind }, el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col', text: t(head) })))), el('tbody', {}, rows));
}

// The sandbox's clock in the chat's head: what time it is there, and ways to move it ahead.

import { el, fill, icon, toast } from '/assets/page.js';
import { tell } from '/assets/control.js';
import { ZONE, clock, clockSeconds, dayAndWeek, day, number, t, zoneName } from '/assets/words.js';

const MINUTE = 60 * 1000;
const UNITS = { minutes: MINUTE, hours: 60 * MINUTE, days: 24 * 60 * MINUTE, weeks: 7 * 24 * 60 * MINUTE };

// The week closes when Monday begins; the board of the week comes at nine.
const JUMPS = [
  { word: 'time.hour', body: { advance_ms: UNITS.hours } },
  { word: 'time.day', body: { advance_ms: UNITS.days } },
  { word: 'time.monday', body: { next: 'monday 08:59' } },
];

/// The control inside the `details` element `root`. `set` takes in the sandbox's clock.
export function timeControl(root) {
  const brief = el('span', { class: 'time-brief' });
  const date = el('p', { class: 'time-date' });
  const exact = el('p', { class: 'time-exact', role: 'timer' });
  const shift = el('p', { class: 'hint time-shift' });
  const chosen = { amount: '2', unit: 'days' };
  const panel = el('div', { class: 'time-panel' });
  const summary = root.querySelector('summary');
  summary.append(icon('clock'), brief);
  root.append(panel);
  // The page's clock goes as fast as the sandbox's; only the distance between them is told.
  let ahead = null;
  let moved = 0;

  function tick() {
    if (ahead === null) return;
    const now = Date.now() + ahead;
    write(brief, `${dayAndWeek(now)} ${clock(now)}`);
    if (!root.open) return;
    write(date, day(now));
    write(exact, `${clockSeconds(now)} · ${zoneName(now)} (${ZONE})`);
    write(shift, moved === 0 ? t('time.as-here') : t(moved > 0 ? 'time.ahead' : 'time.behind', { length: length(Math.abs(moved)) }));
  }

  function repaint() {
    const amount = el('input', { type: 'text', inputmode: 'numeric', class: 'time-amount', value: chosen.amount, 'aria-label': t('time.amount') });
    amount.addEventListener('input', () => (chosen.amount = amount.value));
    const unit = el('select', { class: 'time-unit', 'aria-label': t('time.unit') }, Object.keys(UNITS).map((name) => el('option', { value: name, text: t(`time.${name}`) })));
    unit.value = chosen.unit;
    unit.addEventListener('input', () => (chosen.unit = unit.value));
    const form = el('form', { class: 'time-form', on: { submit } }, amount, unit, el('button', { class: 'button small', type: 'submit', text: t('time.go') }));
    fill(panel, date, exact, shift,
      el('div', { class: 'time-keys' }, JUMPS.map((jump) => el('button', { class: 'button small', type: 'button', data: { jump: jump.word }, text: t(jump.word), on: { click: () => move(jump.body) } }))),
      form,
      el('p', { class: 'hint', text: t('time.hint') }));
    tick();
  }

  function submit(event) {
    event.preventDefault();
    const amount = Number(chosen.amount.trim());
    if (!Number.isInteger(amount) || amount < 1 || amount > 1000) toast(t('time.wrong'), 'bad');
    else move({ advance_ms: amount * UNITS[chosen.unit] });
  }

  async function move(body) {
    try {
      set(await tell('/sandbox/clock', body));
    } catch (error) {
      toast(error.message || t('net.failed'), 'bad');
    }
  }

  function set(told) {
    if (typeof told?.now_ms !== 'number') return;
    ahead = told.now_ms - Date.now();
    moved = Number(told.shift_ms) || 0;
    tick();
  }

  // Whoever clicks elsewhere or leaves with Escape is done with it.
  document.addEventListener('click', (event) => {
    if (root.open && !root.contains(event.target)) root.open = false;
  });
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !root.open) return;
    root.open = false;
    summary.focus();
  });
  root.addEventListener('toggle', tick);
  setInterval(tick, 1000);
  return { set, repaint };
}

// `3 days 2 hours`, in the two largest units.
function length(ms) {
  const parts = [];
  let rest = ms;
  for (const name of ['days', 'hours', 'minutes']) {
    const count = Math.floor(rest / UNITS[name]);
    rest -= count * UNITS[name];
    if (count > 0) parts.push(t(`time.${name}.count`, { n: number(count) }));
  }
  return parts.slice(0, 2).join(' ') || t('time.minutes.count', { n: 0 });
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

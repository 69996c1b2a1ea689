// All faults with their parameters, those in force, the gateway's buttons and the clock's.

import { el, fill, toast } from '/assets/page.js';
import { forget } from '/assets/control.js';
import { KINDS, MALL_ENDPOINTS, CHAT_ENDPOINTS, choiceName, faultName, left } from '/assets/fault-kinds.js';
import { redraw } from '/assets/redraw.js';
import { t, number, fullTime } from '/assets/words.js';

const MALL_AND_CHAT = [{ system: 'mall', names: MALL_ENDPOINTS }, { system: 'chat', names: CHAT_ENDPOINTS }];
const MINUTE = 60 * 1000;
const STEPS = [['+1 min', MINUTE], ['+11 min', 11 * MINUTE], ['+1 h', 60 * MINUTE], ['+1 d', 24 * 60 * MINUTE], ['+7 d', 7 * 24 * 60 * MINUTE]];

/// The board on the right side. `order(path, body, done)` sends; `changed()` reads anew; `groups`
/// are the endpoints to choose from, the first one chosen, `every` stands for all of them.
export function faultBoard({ order, changed, groups = MALL_AND_CHAT, every = '*' }) {
  const root = document.getElementById('faults');
  const active = document.getElementById('active');
  // What is chosen outlives a redrawing in another language.
  const chosen = { endpoint: groups[0].names[0], count: '1', skip: '0', fields: {} };
  let faults = [];
  let ahead = null;
  setInterval(tick, 1000);

  function board() {
    const count = el('input', { type: 'text', inputmode: 'numeric', value: chosen.count, placeholder: '∞', data: { key: 'count' } });
    const skip = el('input', { type: 'text', inputmode: 'numeric', value: chosen.skip, data: { key: 'skip' } });
    const endpoint = el('select', { data: { key: 'endpoint' } },
      groups.map((group) => el('optgroup', { label: t(`systems.${group.system}`) }, group.names.map(option))),
      el('option', { value: every, text: t('mall.faults.every') }));
    endpoint.value = chosen.endpoint;
    for (const [node, name] of [[count, 'count'], [skip, 'skip'], [endpoint, 'endpoint']]) node.addEventListener('input', () => (chosen[name] = node.value));
    redraw(root, () => fill(root,
      el('p', { class: 'hint', text: t('mall.faults.hint') }),
      el('div', { class: 'fault-target' },
        el('label', { class: 'field grow' }, el('span', { text: t('mall.faults.endpoint') }), endpoint),
        el('label', { class: 'field', title: t('mall.faults.forever') }, el('span', { text: t('mall.faults.count') }), count),
        el('label', { class: 'field' }, el('span', { text: t('mall.faults.skip') }), skip)),
      ['cut', 'slow', 'odd', 'form'].map((group) => el('div', { class: 'fault-group' },
        el('h3', { text: t(`group.${group}`) }),
        el('div', { class: 'fault-list' }, KINDS.filter((kind) => kind.group === group).map(fault))))));
  }

  const option = (name) => el('option', { value: name, text: name });

  function fault(kind) {
    const button = el('button', { class: 'button small', type: 'button', data: { key: `fault ${kind.kind}`, fault: kind.kind }, text: t(`fault.${kind.kind}`), on: { click: () => set(kind) } });
    if (!kind.fields) return button;
    return el('div', { class: 'fault' }, button, Object.entries(kind.fields).map(([field, choice]) => parameter(kind, field, choice)));
  }

  function parameter(kind, field, choice) {
    const name = `${kind.kind} ${field}`;
    const label = `${t(`fault.${kind.kind}`)}: ${t(`field.${field}`)}`;
    if (typeof choice === 'number') {
      const box = el('input', { class: 'parameter', type: 'text', inputmode: 'numeric', value: chosen.fields[name] ?? String(choice), 'aria-label': label, title: t(`field.${field}`), data: { key: name } });
      box.addEventListener('input', () => (chosen.fields[name] = box.value));
      return el('span', { class: 'with-unit' }, box, field === 'ms' && el('span', { class: 'unit', text: 'ms' }));
    }
    const names = Array.isArray(choice) ? choice : Object.keys(choice);
    const box = el('select', { class: 'parameter', 'aria-label': label, title: t(`field.${field}`), data: { key: name } }, names.map((one) => el('option', { value: one, text: choiceName(one) })));
    box.value = chosen.fields[name] ?? names[0];
    box.addEventListener('input', () => (chosen.fields[name] = box.value));
    return box;
  }

  const whole = (text, otherwise) => (/^-?\d{1,15}$/.test(String(text).trim()) ? Number(text) : otherwise);

  function set(kind) {
    const sent = { kind: kind.kind };
    for (const [field, choice] of Object.entries(kind.fields ?? {})) {
      const value = chosen.fields[`${kind.kind} ${field}`];
      if (typeof choice === 'number') sent[field] = whole(value ?? choice, choice);
      else if (Array.isArray(choice)) sent[field] = value ?? choice[0];
      else sent[field] = choice[value ?? Object.keys(choice)[0]];
    }
    const rule = { endpoint: chosen.endpoint, skip: Math.max(0, whole(chosen.skip, 0)), count: chosen.count.trim() ? Math.max(1, whole(chosen.count, 1)) : null, kind: sent };
    order('/sandbox/faults', rule, t('mall.faults.set', { name: faultName(sent) }));
  }

  function list() {
    fill(active, el('div', { class: 'in-force' },
      faults.length === 0 ? el('p', { class: 'all-well', text: t('mall.faults.none') }) : [
        el('ul', { 'aria-label': t('mall.faults.active') }, faults.map((rule) => {
          const rest = left(rule);
          return el('li', { class: rest === 0 ? 'used' : null },
            el('span', { class: 'fault-name', text: faultName(rule.kind) }),
            el('span', { class: 'hint' }, el('code', { text: rule.endpoint }), ` · ${rest === null ? t('mall.faults.endless') : rest === 0 ? t('mall.faults.used') : t('mall.faults.left', { n: number(rest) })} · ${t('mall.faults.hits', { n: number(rule.hits ?? 0) })}`));
        })),
        el('button', { class: 'button', type: 'button', on: { click: clear }, text: t('mall.faults.clear') }),
      ]));
  }

  async function clear() {
    try {
      await forget('/sandbox/faults');
      changed();
    } catch (error) {
      toast(error.message || t('net.failed'), 'bad');
    }
  }

  function keys() {
    const gateway = document.getElementById('gateway');
    if (gateway) fill(gateway, ['drop', 'refuse', 'mute', 'accept'].map((act) => el('button', {
      class: 'button small', type: 'button', text: t(`mall.gateway.${act}`),
      on: { click: () => order('/sandbox/gateway', { act }, t('mall.gateway.done', { name: t(`mall.gateway.${act}`) })) },
    })));
    fill(document.getElementById('clock'), STEPS.map(([name, ms]) => el('button', {
      class: 'button small', type: 'button', text: name,
      on: { click: () => order('/sandbox/clock', { advance_ms: ms }) },
    })));
  }

  // The page's clock goes as fast as the sandbox's; only the distance between them is told.
  function tick() {
    const text = ahead === null ? '' : t('mall.clock.now', { time: fullTime(Date.now() + ahead) });
    const node = document.getElementById('clock-now');
    if (node.textContent !== text) node.textContent = text;
  }

  return {
    /// Another language.
    repaint() {
      board();
      keys();
      list();
      tick();
    },

    /// Takes in the sandbox's time, in ms since 1970.
    set(now) {
      ahead = typeof now === 'number' ? now - Date.now() : null;
      tick();
    },

    /// Takes in the rules in force.
    show(next) {
      faults = next;
      list();
    },
  };
}

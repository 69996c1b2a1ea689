// The strip of buttons above the chat that break things on purpose, and what is broken now.

import { el, fill, icon, toast } from '/assets/page.js';
import { tell, forget } from '/assets/control.js';
import { faultName, left } from '/assets/fault-kinds.js';
import { t } from '/assets/words.js';

const PAYMENT = 'modifyUserPoint';
const ONCE = { endpoint: PAYMENT, skip: 0, count: 1 };

// Each strikes the next payment once, so that one can watch what becomes of it.
const BUTTONS = [
  { word: 'strip.drop_after', rule: { ...ONCE, kind: { kind: 'drop_after' } } },
  { word: 'strip.drop_before', rule: { ...ONCE, kind: { kind: 'drop_before' } } },
  { word: 'strip.slow', rule: { ...ONCE, kind: { kind: 'delay_before', ms: 8000 } } },
  { word: 'strip.500', rule: { ...ONCE, kind: { kind: 'status_500_before' } } },
  { word: 'strip.gateway', act: 'drop' },
];

/// The strip inside `root`, and the faults in force inside `active`; `changed()` is called after a
/// button did something.
export function faultStrip(root, active, { changed }) {
  let faults = [];

  async function strike(button, node) {
    node.disabled = true;
    try {
      if (button.act) {
        await tell('/sandbox/gateway', { act: button.act });
        toast(t('strip.gateway.done'));
      } else await tell('/sandbox/faults', button.rule);
      changed();
    } catch (error) {
      toast(error.message || t('net.failed'), 'bad');
    }
    node.disabled = false;
  }

  async function clear() {
    try {
      await forget('/sandbox/faults');
      await tell('/sandbox/gateway', { act: 'accept' });
      toast(t('strip.cleared'), 'good');
      changed();
    } catch (error) {
      toast(error.message || t('net.failed'), 'bad');
    }
  }

  function repaint() {
    const live = faults.filter((rule) => left(rule) !== 0);
    const held = root.contains(document.activeElement) ? document.activeElement.dataset.word : null;
    fill(root,
      el('span', { class: 'strip-title', id: 'strip-title', title: t('strip.hint') }, icon('bolt'), t('strip.title')),
      BUTTONS.map((button) => {
        const node = el('button', { class: 'button small', type: 'button', data: { word: button.word }, title: t(`${button.word}.hint`), text: t(button.word) });
        node.addEventListener('click', () => strike(button, node));
        return node;
      }),
      el('button', { class: 'button small ghost', type: 'button', data: { word: 'clear' }, on: { click: clear }, text: t('strip.clear') }));
    fill(active, live.map((rule) => el('span', { class: 'active-fault' },
      faultName(rule.kind), el('code', { text: rule.endpoint }), el('span', { class: 'times', text: left(rule) === null ? '∞' : `×${left(rule)}` }))));
    if (held) [...root.querySelectorAll('[data-word]')].find((node) => node.dataset.word === held)?.focus();
  }

  return {
    repaint,

    /// Takes in the mall's state.
    show(mall) {
      faults = mall.faults ?? [];
      repaint();
    },
  };
}

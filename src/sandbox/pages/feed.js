// The list of messages of one channel: in order of their ids, grouped by author, kept at its foot
// while somebody reads there, and honest about what changed.

import { el, fill, icon } from '/assets/page.js';
import { messageRow } from '/assets/message.js';
import { compareIds } from '/assets/world.js';
import { t, day } from '/assets/words.js';

const GROUP_MS = 5 * 60 * 1000;
const LONGEST = 400;
const FOOT_PX = 90;

/// A feed inside `scroller`. `scene()` gives `{view, pending, onReply, onPress}` at the moment of
/// drawing; `empty()` builds what stands in a channel without messages.
export function feed(scroller, { scene, empty }) {
  const list = el('div', { class: 'messages', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions text' });
  const jump = el('button', { class: 'to-foot', type: 'button', hidden: true, on: { click: () => toFoot(true) } });
  scroller.append(list, jump);
  let messages = [];
  let rows = new Map();

  const find = (id) => messages.find((one) => one.id === id) ?? null;
  const atFoot = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < FOOT_PX;
  const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

  function toFoot(softly = false) {
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: softly && !calm() ? 'smooth' : 'auto' });
    jump.hidden = true;
  }

  scroller.addEventListener('scroll', () => {
    if (atFoot()) jump.hidden = true;
  }, { passive: true });
  // A keyboard or a rotated phone makes the list shorter: whoever read its foot stays there.
  let near = true;
  scroller.addEventListener('scroll', () => (near = atFoot()), { passive: true });
  // So does a picture that arrives after its message.
  const watcher = new ResizeObserver(() => near && toFoot());
  watcher.observe(scroller);
  watcher.observe(list);

  function grouped(message, before) {
    return Boolean(before) && before.author?.id === message.author?.id && !message.reply_to && !before.deleted
      && before.ephemeral === message.ephemeral && message.time_ms - before.time_ms < GROUP_MS && sameDay(before, message);
  }

  const sameDay = (left, right) => day(left.time_ms) === day(right.time_ms);

  function row(message, before) {
    return messageRow(message, { ...scene(), find, onJump: show, grouped: grouped(message, before) });
  }

  function add(message, before) {
    if (!before || !sameDay(before, message)) list.append(el('div', { class: 'day', role: 'separator' }, el('span', { text: day(message.time_ms) })));
    const node = row(message, before);
    rows.set(message.id, node);
    list.append(node);
  }

  // Drawing the whole list is no news: nothing of it should be read out.
  function draw() {
    list.setAttribute('aria-busy', 'true');
    rows = new Map();
    list.replaceChildren();
    messages.forEach((message, index) => add(message, messages[index - 1]));
    if (messages.length === 0) list.append(empty());
    requestAnimationFrame(() => list.removeAttribute('aria-busy'));
  }

  function redraw(id, flash) {
    const old = rows.get(id);
    const index = messages.findIndex((one) => one.id === id);
    if (!old || index < 0) return;
    const stay = atFoot();
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    const fresh = row(messages[index], messages[index - 1]);
    if (flash) fresh.classList.add('changed');
    rows.set(id, fresh);
    old.replaceWith(fresh);
    // A key that is redrawn under somebody's finger keeps the focus.
    if (held) ([...fresh.querySelectorAll('[data-key]')].find((key) => key.dataset.key === held.dataset.key) ?? fresh).focus({ preventScroll: true });
    if (stay) toFoot();
  }

  function show(id) {
    const node = rows.get(id);
    if (!node) return;
    node.scrollIntoView({ block: 'center', behavior: calm() ? 'auto' : 'smooth' });
    node.classList.remove('found');
    requestAnimationFrame(() => node.classList.add('found'));
    node.focus({ preventScroll: true });
  }

  return {
    find,
    redraw,
    show,
    toFoot,

    /// Shows another channel or another person's view of it.
    replace(next) {
      messages = [...next].sort((left, right) => compareIds(left.id, right.id));
      draw();
      toFoot();
    },

    /// Draws everything anew in place: another language, other names.
    repaint() {
      const stay = atFoot();
      draw();
      if (stay) toFoot();
    },

    /// Takes in what a reconnected stream may have missed, without moving the reader.
    refresh(next) {
      const stay = atFoot();
      const top = scroller.scrollTop;
      const known = JSON.stringify(messages);
      // Messages for one person alone are in no history: what was here stays.
      const kept = messages.filter((one) => one.ephemeral && !next.some((other) => other.id === one.id));
      messages = [...next, ...kept].sort((left, right) => compareIds(left.id, right.id));
      if (JSON.stringify(messages) === known) return;
      draw();
      if (stay) toFoot();
      else scroller.scrollTop = top;
    },

    /// A new message, or a new state of a known one.
    put(message, { mine = false } = {}) {
      const index = messages.findIndex((one) => one.id === message.id);
      if (index >= 0) {
        const before = messages[index];
        messages[index] = message;
        const changed = JSON.stringify([before.content, before.buttons, before.deleted]) !== JSON.stringify([message.content, message.buttons, message.deleted]);
        redraw(message.id, changed);
        for (const other of messages) if (other.reply_to === message.id) redraw(other.id, false);
        return;
      }
      const stay = mine || atFoot();
      const last = messages.at(-1);
      if (!last || compareIds(last.id, message.id) < 0) {
        if (!last) list.replaceChildren();
        messages.push(message);
        add(message, last);
        if (messages.length > LONGEST) {
          messages = messages.slice(-LONGEST / 2);
          draw();
        }
      } else {
        messages.push(message);
        messages.sort((left, right) => compareIds(left.id, right.id));
        draw();
      }
      if (stay) toFoot();
      else {
        fill(jump, icon('arrowDown'), t('feed.new'));
        jump.hidden = false;
      }
    },
  };
}

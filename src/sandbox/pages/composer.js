// The composer: an ordinary text box over a mirror that tints its chips, a list of suggestions,
// the message being replied to, and how the message is to be sent.

import { el, fill, icon, toast } from '/assets/page.js';
import { tell } from '/assets/control.js';
import { labels, pieces, suggestions, shaped, wireText, commandOf } from '/assets/completion.js';
import { avatar } from '/assets/avatar.js';
import { messageSummary } from '/assets/message.js';
import { nameOf } from '/assets/world.js';
import { t } from '/assets/words.js';

const SHAPES = ['typed', 'registered', 'registered_args', 'mention_only', 'history'];

/// Brings the composer inside `root` to life. `place()` gives `{me, channel, guild, title}`;
/// `sent(id)` is called after a message went out.
export function composer(root, { place, sent }) {
  const box = root.querySelector('#draft');
  const mirror = root.querySelector('#mirror');
  const popup = root.querySelector('#suggestions');
  const replyBar = root.querySelector('#reply-bar');
  const usage = root.querySelector('#usage');
  const shape = root.querySelector('#shape');
  const twice = root.querySelector('#twice');
  const drafts = new Map();
  let known = [];
  let offer = null;
  let active = 0;
  let reply = null;
  let dismissed = null;
  let busy = false;

  function paint() {
    fill(mirror, pieces(box.value, known).map((piece) => (typeof piece === 'string' ? piece : el('span', { class: `tint ${piece.kind}`, text: piece.label }))), '\u200b');
    const command = commandOf(box.value);
    usage.textContent = command ? command.usage : '';
    usage.hidden = !command || Boolean(offer);
    root.querySelector('#send').disabled = !box.value.trim();
  }

  function suggest() {
    const key = `${box.value}\n${box.selectionStart}`;
    const next = box.selectionStart === box.selectionEnd && key !== dismissed ? suggestions(box.value, box.selectionStart, known) : null;
    if (JSON.stringify(next?.items) !== JSON.stringify(offer?.items)) active = 0;
    offer = next;
    show();
  }

  function show() {
    popup.hidden = !offer;
    if (!offer) {
      box.removeAttribute('aria-activedescendant');
      popup.replaceChildren();
      paint();
      return;
    }
    fill(popup, offer.items.map((item, index) => el('li', {
      id: `suggestion-${index}`,
      role: 'option',
      class: 'suggestion',
      'aria-selected': String(index === active),
      // A press must not take the focus out of the text box.
      on: { mousedown: (event) => event.preventDefault(), click: () => accept(index), mousemove: () => index !== active && choose(index) },
    }, item.kind === 'member' ? avatar(item.id, item.title, 'tiny') : el('span', { class: 'sign', text: { command: '/', role: '@', channel: '#' }[item.kind] }),
    el('span', { class: 'suggestion-words' },
      el('span', { class: 'suggestion-title' }, el('bdi', { text: item.kind === 'command' ? item.title.slice(1) : item.title }), item.note && el('span', { class: 'suggestion-note', text: item.note })),
      item.summary && el('span', { class: 'suggestion-summary', text: item.summary })))));
    box.setAttribute('aria-activedescendant', `suggestion-${active}`);
    popup.children[active]?.scrollIntoView({ block: 'nearest' });
    paint();
  }

  function choose(index) {
    active = (index + offer.items.length) % offer.items.length;
    [...popup.children].forEach((row, at) => row.setAttribute('aria-selected', String(at === active)));
    box.setAttribute('aria-activedescendant', `suggestion-${active}`);
    popup.children[active]?.scrollIntoView({ block: 'nearest' });
  }

  function accept(index) {
    const item = offer?.items[index];
    if (!item) return;
    const tail = box.value.slice(offer.to).replace(/^ /, '');
    const head = box.value.slice(0, offer.from) + item.insert;
    box.value = head + tail;
    box.setSelectionRange(head.length, head.length);
    box.focus();
    suggest();
  }

  function replyTo(message) {
    reply = message;
    replyBar.hidden = !message;
    if (!message) {
      replyBar.replaceChildren();
      return;
    }
    const { guild } = place();
    fill(replyBar, icon('reply'),
      el('span', { class: 'reply-words' }, el('bdi', { class: 'quote-name', text: t('composer.replying', { name: nameOf(message.author?.id, guild, message.author?.name) }) }), el('span', { class: 'quote-text', text: messageSummary(message, guild) })),
      el('button', { class: 'tool', type: 'button', 'aria-label': t('composer.reply.stop'), title: t('composer.reply.stop'), on: { click: () => { replyTo(null); box.focus(); } } }, icon('close')));
    box.focus();
  }

  async function send() {
    const { me, channel } = place();
    const text = box.value.trim();
    if (!text || busy || !me) return;
    busy = true;
    root.setAttribute('aria-busy', 'true');
    try {
      const answer = await tell('/sandbox/say', { user: me, channel, text: shaped(wireText(text, known), shape.value), reply_to: reply?.id ?? null, shape: shape.value, deliveries: twice.checked ? 2 : 1 });
      // Whatever was typed while the message was on its way stays.
      if (box.value.trim() === text) box.value = '';
      replyTo(null);
      dismissed = null;
      sent(answer?.message_id);
    } catch (error) {
      toast(error.message || t('net.failed'), 'bad');
    } finally {
      busy = false;
      root.removeAttribute('aria-busy');
      suggest();
    }
  }

  function pressed(event) {
    // An input method uses Enter and the arrows for its own choices.
    if (event.isComposing || event.keyCode === 229) return;
    if (offer) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        choose(active + (event.key === 'ArrowDown' ? 1 : -1));
        return;
      }
      if (event.key === 'Tab' && !event.shiftKey || (event.key === 'Enter' && !event.shiftKey && !offer.exact)) {
        event.preventDefault();
        accept(active);
        return;
      }
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        dismissed = `${box.value}\n${box.selectionStart}`;
        suggest();
        return;
      }
    }
    if (event.key === 'Escape' && reply) {
      event.preventDefault();
      replyTo(null);
    } else if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      send();
    }
  }

  box.addEventListener('keydown', pressed);
  box.addEventListener('input', suggest);
  box.addEventListener('click', suggest);
  box.addEventListener('keyup', (event) => ['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key) && suggest());
  box.addEventListener('blur', () => {
    offer = null;
    show();
  });
  root.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  root.querySelector('.composer-box').addEventListener('mousedown', (event) => {
    if (event.target.classList.contains('composer-box')) {
      event.preventDefault();
      box.focus();
    }
  });
  const options = root.querySelector('#send-options');
  options.addEventListener('change', () => options.classList.toggle('set', shape.value !== 'typed' || twice.checked));
  options.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !options.open) return;
    options.open = false;
    box.focus();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!options.contains(event.target)) options.open = false;
  });

  return {
    replyTo,
    focus: () => box.focus(),

    /// Another channel or person: each has a draft of its own.
    moved(from, to) {
      if (from && from !== to) drafts.set(from, box.value);
      if (from !== to) {
        box.value = drafts.get(to) ?? '';
        replyTo(null);
      }
      this.repaint();
    },

    /// Words, names or commands have changed.
    repaint() {
      const { guild, title } = place();
      known = labels(guild);
      box.placeholder = t('composer.hint', { place: title });
      box.setAttribute('aria-label', box.placeholder);
      const value = shape.value || 'typed';
      fill(shape, SHAPES.map((name) => el('option', { value: name, text: t(`shape.${name}`) })));
      shape.value = value;
      if (reply) replyTo(reply);
      suggest();
    },
  };
}

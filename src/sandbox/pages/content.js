// What a message holds, by kind: text, rich text, pictures, cards, and a plain box for kinds the
// page does not draw. Also the one-line summary that quotes and screen readers get.

import { el } from '/assets/page.js';
import { markup, plain } from '/assets/markup.js';
import { richText, delta, deltaText } from '/assets/rich-text.js';
import { card, cardData, cardText } from '/assets/card.js';
import { picture } from '/assets/picture.js';
import { nameOf, oneLine } from '/assets/world.js';
import { t, knows } from '/assets/words.js';

/// The content of a message as nodes. `view`: `{guild, me, myRoles}`.
export function content(body, view) {
  const kind = body?.type;
  if (kind === 'text') return el('div', { class: 'text' }, markup(body.text, view));
  if (kind === 'richText') {
    const operations = delta(body);
    if (operations) {
      const title = oneLine(body.title);
      return el('div', { class: 'article' }, title && el('p', { class: 'title-1', text: title }), richText(operations, view));
    }
  }
  if (kind === 'messageCard') {
    const data = cardData(body);
    if (data) return card(data, body, view);
  }
  if (kind === 'image') return picture(body.url ?? body.thumb, null, body);
  if (kind === 'task') return task(body, view);
  if (kind === 'newJoin') return el('div', { class: 'text quiet', text: t('content.join', { name: nameOf(String(body.user_id ?? ''), view.guild) }) });
  return other(body, view);
}

/// A message in a few words on one line.
export function summary(body, guildId) {
  const kind = body?.type;
  if (kind === 'text') return plain(body.text, guildId);
  if (kind === 'richText') return oneLine(`${body.title ?? ''} ${plain(deltaText(delta(body) ?? []), guildId)}`);
  if (kind === 'messageCard') return oneLine(body.notification) || plain(cardText(cardData(body)), guildId) || t('content.card');
  return kindName(kind);
}

function kindName(kind) {
  const key = `content.${kind}`;
  return knows(key) ? t(key) : t('content.other', { kind: oneLine(kind) || '?' });
}

// The older card: a column of texts and buttons.
function task(body, view) {
  const children = Array.isArray(body.content?.children) ? body.content.children : [];
  return el('div', { class: 'card' }, children.map((child) => {
    const parameters = child?.param ?? {};
    if (child?.type === 'text') return el('p', {}, markup(parameters.text, view));
    if (child?.type === 'button' && Array.isArray(parameters.list)) {
      return el('div', { class: 'keys' }, parameters.list.map((one) => el('span', { class: 'key', text: oneLine(one?.text) })));
    }
    return null;
  }));
}

function other(body, view) {
  const words = body?.text ?? body?.desc ?? body?.title ?? '';
  return el('div', { class: 'unknown-kind' },
    el('span', { class: 'frame-title', text: kindName(body?.type) }),
    typeof words === 'string' && words && el('div', { class: 'text' }, markup(words, view)),
    el('details', {}, el('summary', { text: t('content.raw') }), el('pre', { text: JSON.stringify(body, null, 2) })));
}

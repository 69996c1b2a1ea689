// Drawn portraits: the first sign of a name on a colour that belongs to the id. Nothing is loaded.

import { el, icon } from '/assets/page.js';
import { isBot } from '/assets/world.js';

/// The first visible sign of a name, e.g. `明` or `B` or an emoji.
export function initial(name) {
  const text = String(name ?? '').trim();
  if (!text) return '?';
  const segments = globalThis.Intl?.Segmenter ? [...new Intl.Segmenter().segment(text)].map((part) => part.segment) : [...text];
  const sign = segments.find((part) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(part)) ?? segments[0];
  return sign.toUpperCase();
}

/// A hue in degrees that stays with an id.
export function hue(id) {
  let sum = 2166136261;
  for (const digit of String(id)) sum = Math.imul(sum ^ digit.charCodeAt(0), 16777619);
  // Steps of 20 degrees keep neighbours apart.
  return (((sum ^ (sum >>> 15)) >>> 0) % 18) * 20;
}

/// The portrait of a person, or the bot's drawn face.
export function avatar(id, name, size = 'normal') {
  const bot = isBot(id);
  const node = el('span', { class: `avatar ${size}${bot ? ' robot' : ''}`, 'aria-hidden': 'true' });
  if (bot) node.append(icon('robot'));
  else {
    node.textContent = initial(name);
    node.style.setProperty('--hue', String(hue(id)));
  }
  return node;
}

// Message cards: a tree of widgets (columns, rows, boxes, texts, markdown, pictures, buttons).
// Styles are set property by property after checking them: a card comes from a message.

import { el, outwardLink } from '/assets/page.js';
import { markup } from '/assets/markup.js';
import { markdown } from '/assets/markdown.js';
import { picture } from '/assets/picture.js';
import { avatar } from '/assets/avatar.js';
import { nameOf, oneLine } from '/assets/world.js';

const DEEPEST = 24;
const ALIGN = { start: 'flex-start', end: 'flex-end', center: 'center', stretch: 'stretch', baseline: 'baseline' };
const SPREAD = { start: 'flex-start', end: 'flex-end', center: 'center', spaceBetween: 'space-between', spaceAround: 'space-around', spaceEvenly: 'space-evenly' };
const WEIGHT = { normal: '400', medium: '600', bold: '700' };

/// The widget tree of a card: its `data` is JSON inside JSON; null when it cannot be read.
export function cardData(body) {
  let data = body?.data;
  for (let depth = 0; typeof data === 'string' && depth < 2; depth += 1) {
    try {
      data = JSON.parse(data);
    } catch {
      return null;
    }
  }
  return data && typeof data === 'object' ? data : null;
}

/// The words of a card alone.
export function cardText(widget, depth = 0) {
  if (!widget || typeof widget !== 'object' || depth > DEEPEST) return '';
  const own = ['text', 'markdown'].includes(widget.tag) ? String(widget.data ?? '') : '';
  return [own, ...children(widget).map((child) => cardText(child, depth + 1))].filter(Boolean).join(' ');
}

/// A card as nodes.
export function card(data, body, view) {
  const box = el('div', { class: 'card' });
  const width = Number(body.width ?? data.width);
  if (width >= 80) box.style.setProperty('--card-width', `${Math.min(width, 560)}px`);
  box.append(widget(data, view, { depth: 0, ground: surface() }));
  const from = oneLine(body.come_from_name);
  if (from) box.append(el('div', { class: 'card-from', text: from }));
  return box;
}

function children(one) {
  if (Array.isArray(one.children)) return one.children;
  return one.child ? [one.child] : [];
}

function widget(one, view, place) {
  if (!one || typeof one !== 'object' || place.depth > DEEPEST) return el('span');
  const node = build(one, view, place);
  spacing(node, 'padding', one.padding);
  spacing(node, 'margin', one.margin);
  if (one.flex) node.style.setProperty('flex', '1 1 0');
  if (Number(one.width) > 0) node.style.setProperty('width', `${Math.min(Number(one.width), 560)}px`);
  return node;
}

function build(one, view, place) {
  const inside = { depth: place.depth + 1, ground: place.ground };
  switch (one.tag) {
    case 'column':
    case 'row': {
      const node = el('div', { class: one.tag === 'row' ? 'card-row' : 'card-column' });
      if (ALIGN[one.crossAxisAlignment]) node.style.setProperty('align-items', ALIGN[one.crossAxisAlignment]);
      if (SPREAD[one.mainAxisAlignment]) node.style.setProperty('justify-content', SPREAD[one.mainAxisAlignment]);
      style(node, one.textStyle, inside.ground);
      for (const child of children(one)) node.append(widget(child, view, inside));
      return node;
    }
    case 'container': {
      const node = el('div', { class: 'card-box' });
      const first = Array.isArray(one.gradient?.colors) ? one.gradient.colors.map(colour).filter(Boolean) : [];
      const ground = colour(one.backgroundColor) ?? first[0] ?? null;
      if (first.length > 1) node.style.setProperty('background-image', `linear-gradient(90deg, ${first.map(css).join(', ')})`);
      else if (ground) node.style.setProperty('background-color', css(ground));
      if (ground && ground[3] > 0.5) {
        inside.ground = ground;
        node.style.setProperty('color', luminance(ground) > 0.4 ? '#16191d' : '#ffffff');
      }
      const align = one.alignment ?? one.aligment;
      if (typeof align === 'string' && /center/i.test(align)) node.classList.add('centered');
      for (const child of children(one)) node.append(widget(child, view, inside));
      return node;
    }
    case 'text':
      return aligned(style(el('div', { class: 'card-text' }, markup(one.data, view)), one.style, place.ground), one.textAlign);
    case 'markdown':
      return aligned(style(markdown(one.data, view), one.style, place.ground), one.textAlign);
    case 'image': {
      const node = picture(imageAddress(one.src), null);
      if (Number(one.height) > 0) node.style.setProperty('--picture-height', `${Math.min(Number(one.height), 620)}px`);
      return node;
    }
    case 'userName':
      return style(el('div', { class: 'card-text' }, el('bdi', { text: nameOf(String(one.id ?? ''), view.guild) })), one.style, place.ground);
    case 'userAvatar':
      return portrait(one, view);
    case 'button': {
      const label = oneLine(one.label) || '…';
      const kind = `key${one.category === 'outlined' ? '' : ' filled'}${one.widthUnlimited ? ' wide' : ''}`;
      const key = outwardLink(one.href, { class: kind }, label) ?? el('span', { class: `${kind} idle` }, label);
      return el('div', { class: 'card-key' }, key);
    }
    default:
      return el('div', { class: 'card-column' }, children(one).map((child) => widget(child, view, inside)));
  }
}

function portrait(one, view) {
  const node = avatar(String(one.id ?? ''), nameOf(String(one.id ?? ''), view.guild), 'small');
  const size = Number(one.size);
  if (size > 0) {
    const side = `${Math.min(64, Math.max(14, size))}px`;
    node.style.setProperty('width', side);
    node.style.setProperty('height', side);
    node.style.setProperty('font-size', `calc(${side} * .45)`);
  }
  return node;
}

/// `1::00::0::` and the address in base64, or a bare address.
function imageAddress(source) {
  const text = String(source ?? '');
  const tail = text.slice(text.lastIndexOf('::') + 2);
  if (!text.includes('::')) return text;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(tail), (sign) => sign.charCodeAt(0)));
  } catch {
    return '';
  }
}

// `"all"`, `"h,v"` or `"l,t,r,b"`, in pixels, as CSS wants them: top right bottom left.
function spacing(node, property, value) {
  if (value === null || value === undefined) return;
  const sizes = String(value).split(',').map((part) => Math.min(64, Math.max(0, Number.parseFloat(part) || 0)));
  const [first, second, third, fourth] = sizes;
  const order = sizes.length >= 4 ? [second, third, fourth, first] : sizes.length === 2 ? [second, first] : [first];
  node.style.setProperty(property, order.map((size) => `${size}px`).join(' '));
}

function aligned(node, where) {
  if (['left', 'center', 'right'].includes(where)) node.style.setProperty('text-align', where);
  return node;
}

function style(node, wish, ground) {
  if (!wish || typeof wish !== 'object') return node;
  const wanted = colour(wish.color);
  // A colour made for the other theme would be unreadable: then the page's own is kept.
  if (wanted && contrast(wanted, ground) >= 3) node.style.setProperty('color', css(wanted));
  const size = Number(wish.fontSize);
  if (size > 0) node.style.setProperty('font-size', `${Math.min(32, Math.max(10, size))}px`);
  const weight = WEIGHT[wish.fontWeight] ?? (/^[1-9]00$/.test(wish.fontWeight) ? wish.fontWeight : null);
  if (weight) node.style.setProperty('font-weight', weight);
  return node;
}

// RGB or ARGB in hex, `#` optional, as [red, green, blue, opacity 0-1].
function colour(text) {
  const match = /^#?([0-9a-f]{2})?([0-9a-f]{6})$/i.exec(String(text ?? ''));
  if (!match) return null;
  const channel = (at) => Number.parseInt(match[2].slice(at, at + 2), 16);
  return [channel(0), channel(2), channel(4), match[1] ? Number.parseInt(match[1], 16) / 255 : 1];
}

const css = (one) => `rgb(${one[0]} ${one[1]} ${one[2]} / ${one[3].toFixed(3)})`;

function luminance(one) {
  const [red, green, blue] = one.slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(left, right) {
  const [low, high] = [luminance(left), luminance(right)].sort((one, two) => one - two);
  return (high + 0.05) / (low + 0.05);
}

// What a card lies on in the theme that is on.
function surface() {
  return matchMedia('(prefers-color-scheme: dark)').matches ? [30, 34, 39, 1] : [255, 255, 255, 1];
}

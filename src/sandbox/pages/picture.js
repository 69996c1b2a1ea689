// Pictures of messages. They are fetched from the sandbox itself, from this machine under its numeric
// address (the bot's own pages), or over https; of any other the page only shows where it lies.

import { el, icon, outwardLink, webAddress } from '/assets/page.js';
import { oneLine } from '/assets/world.js';
import { t } from '/assets/words.js';

const LARGEST = 8192;

/// A picture, `size` as `{width, height}` in pixels where they are known; one that cannot be shown is
/// a frame with its name and address.
export function picture(address, name, size = {}) {
  const url = webAddress(address);
  const words = oneLine(name) || t('content.image');
  const measures = { width: measure(size.width), height: measure(size.height) };
  if (!url || !mayLoad(url)) return frame(url, words + measured(measures));
  const holder = el('span', { class: 'picture-box' });
  const sources = drawings(url);
  // Both are needed to keep its place free until it has come.
  const place = measures.width && measures.height ? measures : {};
  const image = el('img', { class: 'picture', alt: words, decoding: 'async', referrerpolicy: 'no-referrer', ...place });
  const tryNext = () => {
    const next = sources.shift();
    if (next) image.src = next;
    else holder.replaceChildren(frame(url, t('content.image.lost', { name: words })));
  };
  image.addEventListener('error', tryNext);
  holder.append(outwardLink(url.href, { class: 'picture-link', title: t('content.image.open') }, image));
  tryNext();
  return holder;
}

// What the content security policy lets through, so that nothing is tried in vain.
function mayLoad(url) {
  return url.origin === location.origin || url.protocol === 'https:' || url.hostname === '127.0.0.1';
}

// The bot keeps a drawing of each board beside its picture; a drawing is sharp at any size and takes
// the fonts of whoever looks.
function drawings(url) {
  const isBoard = url.hostname === '127.0.0.1' && /^\/boards\/[^/]+\.png$/.test(url.pathname);
  if (!isBoard) return [url.href];
  const drawing = new URL(url);
  drawing.pathname = url.pathname.replace(/\.png$/, '.svg');
  return [drawing.href, url.href];
}

function frame(url, title) {
  const label = [icon('image'), el('span', {}, el('span', { class: 'frame-title', text: title }), url && el('span', { class: 'frame-note', text: `${url.host}${url.pathname}` }))];
  return (url && outwardLink(url.href, { class: 'frame' }, label)) || el('span', { class: 'frame' }, label);
}

function measure(value) {
  const size = Math.round(Number(value));
  return size > 0 ? Math.min(size, LARGEST) : null;
}

const measured = ({ width, height }) => (width && height ? ` · ${width}×${height}` : '');

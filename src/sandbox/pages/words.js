// The pages' languages: which one is on, its words, and numbers and times written its way.

import { zh } from '/assets/words-zh.js';
import { en } from '/assets/words-en.js';
import { recall, remember, setAddress } from '/assets/page.js';

const CATALOGUES = { 'zh-CN': zh, 'en-US': en };
const KEY = 'guildpoints.language';
const watchers = [];

let current = pick(new URL(location.href).searchParams.get('lang'));
let chosen = current !== null;
if (chosen) remember('localStorage', KEY, current);
if (!chosen) {
  current = pick(recall('localStorage', KEY));
  chosen = current !== null;
}
current ??= 'zh-CN';
document.documentElement.lang = current;

function pick(name) {
  if (!name) return null;
  if (CATALOGUES[name]) return name;
  const short = name.toLowerCase().slice(0, 2);
  return Object.keys(CATALOGUES).find((known) => known.toLowerCase().startsWith(short)) ?? null;
}

/// The language that is on: `zh-CN` or `en-US`.
export function language() {
  return current;
}

/// Of two texts the one in the page's language.
export function either(chinese, english) {
  return (current === 'zh-CN' ? chinese || english : english || chinese) ?? '';
}

/// The word for a key, with `{name}` places filled in.
export function t(key, values = {}) {
  const word = CATALOGUES[current][key] ?? CATALOGUES['en-US'][key] ?? key;
  return word.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/// Whether the catalogue knows a key.
export function knows(key) {
  return key in CATALOGUES[current];
}

/// Calls `watcher` after each change of the language.
export function onLanguage(watcher) {
  watchers.push(watcher);
}

/// A person switched the language.
export function chooseLanguage(name) {
  const picked = pick(name);
  if (!picked) return;
  chosen = true;
  remember('localStorage', KEY, picked);
  if (new URL(location.href).searchParams.has('lang')) setAddress('lang', picked);
  turnOn(picked);
}

/// The sandbox's own language, for people who have never chosen one.
export function suggestLanguage(name) {
  const picked = pick(name);
  if (picked && !chosen) turnOn(picked);
}

function turnOn(name) {
  if (name === current) return;
  current = name;
  document.documentElement.lang = name;
  writeWords();
  for (const watcher of watchers) watcher();
}

/// Writes the words of all static elements: `data-t` is the text, `data-t-label` the label for
/// screen readers (and a button's tooltip), `data-t-title` the tooltip alone.
export function writeWords(root = document) {
  for (const node of root.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll('[data-t-label]')) {
    node.setAttribute('aria-label', t(node.dataset.tLabel));
    if (node.matches('button, summary')) node.setAttribute('title', t(node.dataset.tLabel));
  }
  for (const node of root.querySelectorAll('[data-t-title]')) node.setAttribute('title', t(node.dataset.tTitle));
  const title = document.documentElement.dataset.title;
  if (title) document.title = t(title);
  for (const button of root.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === current));
  }
}

/// Makes the `data-language` buttons work.
export function wireLanguages(root = document) {
  for (const button of root.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => chooseLanguage(button.dataset.language));
  }
}

/// 1234567 as `1,234,567`.
export function number(value) {
  return new Intl.NumberFormat(current).format(value);
}

/// Points with their sign: `+666`, `−80`, `0`.
export function signed(value) {
  const size = number(Math.abs(value));
  if (value > 0) return `+${size}`;
  return value < 0 ? `−${size}` : size;
}

/// The zone of the sandbox: whoever looks, and wherever, its Monday begins at the same moment.
export const ZONE = 'Asia/Shanghai';

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const FORMS = {
  clock: CLOCK,
  seconds: { ...CLOCK, second: '2-digit' },
  dayAndClock: { month: '2-digit', day: '2-digit', ...CLOCK },
  dayAndWeek: { month: 'short', day: 'numeric', weekday: 'short' },
  full: { dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' },
  day: { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' },
  zone: { timeZoneName: 'long' },
};
const writers = new Map();

// Building one costs more than using it a hundred times.
function writer(form) {
  const key = `${current} ${form}`;
  if (!writers.has(key)) writers.set(key, new Intl.DateTimeFormat(current, { ...FORMS[form], timeZone: ZONE }));
  return writers.get(key);
}

/// `14:05`.
export const clock = (ms) => writer('clock').format(ms);

/// `14:05:09`.
export const clockSeconds = (ms) => writer('seconds').format(ms);

/// `11/23 14:05`, where entries are of many days.
export const dayAndClock = (ms) => writer('dayAndClock').format(ms);

/// `Mon, Nov 23`.
export const dayAndWeek = (ms) => writer('dayAndWeek').format(ms);

/// The whole date and time, for tooltips.
export const fullTime = (ms) => writer('full').format(ms);

/// The date alone, for the line between two days.
export const day = (ms) => writer('day').format(ms);

/// What the zone is called at that time.
export const zoneName = (ms) => writer('zone').formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? ZONE;

/// The ISO form for `<time datetime>`, or an empty text for a time no calendar holds.
export function iso(ms) {
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

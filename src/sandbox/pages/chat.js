// The chat page: who is speaking, where, and what arrives. Wires the parts together.

import { el, fill, icon, drawIcons, recall, remember, setAddress, settled, toast } from '/assets/page.js';
import { ask, listen } from '/assets/control.js';
import { language, onLanguage, suggestLanguage, t, number, wireLanguages, writeWords } from '/assets/words.js';
import { PRIVATE, bot, belongs, channel, guild, guildOf, guilds, learn, nameOf, oneLine, rolesOf, speakers } from '/assets/world.js';
import { avatar } from '/assets/avatar.js';
import { drawPlaces } from '/assets/places.js';
import { identity } from '/assets/identity.js';
import { composer } from '/assets/composer.js';
import { faultStrip } from '/assets/faults.js';
import { feed } from '/assets/feed.js';
import { presses } from '/assets/press.js';
import { timeControl } from '/assets/time.js';

const byId = (id) => document.getElementById(id);
const here = { me: null, channel: null, unread: new Map() };
const guildHere = () => (here.channel === PRIVATE ? null : guildOf(here.channel)?.id ?? null);
const side = byId('side');
let silence = null;
let asked = 0;
// What the stream tells while the messages are asked for: their answer may be older than that.
let meanwhile = null;
let shown = null;
let wallet = null;
let mall = null;
let unseen = 0;

const view = () => ({ guild: guildHere(), me: here.me, myRoles: rolesOf(here.me, guildHere()).map((role) => role.id) });
const title = () => (here.channel === PRIVATE ? oneLine(bot().name) || t('bot') : `#${oneLine(channel(here.channel)?.name)}`);

const pressed = presses((id) => talk.redraw(id, false));
const talk = feed(byId('feed'), {
  scene: () => ({ view: view(), pending: pressed.pending, onReply: (message) => write.replyTo(message), onPress: (message, data) => pressed.press(here.me, message, data) }),
  empty: () => el('div', { class: 'empty' }, avatar(bot().id, bot().name, 'large'), el('p', { class: 'empty-title', text: t('feed.empty', { place: title() }) }), el('p', { text: t('feed.empty.hint') })),
});
const write = composer(byId('composer'), {
  place: () => ({ me: here.me, channel: here.channel, guild: guildHere(), title: title() }),
  sent: () => talk.toFoot(),
});
const who = identity(byId('identity'), { here: () => ({ me: here.me, guild: guildHere() }), become, joined });
const time = timeControl(byId('time'));
const strip = faultStrip(byId('strip'), byId('active-faults'), { changed: () => readMall() });

// The page opens as the person in the address, or as the one this tab spoke as before.
function choosePerson() {
  const everybody = speakers();
  const wishes = [here.me, new URL(location.href).searchParams.get('as'), recall('sessionStorage', 'guildpoints.as')];
  const found = wishes.find((id) => id && everybody.some((one) => one.id === id));
  return found ?? everybody[0]?.id ?? null;
}

function chooseChannel() {
  const open = guilds().filter((one) => belongs(here.me, one.id)).flatMap((one) => one.channels.map((each) => each.id));
  const wishes = [here.channel, new URL(location.href).searchParams.get('channel'), recall('sessionStorage', 'guildpoints.channel')];
  return wishes.find((id) => id === PRIVATE || open.includes(id)) ?? open[0] ?? PRIVATE;
}

const spot = () => `${here.me} ${here.channel}`;

function settle(from) {
  remember('sessionStorage', 'guildpoints.as', here.me ?? '');
  remember('sessionStorage', 'guildpoints.channel', here.channel);
  setAddress('as', here.me);
  setAddress('channel', here.channel);
  here.unread.delete(here.channel);
  drawSurroundings();
  write.moved(from, spot());
  readMessages();
}

function become(id) {
  const from = spot();
  if (id === here.me) return;
  here.me = id;
  here.unread.clear();
  wallet = null;
  here.channel = chooseChannel();
  hear();
  settle(from);
}

// Somebody new is not in the state read last.
async function joined(id) {
  await readState();
  become(id);
}

function go(id) {
  const from = spot();
  openSide(false);
  if (id !== here.channel) {
    here.channel = id;
    settle(from);
  }
  focusWhereThereAreKeys();
}

// On a phone the focus would open the keyboard over what one wants to read.
function focusWhereThereAreKeys() {
  if (matchMedia('(pointer: fine)').matches) write.focus();
}

async function readState() {
  const state = await ask('/sandbox/state');
  suggestLanguage(state.page_language);
  learn(state);
  time.set(state.clock);
  const before = spot();
  const person = here.me;
  here.me = choosePerson();
  here.channel = chooseChannel();
  if (person !== here.me) hear();
  if (before !== spot()) settle(person ? before : null);
  else repaint();
}

// Reads the messages of the place. Where the feed already shows it, only what was missed is added.
async function readMessages() {
  if (!here.me) return;
  const ticket = ++asked;
  const place = spot();
  meanwhile = [];
  if (place !== shown) byId('feed').setAttribute('aria-busy', 'true');
  let messages = null;
  let trouble = null;
  try {
    ({ messages } = await ask('/sandbox/messages', { channel: here.channel, as: here.me }));
  } catch (error) {
    trouble = error.message || t('net.failed');
  }
  // A later question, perhaps about another place, has its own answer.
  if (ticket !== asked) return;
  byId('feed').removeAttribute('aria-busy');
  if (place === shown) {
    if (messages) talk.refresh(messages);
  } else {
    talk.replace(messages ?? []);
    shown = messages ? place : null;
    if (trouble) toast(trouble, 'bad');
  }
  for (const [message, fresh] of meanwhile) put(message, fresh);
  meanwhile = null;
}

function put(message, fresh) {
  if (fresh || talk.find(message.id)) talk.put(message, { mine: message.author?.id === here.me });
}

const readMall = settled(async () => {
  try {
    mall = await ask('/sandbox/mall');
    strip.show(mall);
    drawWallet();
  } catch {
    // The stream's own notice says that the sandbox is gone.
  }
}, 150);

function hear() {
  silence?.();
  silence = listen(here.me, {
    open() {
      byId('lost').hidden = true;
      readMessages();
      readMall();
      ask('/sandbox/clock').then(time.set, () => {});
    },
    lost: () => (byId('lost').hidden = false),
    message: (message) => arrived(message, true),
    edit: (message) => arrived(message, false),
    delete: (message) => arrived({ ...message, deleted: true }, false),
    callback: (answer) => pressed.answered(answer),
    // The sandbox also says so when a slow page has missed something.
    state: settled(() => readState().then(readMessages).catch(() => {})),
    mall: readMall,
    clock: time.set,
  });
}

function arrived(message, fresh) {
  const where = message.guild_id ? message.channel_id : PRIVATE;
  if (where === here.channel) {
    meanwhile?.push([message, fresh]);
    put(message, fresh);
  } else if (fresh && message.author?.id !== here.me) {
    here.unread.set(where, (here.unread.get(where) ?? 0) + 1);
    drawPlaces(byId('places'), here, go);
    byId('menu').classList.add('news');
  }
  if (fresh && document.hidden && message.author?.id !== here.me) {
    unseen += 1;
    entitle();
  }
}

function entitle() {
  document.title = `${unseen ? `(${unseen}) ` : ''}${title()} · ${t('chat.title')}`;
}

// The way to the mall's page, with what the person has there and what the mall has booked.
function drawWallet() {
  const node = byId('wallet');
  const shop = mall?.guilds?.find((one) => one.id === guildHere()) ?? null;
  const points = shop?.balances?.find((one) => one.user === here.me)?.points ?? null;
  const words = !shop ? '' : !shop.on ? t('wallet.off') : points === null ? t('wallet.none') : number(points);
  node.classList.toggle('off', !shop?.on);
  fill(node, icon('coins'),
    mall && el('span', { class: 'booked', text: t('wallet.booked', { n: number(mall.records?.length ?? 0) }) }),
    shop ? [el('span', { class: 'wallet-label', text: t('wallet') }), el('strong', { text: words })] : el('span', { text: t('mall.name') }));
  const key = `${here.me} ${shop?.id}`;
  if (wallet?.key === key && wallet.words !== words) {
    node.classList.remove('changed');
    requestAnimationFrame(() => node.classList.add('changed'));
  }
  wallet = { key, words };
}

function drawSurroundings() {
  const place = guild(guildHere());
  drawPlaces(byId('places'), here, go);
  if (here.unread.size === 0) byId('menu').classList.remove('news');
  fill(byId('where'), here.channel === PRIVATE ? avatar(bot().id, bot().name, 'tiny') : icon('hash'),
    el('h1', {}, el('bdi', { text: title().replace(/^#/, '') })),
    el('span', { class: 'where-note' }, place ? el('bdi', { text: oneLine(place.name) }) : t('places.private.note', { name: nameOf(here.me) })));
  who.repaint();
  drawWallet();
  entitle();
}

function repaint() {
  writeWords();
  drawSurroundings();
  write.repaint();
  strip.repaint();
  time.repaint();
  talk.repaint();
}

function openSide(yes) {
  side.classList.toggle('open', yes);
  byId('veil').hidden = !yes;
  byId('menu').setAttribute('aria-expanded', String(yes));
  if (yes) side.querySelector('.current')?.focus();
}

byId('menu').addEventListener('click', () => openSide(!side.classList.contains('open')));
byId('veil').addEventListener('click', () => openSide(false));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && side.classList.contains('open')) {
    openSide(false);
    byId('menu').focus();
  }
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    unseen = 0;
    entitle();
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => talk.repaint());
onLanguage(repaint);
drawIcons();
wireLanguages();
writeWords();
time.repaint();

// Until the sandbox answers, ask again: the page may be open before its server is.
async function start() {
  try {
    await readState();
    readMall();
    byId('lost').hidden = true;
    focusWhereThereAreKeys();
  } catch {
    byId('lost').hidden = false;
    setTimeout(start, 2000);
  }
}
document.documentElement.dataset.language = language();
start();

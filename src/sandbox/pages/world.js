// What the pages know of the little world: guilds, channels, roles, members, commands. Filled from
// `/sandbox/state`; everything else asks here for names, so that an unknown id has one look.

import { t, either } from '/assets/words.js';

/// The name of the private chat with the bot where a channel is expected.
export const PRIVATE = 'dm';

const EMPTY = { bot: { id: '', name: '' }, guilds: [], commands: [] };
let state = EMPTY;
let people = new Map();

/// Takes in a new state.
export function learn(next) {
  state = { ...EMPTY, ...next };
  people = new Map();
  for (const guild of state.guilds) {
    for (const member of guild.members ?? []) {
      if (!people.has(member.id)) people.set(member.id, member);
    }
  }
}

export const guilds = () => state.guilds;
export const bot = () => state.bot;
export const commands = () => state.commands ?? [];
export const guild = (id) => state.guilds.find((one) => one.id === id) ?? null;
export const isBot = (id) => id === state.bot?.id || Boolean(people.get(id)?.bot);

/// The guild a channel belongs to, or null (the private chat has none).
export function guildOf(channelId) {
  return state.guilds.find((one) => one.channels.some((channel) => channel.id === channelId)) ?? null;
}

/// A channel by id, in any guild.
export function channel(id) {
  for (const one of state.guilds) {
    const found = one.channels.find((candidate) => candidate.id === id);
    if (found) return found;
  }
  return null;
}

/// A person as seen in a guild (her guild nickname and roles), or anywhere when no guild is given.
export function member(userId, guildId = null) {
  const here = guildId && guild(guildId)?.members.find((one) => one.id === userId);
  return here || people.get(userId) || null;
}

/// Everybody who can speak: members of any guild, bots left out.
export function speakers() {
  return [...people.values()].filter((person) => !person.bot && person.id !== state.bot?.id);
}

/// Whether somebody belongs to a guild.
export function belongs(userId, guildId) {
  return Boolean(guild(guildId)?.members.some((one) => one.id === userId));
}

/// A name on one line: names come from people and may hold line breaks or nothing at all.
export function oneLine(name) {
  return String(name ?? '').replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/// How somebody is called in a guild; an unknown id is shown as such.
export function nameOf(userId, guildId = null, otherwise = null) {
  if (userId && userId === state.bot?.id) return oneLine(state.bot.name) || t('bot');
  const person = member(userId, guildId);
  return oneLine(person?.guild_nick) || oneLine(person?.nickname) || oneLine(otherwise) || t('unknown.member', { id: String(userId ?? '').slice(-4) });
}

/// A member's roles in a guild, highest first.
export function rolesOf(userId, guildId) {
  const here = guild(guildId);
  const person = here?.members.find((one) => one.id === userId);
  if (!here || !person) return [];
  return here.roles
    .filter((role) => role.id !== guildId && (person.roles ?? []).includes(role.id))
    .sort((left, right) => (right.position ?? 0) - (left.position ?? 0));
}

/// A role's name; the guild's own id stands for everyone.
export function roleName(roleId, guildId = null) {
  if (state.guilds.some((one) => one.id === roleId)) return t('everyone');
  const places = guildId ? [guild(guildId), ...state.guilds] : state.guilds;
  for (const place of places) {
    const role = place?.roles.find((one) => one.id === roleId);
    if (role) return oneLine(role.name);
  }
  return t('unknown.role', { id: roleId.slice(-4) });
}

/// What the sandbox says about somebody, e.g. "moderator".
export const noteOf = (person) => oneLine(either(person?.note_zh, person?.note_en));

/// Whether somebody owns a guild.
export const owns = (userId, guildId) => guild(guildId)?.owner_id === userId;

const withoutSlash = (word) => word.replace(/^[/／]/, '');

/// A command as completion shows it: the word of the page's language, how it is used, what it does.
export function commandView(hint) {
  const usage = oneLine(either(hint.usage_zh, hint.usage_en));
  const first = usage.split(/\s/)[0] ?? '';
  const word = /^[/／]./.test(first) ? withoutSlash(first) : withoutSlash(hint.name);
  const others = [hint.usage_zh, hint.usage_en]
    .map((line) => oneLine(line).split(/\s/)[0] ?? '')
    .filter((line) => /^[/／]./.test(line))
    .map(withoutSlash);
  const words = [...new Set([word, withoutSlash(hint.name), ...others, ...(hint.aliases ?? []).map(withoutSlash)])].filter(Boolean);
  return { word, words, usage: usage || `/${word}`, summary: oneLine(either(hint.summary_zh, hint.summary_en)) };
}

/// Whether one id is smaller than another; ids are decimal strings above 2^53.
export function compareIds(left, right) {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

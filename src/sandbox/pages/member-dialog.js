// Two small dialogs about people: roles and guild nickname of a member, and a new member.

import { el, toast } from '/assets/page.js';
import { tell } from '/assets/control.js';
import { guild, member, nameOf, oneLine } from '/assets/world.js';
import { t } from '/assets/words.js';

function dialog(title, fields, save) {
  const node = el('dialog', { class: 'dialog', 'aria-label': title });
  const form = el('form', { method: 'dialog' },
    el('h2', { text: title }), fields,
    el('div', { class: 'dialog-keys' },
      el('button', { class: 'button', type: 'button', on: { click: () => node.close() }, text: t('cancel') }),
      el('button', { class: 'button strong', type: 'submit', text: t('save') })));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      await save();
      node.close();
    } catch (error) {
      toast(error.message || t('net.failed'), 'bad');
    }
  });
  node.append(form);
  node.addEventListener('close', () => node.remove());
  document.body.append(node);
  node.showModal();
}

/// Roles and nickname; the change is announced to nobody, as on the real platform.
export function memberDialog(guildId, userId) {
  const place = guild(guildId);
  const person = member(userId, guildId);
  if (!place || !person) return;
  const nick = el('input', { type: 'text', value: person.guild_nick ?? '', maxlength: '64', placeholder: oneLine(person.nickname) });
  const boxes = place.roles.filter((role) => role.id !== guildId).map((role) => ({
    role,
    box: el('input', { type: 'checkbox', checked: (person.roles ?? []).includes(role.id) }),
  }));
  dialog(t('member.title', { name: nameOf(userId, guildId) }), [
    el('label', { class: 'field' }, el('span', { text: t('member.nick') }), nick),
    el('fieldset', { class: 'field' }, el('legend', { text: t('member.roles') }),
      boxes.map(({ role, box }) => el('label', { class: 'check' }, box, el('bdi', { text: oneLine(role.name) })))),
    el('p', { class: 'hint', text: t('member.silent') }),
  ], async () => {
    const wish = nick.value.trim() || null;
    if (wish !== (person.guild_nick ?? null)) await tell('/sandbox/nick', { guild: guildId, user: userId, guild_nick: wish });
    const roles = boxes.filter(({ box }) => box.checked).map(({ role }) => role.id);
    if (roles.join() !== boxes.filter(({ role }) => (person.roles ?? []).includes(role.id)).map(({ role }) => role.id).join()) {
      await tell('/sandbox/roles', { guild: guildId, user: userId, roles });
    }
  });
}

/// A new member of a guild; `joined` gets its id.
export function newMemberDialog(guildId, joined) {
  const name = el('input', { type: 'text', required: true, maxlength: '64' });
  dialog(t('member.new'), [el('label', { class: 'field' }, el('span', { text: t('member.nickname') }), name)], async () => {
    const answer = await tell('/sandbox/member', { guild: guildId, nickname: name.value.trim() });
    if (answer?.id) await joined(answer.id);
  });
}

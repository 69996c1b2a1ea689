// "Speaking as": the chooser with everybody and their roles. One browser tab is one person.

import { el, fill, icon } from '/assets/page.js';
import { avatar } from '/assets/avatar.js';
import { speakers, member, nameOf, noteOf, rolesOf, owns, belongs, guild, oneLine } from '/assets/world.js';
import { t } from '/assets/words.js';
import { memberDialog, newMemberDialog } from '/assets/member-dialog.js';

/// The chooser inside `root`. `here()` gives `{me, guild}`; `become(id)` is called on a choice,
/// `joined(id)` for somebody who has just come into the world.
export function identity(root, { here, become, joined }) {
  const button = el('button', { class: 'me', type: 'button', 'aria-haspopup': 'true', 'aria-expanded': 'false', 'aria-controls': 'people', id: 'speaking-as' });
  const panel = el('div', { class: 'people', id: 'people', hidden: true });
  root.append(panel, button);

  const open = (yes) => {
    panel.hidden = !yes;
    button.setAttribute('aria-expanded', String(yes));
    if (!yes) return;
    draw();
    (panel.querySelector('[aria-pressed="true"]') ?? panel.querySelector('button'))?.focus();
  };

  function badges(id, guildId) {
    return [
      owns(id, guildId) && el('span', { class: 'badge owner', text: t('owner') }),
      rolesOf(id, guildId).map((role) => el('span', { class: 'badge role' }, el('bdi', { text: oneLine(role.name) }))),
    ];
  }

  function person(one, guildId) {
    const name = nameOf(one.id, guildId);
    const seen = member(one.id, guildId);
    return el('li', { class: 'person-row' },
      el('button', { class: 'person', type: 'button', 'aria-pressed': String(one.id === here().me), data: { person: one.id }, on: { click: () => { open(false); become(one.id); button.focus(); } } },
        avatar(one.id, name, 'small'),
        el('span', { class: 'person-words' },
          el('span', { class: 'person-name' }, el('bdi', { text: name }), badges(one.id, guildId)),
          el('span', { class: 'person-note', text: [noteOf(seen), one.short_id && `#${one.short_id}`].filter(Boolean).join(' · ') }))),
      guildId && belongs(one.id, guildId) && el('button', { class: 'tool', type: 'button', title: t('member.edit'), 'aria-label': t('member.edit.of', { name }), on: { click: () => { open(false); memberDialog(guildId, one.id); } } }, icon('edit')));
  }

  function draw() {
    const place = here();
    const everybody = speakers();
    const inside = everybody.filter((one) => place.guild && belongs(one.id, place.guild));
    const outside = everybody.filter((one) => !inside.includes(one));
    fill(panel,
      el('div', { class: 'people-head', text: t('identity.hint') }),
      el('ul', {}, inside.map((one) => person(one, place.guild)),
        outside.length > 0 && inside.length > 0 && el('li', { class: 'people-divider', text: t('identity.elsewhere') }),
        outside.map((one) => person(one, place.guild))),
      place.guild && el('button', { class: 'person-add', type: 'button', on: { click: () => { open(false); newMemberDialog(place.guild, joined); } } }, icon('plus'), t('member.new')));
  }

  button.addEventListener('click', () => open(panel.hidden));
  root.addEventListener('keydown', (event) => {
    if (panel.hidden) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      open(false);
      button.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const rows = [...panel.querySelectorAll('.person')];
      const at = rows.indexOf(document.activeElement);
      if (at < 0) return;
      event.preventDefault();
      rows[(at + (event.key === 'ArrowDown' ? 1 : rows.length - 1)) % rows.length].focus();
    }
  });
  document.addEventListener('pointerdown', (event) => {
    if (!panel.hidden && !root.contains(event.target)) open(false);
  });

  return {
    /// Shows who is speaking now.
    repaint() {
      const place = here();
      const name = nameOf(place.me, place.guild);
      const roles = [owns(place.me, place.guild) && t('owner'), ...rolesOf(place.me, place.guild).map((role) => oneLine(role.name))].filter(Boolean);
      const note = guild(place.guild) ? roles.join(' · ') || t('identity.plain') : noteOf(member(place.me));
      fill(button, avatar(place.me, name, 'small'),
        el('span', { class: 'me-words' }, el('span', { class: 'me-hint', text: t('identity.as') }), el('bdi', { class: 'me-name', text: name }), el('span', { class: 'me-note', text: note })),
        icon('down'));
      button.setAttribute('aria-label', `${t('identity.as')} ${name}`);
      if (!panel.hidden) draw();
    },
  };
}

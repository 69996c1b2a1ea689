// A form made from what the sandbox tells of its settings: switches, choices, numbers. A setting
// this page has no word for is still shown, under its own name.

import { el, fill } from '/assets/page.js';
import { choiceName } from '/assets/fault-kinds.js';
import { redraw, onLeave } from '/assets/redraw.js';
import { t, knows } from '/assets/words.js';

// What a setting with names for values can be.
const CHOICES = {
  length_unit: ['utf16', 'codepoint', 'utf8'],
  error_shape: ['outer', 'inner', 'both'],
  unknown_user_code: ['60005', '50000'],
  batch_order: ['list', 'reversed', 'shuffled'],
  empty_record: ['null', 'object', 'absent', 'text', 'list'],
  error_key: ['error_code', 'err_code', 'code'],
  edit_answer: ['message', 'true'],
  history_key: ['data', 'result'],
  not_whitelisted_status: [400, 200],
  error_form: ['json', 'text', 'empty', 'status_200'],
  deduct: ['negative', 'by_type', 'refuse'],
  repeated_id: ['again', 'silent', 'conflict'],
  ledger: ['documented', 'object', 'array', 'malformed'],
  points: ['documented', 'number', 'string'],
  created: ['documented', 'createAt', 'createdAt'],
  detail_id: ['documented', 'number', 'transactionId'],
  unknown_ids: ['left_out', 'refused'],
  point_order: ['asked', 'shuffled'],
  no_points: ['list', 'absent'],
  retry_after: ['absent', 'seconds', 'date'],
};

/// Draws the form; `save({name: value})` is called at each change.
export function drawSettings(root, family, values, save) {
  // Lists (people with closed private messages) are for tests, not for a form.
  const names = Object.keys(values).filter((name) => values[name] === null || typeof values[name] !== 'object');
  redraw(root, () => fill(root, names.map((name) => setting(family, name, values[name], save))));
}

// A value may mean something else in this setting than elsewhere.
function valueName(name, value) {
  const own = `choice.${name}.${value}`;
  return knows(own) ? t(own) : choiceName(value);
}

function setting(family, name, value, save) {
  const key = `${family}.${name}`;
  const words = el('span', { class: 'setting-name', title: name, text: knows(key) ? t(key) : name });
  const data = { key };
  if (typeof value === 'boolean') {
    return el('label', { class: 'setting toggle' }, words,
      el('input', { type: 'checkbox', role: 'switch', checked: value, data, on: { change: (event) => save({ [name]: event.target.checked }) } }));
  }
  if (CHOICES[name]) {
    const known = CHOICES[name].some((one) => one === value) ? CHOICES[name] : [value, ...CHOICES[name]];
    const box = el('select', { data, on: { change: (event) => save({ [name]: known.find((one) => String(one) === event.target.value) }) } },
      known.map((one) => el('option', { value: String(one), text: valueName(name, String(one)) })));
    box.value = String(value);
    return el('label', { class: 'setting' }, words, box);
  }
  const numeric = typeof value === 'number' || value === null;
  const box = el('input', { type: 'text', class: 'parameter', inputmode: numeric ? 'numeric' : null, value: value ?? '', placeholder: '∞', data });
  const commit = () => {
    const text = box.value.trim();
    if (text === String(value ?? '')) return;
    save({ [name]: numeric ? (text === '' ? null : Number(text)) : text });
  };
  onLeave(box, commit);
  box.addEventListener('keydown', (event) => event.key === 'Enter' && box.blur());
  return el('label', { class: 'setting' }, words, box);
}

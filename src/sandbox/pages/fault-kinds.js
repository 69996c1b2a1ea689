// The faults the sandbox can play, with their parameters, and how one is described in a line.

import { t, number } from '/assets/words.js';

/// Endpoints a fault can meet: of the points systems, and of the chat platform.
export const MALL_ENDPOINTS = ['modifyUserPoint', 'batchModifyUserPoint', 'getUserPoint', 'findPointRecord'];
export const SWAN_ENDPOINTS = ['swan.add', 'swan.balance', 'swan.ledger', 'swan.mine', 'swan.report'];
export const MANTA_ENDPOINTS = ['manta.points', 'manta.clients', 'manta.token'];
export const CHAT_ENDPOINTS = ['sendMessage', 'sendPhoto', 'editMessageText', 'getMe', 'v2/answerCallback', 'message/getList'];

const RETRY = {
  absent: 'absent',
  seconds: { seconds: 2 },
  date: { date: 2 },
  absurd: 'absurd',
};

/// All kinds. `fields`: parameter → a number (its default), a list of names (the first is the
/// default), or a table of names and what they send.
export const KINDS = [
  { kind: 'drop_before', group: 'cut' },
  { kind: 'drop_after', group: 'cut' },
  { kind: 'delay_before', group: 'slow', fields: { ms: 8000 } },
  { kind: 'delay_after', group: 'slow', fields: { ms: 8000 } },
  { kind: 'slow_body', group: 'slow' },
  { kind: 'status_500_before', group: 'odd' },
  { kind: 'status_500_after', group: 'odd' },
  { kind: 'rate_429', group: 'odd', fields: { retry_after: RETRY } },
  { kind: 'redirect_302', group: 'odd' },
  { kind: 'html_200', group: 'odd', fields: { when: ['before', 'after'] } },
  { kind: 'malformed_json', group: 'odd', fields: { when: ['after', 'before'], form: ['cut', 'not_utf8'] } },
  { kind: 'odd_code', group: 'form', fields: { form: ['string', 'missing', 'null'] } },
  { kind: 'answer_code', group: 'form', fields: { code: 60005, when: ['before', 'after'] } },
  { kind: 'ids_as_float', group: 'form' },
  { kind: 'points_as_string', group: 'form' },
  { kind: 'extra_and_reordered_fields', group: 'form' },
  { kind: 'cards_refused', group: 'form' },
  { kind: 'duplicate_request', group: 'form', fields: { sees: ['first', 'second'] } },
  { kind: 'clock_skew', group: 'form', fields: { ms: 660000 } },
  { kind: 'batch_truncate', group: 'form', fields: { n: 1 } },
  { kind: 'batch_extra', group: 'form', fields: { n: 1 } },
];

/// How often a rule still strikes: null until cleared, 0 when used up.
export function left(rule) {
  if (rule.count === null || rule.count === undefined) return null;
  return Math.max(0, rule.count - (rule.hits ?? 0));
}

/// The name of a fault with its parameters, e.g. "waits, then applies · 8,000 ms".
export function faultName(kind) {
  const details = Object.entries(kind ?? {})
    .filter(([key, value]) => key !== 'kind' && value !== null)
    .map(([key, value]) => detail(key, value));
  const name = t(`fault.${kind?.kind}`);
  return [name.startsWith('fault.') ? kind?.kind : name, ...details].join(' · ');
}

function detail(key, value) {
  if (value !== null && typeof value === 'object') {
    const [name, amount] = Object.entries(value)[0] ?? ['', ''];
    return `${choiceName(name)} ${amount}`;
  }
  if (key === 'code') return String(value);
  if (typeof value === 'number') return key === 'ms' ? `${number(value)} ms` : number(value);
  return choiceName(String(value));
}

/// The name of one choice of a parameter.
export function choiceName(name) {
  const word = t(`choice.${name}`);
  return word.startsWith('choice.') ? name : word;
}

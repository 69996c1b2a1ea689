// Pressing inline buttons: who waits for which answer, and the notice the answer brings.

import { toast } from '/assets/page.js';
import { tell } from '/assets/control.js';
import { oneLine } from '/assets/world.js';
import { t } from '/assets/words.js';

const PATIENCE_MS = 10000;

/// Keeps track of pressed buttons; `changed(messageId)` is called when a spinner starts or stops.
export function presses(changed) {
  const pending = new Set();
  const waiting = new Map();
  // The answer may arrive before the request that caused it has returned.
  const early = new Map();

  const settle = (callback, text) => {
    const press = waiting.get(callback);
    if (!press) return false;
    clearTimeout(press.timer);
    waiting.delete(callback);
    pending.delete(press.name);
    changed(press.message);
    if (oneLine(text)) toast(text);
    return true;
  };

  return {
    pending,

    /// A person pressed a button.
    async press(user, message, data) {
      const name = `${message.id} ${data}`;
      if (pending.has(name)) return;
      pending.add(name);
      changed(message.id);
      try {
        const { callback_id: callback } = await tell('/sandbox/press', { user, message: message.id, data });
        const timer = setTimeout(() => {
          if (settle(callback, '')) toast(t('press.silent'), 'bad');
        }, PATIENCE_MS);
        waiting.set(callback, { name, message: message.id, timer });
        if (early.has(callback)) settle(callback, early.get(callback));
      } catch (error) {
        pending.delete(name);
        changed(message.id);
        toast(error.message || t('net.failed'), 'bad');
      }
    },

    /// The bot answered a press.
    answered({ callback_id: callback, text }) {
      if (settle(callback, text)) return;
      early.set(callback, text);
      if (early.size > 50) early.delete(early.keys().next().value);
    },
  };
}

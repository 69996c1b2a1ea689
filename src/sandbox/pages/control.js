// The control paths of the sandbox: JSON questions and orders, and the stream of events.

import { knows, t } from '/assets/words.js';

/// An answer other than 2xx, with its sentence in the page's language, or the sandbox's own.
export class ControlError extends Error {}

async function request(method, path, body) {
  const options = { method, headers: { Accept: 'application/json' }, cache: 'no-store' };
  if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ControlError('');
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (!response.ok) {
    const word = `refused.${answer?.word}`;
    throw new ControlError(knows(word) ? t(word) : answer?.error ?? `HTTP ${response.status}`);
  }
  return answer;
}

/// GET a path; query parameters with null values are left out.
export function ask(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) parameters.set(key, value);
  }
  const tail = parameters.toString();
  return request('GET', tail ? `${path}?${tail}` : path);
}

/// POST an order.
export function tell(path, body) {
  return request('POST', path, body);
}

/// DELETE what a path holds.
export function forget(path) {
  return request('DELETE', path, {});
}

/// Listens to the events meant for one person. `on` maps event names to functions; `on.open` runs
/// after each (re)connection, `on.lost` when the stream breaks. Returns a function that ends it.
export function listen(person, on) {
  let source = null;
  let timer = 0;
  let ended = false;

  const connect = () => {
    const query = person ? `?as=${encodeURIComponent(person)}` : '';
    source = new EventSource(`/sandbox/events${query}`);
    source.addEventListener('open', () => on.open?.());
    source.addEventListener('error', () => {
      on.lost?.();
      // A browser retries a broken stream by itself, but gives up on one that was refused.
      if (source.readyState === EventSource.CLOSED && !ended) timer = setTimeout(connect, 2000);
    });
    for (const name of ['message', 'edit', 'delete', 'callback', 'state', 'mall', 'swan', 'manta', 'clock']) {
      if (!on[name]) continue;
      source.addEventListener(name, (event) => {
        let data = {};
        try {
          data = event.data ? JSON.parse(event.data) : {};
        } catch {
          return;
        }
        on[name](data);
      });
    }
  };

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };

  // A browser opens few connections to one address: tabs nobody looks at must not use them up.
  let hidden = 0;
  const watch = () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(close, 20000);
    else if (!source && !ended) connect();
  };
  document.addEventListener('visibilitychange', watch);

  connect();
  return () => {
    ended = true;
    clearTimeout(hidden);
    document.removeEventListener('visibilitychange', watch);
    close();
  };
}

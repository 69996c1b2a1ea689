// What every step needs: the facts a sandbox prints, its control paths, waiting for what comes, and
// saying what was right. Nothing here knows the client under test.
'use strict';

const assert = require('node:assert/strict');
const readline = require('node:readline');

// Longer than anything takes on a busy machine.
const PATIENCE_MS = 15_000;

/** The line of JSON that `guildpoints sandbox --json` prints, from the standard input. */
async function facts() {
  const lines = readline.createInterface({ input: process.stdin });
  const line = await patient('the line of facts', new Promise((take) => lines.once('line', take)));
  lines.close();
  process.stdin.destroy();
  return JSON.parse(line);
}

/** A promise that fails with what was waited for instead of waiting for ever. */
function patient(what, promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited in vain for ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Things that arrive in any order, each to be taken once. */
class Inbox {
  #kept = [];
  #waiting = [];

  put(item) {
    const at = this.#waiting.findIndex(({ fits }) => fits(item));
    if (at < 0) this.#kept.push(item);
    else this.#waiting.splice(at, 1)[0].take(item);
  }

  next(what, fits) {
    const at = this.#kept.findIndex(fits);
    if (at >= 0) return Promise.resolve(this.#kept.splice(at, 1)[0]);
    return patient(what, new Promise((take) => this.#waiting.push({ fits, take })));
  }
}

/** The sandbox as its pages and tests move it. */
class Controls {
  constructor(page) {
    this.page = page;
  }

  async post(path, body) {
    const response = await fetch(new URL(path, this.page), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
  }

  /** What a user sees of a channel, oldest first. */
  async seen(user, channel) {
    const path = `sandbox/messages?channel=${channel}&as=${user}`;
    return (await (await fetch(new URL(path, this.page))).json()).messages;
  }

  /** One message as a user sees it, undefined if they do not see it. */
  async seenMessage(user, channel, id) {
    return (await this.seen(user, channel)).find((message) => message.id === String(id));
  }

  /** An inbox of the events a user's page would get; resolves once none can be missed. */
  async events(user) {
    const stop = new AbortController();
    const path = `sandbox/events?as=${user}`;
    const response = await fetch(new URL(path, this.page), { signal: stop.signal });
    const inbox = new Inbox();
    const read = async () => {
      let rest = '';
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        const events = (rest + piece).split('\n\n');
        rest = events.pop();
        for (const event of events) {
          const field = (name) => event.match(new RegExp(`^${name}: ?(.*)$`, 'm'))?.[1];
          if (field('data')) inbox.put({ event: field('event'), data: JSON.parse(field('data')) });
        }
      }
    };
    read().catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    return { next: (what, fits) => inbox.next(what, fits), close: () => stop.abort() };
  }
}

/** Runs one step and says how it went; the first that fails ends the program. */
async function step(name, work) {
  try {
    const detail = await work();
    console.log(`ok ${name}: ${detail}`);
  } catch (error) {
    const said = error?.response?.data;
    console.log(`FAILED ${name}: ${error?.stack ?? error}`);
    if (said !== undefined) console.log(`the sandbox said: ${text(said)}`);
    process.exit(1);
  }
}

/** Anything as text, ids of any length among it. */
function text(value) {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));
}

module.exports = { Controls, Inbox, facts, patient, step, text };

// The client's heartbeat and farewell, seen from inside a socket that it was given to use.
'use strict';

const assert = require('node:assert/strict');

const { Bot } = require('fanbook-api-node-sdk');

const { Inbox } = require('./stage.cjs');

/** Connects with a given kind of socket, which also shows what the client keeps to itself. */
async function pings(world, axios, Socket) {
  const raw = new Inbox();
  class Watched extends Socket {
    constructor(address) {
      super(address);
      this.addEventListener('message', async ({ data }) => {
        const binary = typeof data !== 'string';
        const words = data instanceof Blob ? await data.text() : data.toString();
        raw.put({ binary, frame: JSON.parse(words) });
      });
      this.addEventListener('close', ({ code }) => raw.put({ code, frame: { action: 'closed' } }));
    }
  }
  const bot = new Bot(world.bot_token, { axios, ws: Watched });
  const bus = await bot.listen({ url: world.gateway_url, ping: 0.05 });
  const arrived = (name) => raw.next(`\`${name}\``, ({ frame }) => frame.action === name);
  const first = await arrived('connect');
  assert.equal(first.binary, true, 'the gateway speaks in binary frames');
  const pong = await arrived('pong');
  assert.ok(pong.frame.data.time < 1e11, '`pong` tells its time in seconds');
  bus.emit('close');
  const NO_CODE_GIVEN = 1005;
  assert.equal((await arrived('closed')).code, NO_CODE_GIVEN, 'a farewell is answered');
}

module.exports = { pings };

// The mall page: switches and balances of each guild, what was paid, what was asked, what is
// broken. Everything shown is read from `/sandbox/mall` again after each `mall` event.

import { drawIcons, settled, toast } from '/assets/page.js';
import { ask, tell, listen } from '/assets/control.js';
import { onLanguage, suggestLanguage, t, wireLanguages, writeWords } from '/assets/words.js';
import { learn, speakers } from '/assets/world.js';
import { drawGuilds } from '/assets/mall-guilds.js';
import { drawRecords, drawRequests } from '/assets/mall-records.js';
import { faultBoard } from '/assets/mall-faults.js';
import { drawSettings } from '/assets/mall-shapes.js';

const byId = (id) => document.getElementById(id);
let mall = null;
let settings = {};

/// Sends an order and shows what comes of it; the sandbox's own sentence where it refuses.
async function order(path, body, done) {
  try {
    const answer = await tell(path, body);
    if (done) toast(done, 'good');
    if (answer?.guilds && answer?.records) show(answer);
    else await Promise.all([readMall(), readState()]);
    return answer;
  } catch (error) {
    toast(error.message || t('net.failed'), 'bad');
    draw();
    return null;
  }
}

const board = faultBoard({ order, changed: () => readMall() });

function show(next) {
  mall = next;
  draw();
}

function draw() {
  if (!mall) return;
  drawGuilds(byId('guilds'), mall, order);
  drawRecords(byId('records-table'), byId('records-count'), mall.records ?? []);
  drawRequests(byId('requests-table'), byId('requests-count'), mall.requests ?? []);
  board.show(mall.faults ?? []);
  drawSettings(byId('shapes'), 'shapes', mall.shapes ?? {}, (change) => order('/sandbox/mall/shapes', change, t('mall.saved')));
  drawSettings(byId('platform'), 'settings', settings, (change) => order('/sandbox/platform', change, t('mall.saved')));
}

async function readMall() {
  show(await ask('/sandbox/mall'));
}

async function readState() {
  const state = await ask('/sandbox/state');
  suggestLanguage(state.page_language);
  learn(state);
  settings = state.settings ?? {};
  board.set(state.clock.now_ms);
  draw();
}

const quietly = (work) => settled(() => work().catch(() => {}));

function hear() {
  listen(speakers()[0]?.id ?? null, {
    open() {
      byId('lost').hidden = true;
      quietly(readMall)();
      quietly(readState)();
    },
    lost: () => (byId('lost').hidden = false),
    mall: quietly(readMall),
    state: quietly(readState),
    clock: quietly(readState),
  });
}

function words() {
  writeWords();
  board.repaint();
  draw();
}

async function start() {
  try {
    await readState();
    await readMall();
    byId('lost').hidden = true;
    hear();
  } catch {
    byId('lost').hidden = false;
    setTimeout(start, 2000);
  }
}

onLanguage(words);
drawIcons();
wireLanguages();
words();
start();

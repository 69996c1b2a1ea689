// What the pages of Swan and Manta share: reading their system again after each change of it, sending
// orders, the board of faults, and the form of choices.

import { drawIcons, settled, toast } from '/assets/page.js';
import { ask, tell, listen } from '/assets/control.js';
import { onLanguage, suggestLanguage, t, wireLanguages, writeWords } from '/assets/words.js';
import { learn, speakers } from '/assets/world.js';
import { drawRequests } from '/assets/mall-records.js';
import { faultBoard } from '/assets/mall-faults.js';
import { drawSettings } from '/assets/mall-shapes.js';

/// The element of an id.
export const byId = (id) => document.getElementById(id);

/// Runs the page of a system. `draw(state, order)` draws what only this one has; `names` are its
/// endpoints by which faults call them.
export function systemPage({ system, names, draw }) {
  let shown = null;

  // Sends an order and shows what comes of it; the sandbox's own sentence where it refuses.
  async function order(path, body, done) {
    try {
      const answer = await tell(path, body);
      if (done) toast(done, 'good');
      if (answer?.shapes) show(answer);
      else await Promise.all([readSystem(), readState()]);
      return answer;
    } catch (error) {
      toast(error.message || t('net.failed'), 'bad');
      repaint();
      return null;
    }
  }

  const board = faultBoard({ order, changed: () => readSystem(), groups: [{ system, names }], every: `${system}.*` });

  function show(next) {
    shown = next;
    repaint();
  }

  function repaint() {
    if (!shown) return;
    draw(shown, order);
    drawRequests(byId('requests-table'), byId('requests-count'), shown.requests);
    board.show(shown.faults.filter((rule) => rule.endpoint === '*' || rule.endpoint.startsWith(`${system}.`)));
    drawSettings(byId('shapes'), `${system}.shapes`, shown.shapes, (change) => order(`/sandbox/${system}/shapes`, change, t('mall.saved')));
  }

  async function readSystem() {
    show(await ask(`/sandbox/${system}`));
  }

  async function readState() {
    const state = await ask('/sandbox/state');
    suggestLanguage(state.page_language);
    learn(state);
    board.set(state.clock.now_ms);
  }

  const quietly = (work) => settled(() => work().catch(() => {}));

  function hear() {
    listen(speakers()[0]?.id ?? null, {
      open() {
        byId('lost').hidden = true;
        quietly(readSystem)();
        quietly(readState)();
      },
      lost: () => (byId('lost').hidden = false),
      [system]: quietly(readSystem),
      // The list of faults is one for all systems, and the mall tells of it.
      mall: quietly(readSystem),
      state: quietly(readState),
      clock: quietly(async () => Promise.all([readState(), readSystem()])),
    });
  }

  function words() {
    writeWords();
    board.repaint();
    repaint();
  }

  async function start() {
    try {
      await readState();
      await readSystem();
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
}

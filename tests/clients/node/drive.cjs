// Drives the published client for Node.js, unmodified, against a sandbox that serves alone:
//
//     guildpoints sandbox --serve-only --json --listen 127.0.0.1:0 | NODE_PATH=… node drive.cjs
//
// The client is led to the sandbox by its own options for addresses. One line a step, exit code 0
// only if everything that came back was right.
'use strict';

const assert = require('node:assert/strict');

const { Bot, FanbookApiError, RichText } = require('fanbook-api-node-sdk');
const { bigintJsonParser } = require('fanbook-api-node-sdk/lib/axios');
const { WebSocket: PackagedSocket } = require('ws');

const { pings } = require('./pings.cjs');
const { Controls, Inbox, facts, patient, step, text } = require('./stage.cjs');

async function main() {
  const world = await facts();
  const controls = new Controls(world.page);
  const axios = { baseURL: `${world.api_url}/api/bot/${world.bot_token}`, timeout: 15_000 };
  const bot = new Bot(world.bot_token, { axios });

  const guild = BigInt(world.guild_id);
  const [general, board, staff] = world.channels;
  const channel = BigInt(general.id);
  const [ming, hong, moderator] = ['2791234', '2801357', '2345671'].map((shortId) =>
    world.members.find((member) => member.short_id === shortId),
  );
  const say = async (user, where, words, more) => {
    const body = { user: user.id, channel: where, text: words, ...more };
    return (await controls.post('sandbox/say', body)).message_id;
  };
  const refused = (code) => (error) => {
    assert.ok(error instanceof FanbookApiError, String(error));
    assert.equal(error.code, code, error.description);
    return true;
  };

  await step('getMe', async () => {
    const me = await bot.getMe();
    assert.equal(me.id, BigInt(world.bot_id));
    assert.equal(me.is_bot, true);
    assert.match(me.user_token, /^[0-9a-f]{192}$/);
    assert.equal(me.owner_id, BigInt(world.owner_id));
    assert.equal(me.last_name, world.owner_id);
    const again = await bot.getMe({ forced: true });
    assert.equal(again.id, me.id);
    assert.notEqual(again.user_token, me.user_token);
    const commands = await bot.listMyCommand();
    assert.ok(commands.length > 0);
    assert.ok(commands.every(({ command, description }) => command && description));
    return `${me.first_name} with ${commands.length} commands`;
  });

  const inbox = new Inbox();
  let bus;
  await step('gateway', async () => {
    const sockets = [PackagedSocket, globalThis.WebSocket].filter(Boolean);
    for (const Socket of sockets) await pings(world, axios, Socket);
    bus = await bot.listen({ url: world.gateway_url });
    const connected = new Promise((take, fail) => {
      bus.on('connect', take);
      bus.on('error', (event) => fail(event.error ?? new Error(event.message)));
    });
    bus.on('push', (frame) => inbox.put(frame));
    const { client_id: client } = await patient('the frame `connect`', connected);
    assert.match(client, /^\w+$/);
    const stranger = await bot.listen({ url: world.gateway_url, userToken: '0'.repeat(192) });
    const error = new Promise((take) => stranger.on('error', take));
    await patient('the refusal of a wrong token', error);
    return `${client}, pings answered on ${sockets.length} kind(s) of socket`;
  });

  const pushed = (id) =>
    inbox.next(`the push of message ${id}`, ({ action, data }) => {
      return action === 'push' && data.message_id === String(id);
    });

  let asked;
  await step('push', async () => {
    asked = await say(ming, general.id, `\${@!${world.bot_id}} /points`);
    const { data } = await pushed(asked);
    assert.equal(data.user_id, ming.id);
    assert.equal(data.channel_id, general.id);
    assert.equal(data.guild_id, world.guild_id);
    assert.equal(data.channel_type, 0);
    assert.ok(data.time > 1e11, 'pushes tell their time in milliseconds');
    assert.deepEqual(data.member.roles, ming.roles);
    assert.deepEqual(
      data.mentions.map(({ user_id: user }) => user),
      [world.bot_id],
    );
    assert.equal(data.author.username, ming.short_id);
    assert.equal(data.author.nickname, ming.nickname);
    assert.equal(data.author.bot, false);
    const content = JSON.parse(data.content);
    assert.equal(content.type, 'text');
    assert.equal(content.text, `\${@!${world.bot_id}} /points`);
    const answer = await say(hong, general.id, '同问', { reply_to: asked });
    assert.equal((await pushed(answer)).data.quote_l1, asked);
    return `message ${asked}`;
  });

  let sent;
  await step('send', async () => {
    sent = await bot.sendMessage(channel, '积分：120 "整"', '积分：120', {
      reply_to_message_id: BigInt(asked),
      mentions: [ming.id],
    });
    assert.equal(typeof sent.message_id, 'bigint');
    assert.equal(sent.chat.id, channel);
    assert.equal(sent.chat.guild_id, guild);
    assert.equal(sent.chat.type, 'channel');
    assert.equal(sent.from.id, BigInt(world.bot_id));
    assert.ok(sent.date > 1e11, 'dates are in milliseconds');
    assert.equal(sent.reply_to_message.message_id, BigInt(asked));
    assert.equal(JSON.parse(sent.text).text, '积分：120 "整"');
    const { data } = await pushed(sent.message_id);
    assert.equal(data.author.bot, true);
    assert.equal(data.user_id, world.bot_id);
    assert.equal(data.quote_l1, asked);
    const seen = await controls.seenMessage(hong.id, general.id, sent.message_id);
    assert.equal(seen.content.text, '积分：120 "整"');
    assert.deepEqual(seen.mentions, [ming.id]);
    assert.deepEqual(await bot.getMessage(channel, sent.message_id), sent);

    const rich = RichText.fromText('1. 小明\n2. 小红').toString('本周榜');
    const ranking = await bot.sendMessage(channel, rich, '本周榜', { parse_mode: 'Fanbook' });
    const shown = await controls.seenMessage(hong.id, general.id, ranking.message_id);
    assert.equal(shown.content.title, '本周榜');
    assert.equal(JSON.parse(shown.content.v2)[2].insert, '2. 小红');

    const whisper = { ephemeral: true, users: [ming.id] };
    const only = await bot.sendMessage(channel, '只给你看', '', whisper);
    const readers = [ming, hong].map(({ id }) =>
      controls.seenMessage(id, general.id, only.message_id),
    );
    const [forMing, forHong] = await Promise.all(readers);
    assert.equal(forMing.content.text, '只给你看');
    assert.equal(forHong, undefined);

    const photo = await bot.sendPhoto(channel, 'https://example.org/chart.png', { width: 640 });
    const image = JSON.parse((await pushed(photo.message_id)).data.content);
    assert.deepEqual(
      [image.type, image.url, image.width],
      ['image', 'https://example.org/chart.png', 640],
    );
    return `message ${sent.message_id}, rich text, ephemeral, photo`;
  });

  await step('edit', async () => {
    await bot.editMessage(channel, sent.message_id, '积分：786');
    const seen = await controls.seenMessage(hong.id, general.id, sent.message_id);
    assert.equal(seen.content.text, '积分：786');
    assert.equal(seen.edits, 1);
    const edited = await bot.getMessage(channel, sent.message_id);
    assert.equal(JSON.parse(edited.text).text, '积分：786');
    await assert.rejects(bot.editMessage(channel, BigInt(asked), '不是我说的'), refused(1012));
    await bot.pinMessage(channel, sent.message_id);
    const pinned = await controls.seenMessage(hong.id, general.id, sent.message_id);
    assert.equal(pinned.pinned, true);
    await bot.unpinMessage(channel, sent.message_id);
    await bot.sendReaction(BigInt(world.bot_id), channel, BigInt(asked), { emoji: '赞' });
    const liked = await controls.seenMessage(hong.id, general.id, asked);
    assert.deepEqual(liked.reactions, ['赞']);
    return 'its text, a pin and a reaction';
  });

  await step('history', async () => {
    const said = [];
    for (const words of ['一', '二', '三']) {
      said.push(BigInt(await say(moderator, board.id, words)));
    }
    const [first, ...later] = said;
    const ids = (list) => list.map(({ message_id: id }) => id);
    const where = BigInt(board.id);
    const newest = await bot.listChatMessage(where, 2);
    assert.deepEqual(ids(newest), [...later].reverse().map(String));
    assert.equal(JSON.parse(newest[0].content).text, '三');
    assert.equal(newest[0].user_id, moderator.id);
    assert.equal(newest[0].author.username, moderator.short_id);
    assert.equal(newest[0].channel_id, board.id);
    const after = await bot.listChatMessage(where, 10, first, 'after');
    assert.deepEqual(ids(after), [...later].reverse().map(String));
    const before = await bot.listChatMessage(where, 10, later[0]);
    assert.deepEqual(ids(before), [String(first)]);
    return 'newest first, before and after';
  });

  await step('delete', async () => {
    assert.equal(await bot.deleteMessage(channel, sent.message_id), true);
    const gone = await controls.seenMessage(hong.id, general.id, sent.message_id);
    assert.equal(gone.deleted, true);
    await assert.rejects(bot.getMessage(channel, sent.message_id), refused(1001));
    assert.equal(await bot.deleteMessage(channel, sent.message_id), false);
    const left = await bot.listChatMessage(channel, 50);
    assert.ok(left.every(({ message_id: id }) => id !== String(sent.message_id)));
    return `message ${sent.message_id}`;
  });

  await step('refusals', async () => {
    await assert.rejects(bot.sendMessage(1n, '谁在？', ''), refused(1021));
    await controls.post('sandbox/platform', { whitelisted: false, not_whitelisted_status: 200 });
    await assert.rejects(bot.sendMessage(channel, '?', ''), refused(10002));
    await controls.post('sandbox/platform', { not_whitelisted_status: 400 });
    await assert.rejects(bot.sendMessage(channel, '?', ''), ({ response }) => {
      return response.status === 400 && response.data.error_code === 10002;
    });
    await controls.post('sandbox/platform', { whitelisted: true });
    const stranger = new Bot('0'.repeat(96), {
      axios: { ...axios, baseURL: `${world.api_url}/api/bot/${'0'.repeat(96)}` },
    });
    await assert.rejects(stranger.getMe(), FanbookApiError);
    return 'no channel, not on the whitelist, a wrong token';
  });

  const rolesOf = async (member) => {
    const { roles } = await bot.listChatMember({ guild, user: BigInt(member.id) });
    return roles.map(({ id }) => id).sort();
  };

  await step('roles', async () => {
    const listed = await bot.listGuildRole(guild);
    const names = new Map(listed.map((role) => [role.id, role.name]));
    for (const id of [...world.admin_roles, ...world.moderator_roles]) {
      assert.ok(names.get(BigInt(id)), `role ${id} is listed`);
    }
    const admin = listed.find(({ id }) => id === BigInt(world.admin_roles[0]));
    assert.equal(BigInt(admin.permissions) & 8n, 8n);

    const made = BigInt((await bot.createGuildRole(guild, '常客', 0x3498db)).id);
    await bot.setGuildRole(guild, made, { name: '老常客', permissions: 0 });
    const found = (await bot.listGuildRole(guild)).find(({ id }) => id === made);
    assert.deepEqual([found.name, found.color], ['老常客', 0x3498db]);

    const member = BigInt(ming.id);
    const held = ming.roles.map(BigInt);
    await bot.addMemberRole(guild, member, [made]);
    assert.deepEqual(await rolesOf(ming), [...held, made].sort());
    const holders = await bot.listRoleMember(guild, made);
    assert.deepEqual(
      holders.map(({ user }) => user.id),
      [member],
    );
    await bot.removeMemberRole(guild, member, [made]);
    assert.deepEqual(await rolesOf(ming), held);
    await bot.setMemberRole(guild, member, [made]);
    assert.deepEqual(await rolesOf(ming), [made]);
    await bot.setMemberRole(guild, member, held);
    await bot.deleteGuildRole(guild, made);
    assert.ok((await bot.listGuildRole(guild)).every(({ id }) => id !== made));
    await assert.rejects(
      bot.addMemberRole(guild, member, [BigInt(world.admin_roles[0])]),
      refused(1012),
    );
    return `${listed.length} roles; made, handed out, taken back, removed`;
  });

  await step('members', async () => {
    const house = await bot.getGuild(guild);
    assert.equal(house.guild_id, world.guild_id);
    assert.equal(house.owner_id, world.owner_id);
    assert.equal(house.memberNum, world.members.length);
    const channels = await bot.listGuildChannel(guild);
    assert.deepEqual(
      channels.map(({ channel_id: id, name }) => ({ id, name })),
      world.channels,
    );
    const one = await bot.listChatMember({ chat: channel, user: BigInt(ming.id) });
    assert.equal(one.user.id, BigInt(ming.id));
    assert.equal(one.user.username, ming.short_id);
    assert.equal(one.status, 'member');

    const whole = await bot.listGuildMember(guild, channel, [{ start: 0, end: 99 }]);
    const rows = whole.ops[0].items.flatMap((item) => item.User ?? item.user ?? []);
    const sorted = (ids) => [...ids].sort();
    assert.deepEqual(
      sorted(rows.map(({ user_id: id }) => id)),
      sorted(world.members.map(({ id }) => id)),
    );
    const confidants = await bot.listGuildMember(guild, staff.id, [{ start: 0, end: 99 }]);
    assert.ok(!text(confidants.ops).includes(ming.id));

    assert.equal(await bot.isGuildMember(guild, BigInt(ming.id)), true);
    assert.equal(await bot.isGuildMember(guild, 1n), false);
    const shared = await bot.checkUserGuilds(BigInt(hong.id), [guild, 1n]);
    assert.deepEqual(shared, [world.guild_id]);
    await assert.rejects(bot.listChatMember({ guild, user: 1n }), refused(1007));
    await bot.setGuildScopedName(guild, '小助手');
    await bot.setGuildScopedName(guild, '');
    assert.ok(Array.isArray(await bot.listGuildEmoji(guild)));
    return `${rows.length} in ${house.name}`;
  });

  await step('search', async () => {
    const who = (found) => found.map(({ user }) => user.username).sort();
    const byShortId = await bot.getMembersByShortIds(guild, [ming.short_id, '9999999', 2801357]);
    assert.deepEqual(who(byShortId), [ming.short_id, hong.short_id].sort());
    assert.deepEqual(await bot.getMembersByShortIds(guild, ['9999999']), []);
    const byName = await bot.searchMembersByName(guild, ming.nickname);
    assert.deepEqual(who(byName), [ming.short_id]);
    assert.equal(byName[0].user.id, BigInt(ming.id));
    const wrongType = bot.searchMembersByName(world.guild_id, ming.nickname);
    await assert.rejects(wrongType, ({ description }) => description === 'Body contents error');
    return 'by short id and by name';
  });

  await step('credits', async () => {
    const user = BigInt(ming.id);
    const credit = (value) => ({
      authority: { icon: 'https://example.org/i.png', name: '积分小助手' },
      title: { img: 'https://example.org/t.png' },
      slots: [[{ label: '积分', value }]],
    });
    const card = 'season-2026-03';
    assert.equal(await bot.setUserCredit(user, credit('120'), { guild, card }), card);
    await bot.setUserCredit(user, credit('786'), { guild, card });
    const byChat = await bot.setUserCredit(user, credit('1'), { chat: channel });
    const cards = async () => (await bot.getGuildUserCredits(guild, user))[0].credits;
    const held = await cards();
    assert.deepEqual(Object.keys(held).sort(), [card, byChat].sort());
    assert.equal(held[card].card_id, card);
    assert.deepEqual(JSON.parse(held[card].content), credit('786'));
    await bot.deleteGuildUserCredit(user, byChat, { chat: channel });
    await bot.deleteGuildUserCredit(user, card, { guild: world.guild_id });
    assert.deepEqual(Object.keys(await cards()), []);
    return 'set, overwritten, read, deleted';
  });

  await step('private chat', async () => {
    const chat = await bot.getPrivateChat(BigInt(ming.id));
    assert.equal(chat.type, 'private');
    assert.equal(chat.channel_type, 3);
    assert.equal(chat.guild_id, 0);
    const said = await say(ming, 'dm', '/points');
    const { data } = await pushed(said);
    assert.equal(data.channel_id, String(chat.id));
    assert.equal(data.channel_type, 3);
    assert.equal(data.guild_id, null);
    assert.ok(!('member' in data));
    const answer = await bot.sendMessage(chat.id, '积分：2474', '积分：2474');
    assert.equal(answer.chat.type, 'private');
    const seen = await controls.seenMessage(ming.id, 'dm', answer.message_id);
    assert.equal(seen.content.text, '积分：2474');
    return `chat ${chat.id}`;
  });

  await step('button', async () => {
    const keyboard = { inline_keyboard: [[{ text: '下一页', callback_data: 'p=2' }]] };
    const asks = await bot.sendMessage(channel, '第 1 页', '第 1 页', { reply_markup: keyboard });
    const seen = await controls.seenMessage(ming.id, general.id, asks.message_id);
    assert.deepEqual(seen.buttons, [[{ text: '下一页', callback_data: 'p=2', url: null }]]);
    const events = await controls.events(ming.id);
    const message = String(asks.message_id);
    const { callback_id: pressed } = await controls.post('sandbox/press', {
      user: ming.id,
      message,
      data: 'p=2',
    });
    const { data } = await inbox.next('the press', ({ action }) => action === 'miniPush');
    const query = bigintJsonParser.parse(data.content).callback_query;
    assert.equal(String(query.id), pressed);
    assert.equal(String(query.from.id), ming.id);
    assert.equal(String(query.inline_message_id), message);
    assert.equal(query.data, 'p=2');
    assert.equal(data.user_id, ming.id);
    // The client has no method of its own for this.
    const answered = await bot.request('/v2/answerCallback', {
      callback_id: query.id,
      text: '已更新',
      user_id: data.user_id,
      channel_id: data.channel_id,
    });
    assert.equal(answered.data.ok, true);
    const told = await events.next('the answer', ({ event }) => event === 'callback');
    assert.deepEqual(told.data, { callback_id: pressed, text: '已更新' });
    events.close();
    const next = { inline_keyboard: [[{ text: '上一页', callback_data: 'p=1' }]] };
    await bot.editReplyMarkup(channel, asks.message_id, next);
    const turned = await controls.seenMessage(ming.id, general.id, asks.message_id);
    assert.equal(turned.buttons[0][0].text, '上一页');
    return `pressed and answered, ${pressed}`;
  });

  bus.emit('close');
  console.log('everything was right');
  process.exit(0);
}

main();

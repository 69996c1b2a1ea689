"""Drives the published client for Python against a sandbox that serves alone:

    guildpoints sandbox --serve-only --json --listen 127.0.0.1:0 | PYTHONPATH=... python3 drive.py

The client's addresses are written into it: one is a name in its module, the others are constants of
the function that listens. They are replaced in memory, nothing else is touched. The client has
functions for little more than sending; everything beyond goes the way bots built on it go, with its
address and the library it sends with. One line a step, exit code 0 only if everything that came
back was right.
"""

import sys

sys.dont_write_bytecode = True

import json
import re
import threading
import urllib.parse

import fanbookbotapi
import requests

from stage import Controls
from stage import Inbox
from stage import PATIENCE
from stage import equal
from stage import step

world = json.loads(sys.stdin.readline())
controls = Controls(world["page"])
token = world["bot_token"]
guild = int(world["guild_id"])
general, board, staff = world["channels"]
channel = int(general["id"])
people = {member["short_id"]: member for member in world["members"]}
ming, hong, moderator = people["2791234"], people["2801357"], people["2345671"]
inbox = Inbox()


def redirect():
    """Puts the sandbox's addresses where the client has the real ones."""
    api = sys.modules["fanbookbotapi.api"]
    real_api, real_gateway = api.apiurl, "wss://gateway-bot.fanbook.mobi/websocket"
    api.apiurl = world["api_url"] + "/api/bot/"
    listener = fanbookbotapi.bot_websocket
    replaced = {real_api: api.apiurl, real_gateway: world["gateway_url"]}
    code = listener.__code__
    assert set(replaced) <= set(code.co_consts), "the client's addresses are not where they were"
    # Not a dictionary's `get`: 1, 1.0 and True are the same key.
    constants = tuple(
        replaced[constant] if isinstance(constant, str) and constant in replaced else constant
        for constant in code.co_consts
    )
    listener.__code__ = code.replace(co_consts=constants)
    return api.apiurl


address = redirect()


def call(method, verb="POST", **body):
    """A method the client has no function for; answers the whole body."""
    url = address + token + "/" + method
    answer = requests.request(verb, url, json=body, timeout=PATIENCE)
    return json.loads(answer.text)


def result(method, verb="POST", **body):
    answer = call(method, verb, **body)
    assert answer["ok"] is True, answer
    return answer["result"]


def code_of(method, verb="POST", **body):
    answer = call(method, verb, **body)
    assert answer["ok"] is False, answer
    return answer["error_code"]


def sent(**arguments):
    """Sends with the client's own function; answers the message."""
    answer = fanbookbotapi.sendmessage(token=token, **arguments).json()
    assert answer["ok"] is True, answer
    return answer["result"]


def say(user, where, text, **more):
    return controls.post("sandbox/say", user=user["id"], channel=where, text=text, **more)[
        "message_id"
    ]


def pushed(message):
    def fits(frame):
        return frame["action"] == "push" and frame["data"]["message_id"] == str(message)

    return inbox.next(f"the push of message {message}", fits)["data"]


@step("getMe")
def _():
    answer = fanbookbotapi.getme(token)
    me = answer.json()["result"]
    equal(me["id"], int(world["bot_id"]))
    equal(me["is_bot"], True)
    equal(me["owner_id"], int(world["owner_id"]))
    assert re.fullmatch("[0-9a-f]{192}", me["user_token"])
    again = fanbookbotapi.getme(token).json()["result"]
    assert again["user_token"] != me["user_token"]
    commands = result("getMyCommands", "GET")
    assert commands and all(one["command"] and one["description"] for one in commands)
    equal(fanbookbotapi.getme("0" * 96).json()["ok"], False)
    return f"{me['first_name']} with {len(commands)} commands"


def listen():
    """Lets the client listen in a thread of its own; answers the thread and the first frame."""
    arguments = {
        "onOpen": lambda _: None,
        "onMessage": lambda _, message: inbox.put({**json.loads(message), "raw": type(message)}),
        "onError": lambda _: inbox.put({"action": "error"}),
        "onClose": lambda _: None,
        "log_level": "CRITICAL",
    }
    thread = threading.Thread(
        target=fanbookbotapi.bot_websocket, args=[token], kwargs=arguments, daemon=True
    )
    thread.start()
    return thread, inbox.next("the frame `connect`", lambda frame: frame["action"] == "connect")


@step("gateway")
def _():
    global listening
    listening, connect = listen()
    equal(connect["raw"], bytes)
    # The client's first ping goes out at once.
    pong = inbox.next("the answer to a ping", lambda frame: frame["action"] == "pong")
    assert pong["data"]["time"] < 10**11, "`pong` tells its time in seconds"
    return f"{connect['data']['client_id']}, ping answered"


@step("push")
def _():
    global asked
    text = "${@!" + world["bot_id"] + "} /points"
    asked = say(ming, general["id"], text)
    data = pushed(asked)
    equal(data["user_id"], ming["id"])
    equal(data["channel_id"], general["id"])
    equal(data["guild_id"], world["guild_id"])
    equal(data["member"]["roles"], ming["roles"])
    equal([one["user_id"] for one in data["mentions"]], [world["bot_id"]])
    equal(data["author"]["username"], ming["short_id"])
    equal(data["author"]["bot"], False)
    content = json.loads(data["content"])
    equal([content["type"], content["text"]], ["text", text])
    return f"message {asked}"


@step("send")
def _():
    global plain
    # With `"parse_mode":null`, as the client has it.
    plain = sent(chatid=channel, text='积分：120 "整"')
    equal(plain["chat"]["id"], channel)
    equal(plain["chat"]["guild_id"], guild)
    equal(plain["from"]["id"], int(world["bot_id"]))
    assert plain["date"] > 10**11, "dates are in milliseconds"
    equal(json.loads(plain["text"])["text"], '积分：120 "整"')
    data = pushed(plain["message_id"])
    equal([data["author"]["bot"], data["user_id"]], [True, world["bot_id"]])
    seen = controls.seen_message(hong["id"], general["id"], plain["message_id"])
    equal(seen["content"]["text"], '积分：120 "整"')

    explicit = json.dumps({"type": "text", "text": "{}", "contentType": 0})
    explicit = sent(chatid=channel, text=explicit, type="fanbook")
    equal(json.loads(explicit["text"])["text"], "{}")

    markdown = "1. 小明 120\n![榜](https://example.org/chart.png)"
    card = fanbookbotapi.sendCard(token, channel, markdown, bt="本周榜", openbutton=True)
    equal(card["ok"], True)
    seen = controls.seen_message(hong["id"], general["id"], card["result"]["message_id"])
    equal(seen["content"]["type"], "messageCard")
    widgets = json.loads(seen["content"]["data"])["children"]
    equal(widgets[0]["child"]["data"], "本周榜")
    equal(widgets[-1]["child"]["tag"], "button")
    equal(json.loads(pushed(card["result"]["message_id"])["content"])["type"], "messageCard")

    reply = {"chat_id": channel, "text": "收到", "reply_to_message_id": int(asked)}
    reply = result("sendMessage", **reply)
    equal(reply["reply_to_message"]["message_id"], int(asked))
    equal(pushed(reply["message_id"])["quote_l1"], asked)
    return f"message {plain['message_id']}, content, card, reply"


@step("edit")
def _():
    which = {"chat_id": channel, "message_id": plain["message_id"]}
    result("editMessageText", text="积分：786", **which)
    seen = controls.seen_message(hong["id"], general["id"], plain["message_id"])
    equal([seen["content"]["text"], seen["edits"]], ["积分：786", 1])
    equal(json.loads(result("getMessage", **which)["text"])["text"], "积分：786")
    equal(code_of("editMessageText", chat_id=channel, message_id=int(asked), text="不"), 1012)
    return "its text"


@step("history")
def _():
    first, *later = [say(moderator, board["id"], text) for text in ("一", "二", "三")]

    def page(**asked):
        # A form, as the bridges of this world send it.
        url = address + token + "/message/getList"
        asked = {"channel_id": board["id"], **asked}
        answer = requests.post(url, data=urllib.parse.urlencode(asked), timeout=PATIENCE, headers={
            "Content-Type": "application/x-www-form-urlencoded"
        }).json()
        equal([answer["status"], answer["code"]], [True, 1000])
        return answer["data"]

    newest = page(size=2)
    equal([one["message_id"] for one in newest], later[::-1])
    equal(json.loads(newest[0]["content"])["text"], "三")
    equal(newest[0]["author"]["username"], moderator["short_id"])
    after = page(message_id=first, behavior="after")
    equal([one["message_id"] for one in after], later[::-1])
    equal([one["message_id"] for one in page(message_id=later[0])], [first])
    return "newest first, before and after"


@step("delete")
def _():
    which = {"chat_id": channel, "message_id": plain["message_id"]}
    equal(result("deleteMessage", **which), True)
    seen = controls.seen_message(hong["id"], general["id"], plain["message_id"])
    equal(seen["deleted"], True)
    equal(code_of("getMessage", **which), 1001)
    equal(result("deleteMessage", **which), False)
    return f"message {plain['message_id']}"


@step("refusals")
def _():
    nowhere = fanbookbotapi.sendmessage(token=token, chatid=1, text="谁在？").json()
    equal([nowhere["ok"], nowhere["error_code"]], [False, 1021])
    for status in (400, 200):
        controls.post("sandbox/platform", whitelisted=False, not_whitelisted_status=status)
        answer = fanbookbotapi.sendmessage(token=token, chatid=channel, text="?")
        equal([answer.status_code, answer.json()["error_code"]], [status, 10002])
    controls.post("sandbox/platform", whitelisted=True)
    return "no channel, not on the whitelist"


@step("roles")
def _():
    roles = {role["id"]: role for role in result("getGuildRoles", guild_id=guild)}
    for role in world["admin_roles"] + world["moderator_roles"]:
        assert roles[int(role)]["name"]
    equal(roles[int(world["admin_roles"][0])]["permissions"] & 8, 8)
    made = int(result("guild/role", "PUT", guild_id=world["guild_id"], name="常客")["id"])
    who = {"guild_id": guild, "user_id": int(ming["id"])}

    def held():
        return sorted(role["id"] for role in result("getChatMember", **who)["roles"])

    before = held()
    equal(before, sorted(int(role) for role in ming["roles"]))
    result("v2/setMemberRoles", roles=[made], operation="add", **who)
    equal(held(), sorted([*before, made]))
    holders = result("getRoleMembers", guild_id=guild, role_id=made, size=50)
    equal([one["user"]["id"] for one in holders], [int(ming["id"])])
    result("v2/setMemberRoles", roles=[made], operation="del", **who)
    equal(held(), before)
    result("setMemberRoles", roles=[made], **who)
    equal(held(), [made])
    result("setMemberRoles", roles=before, **who)
    result("guild/role", "DELETE", guild_id=world["guild_id"], id=str(made))
    assert made not in {role["id"] for role in result("getGuildRoles", guild_id=guild)}
    return f"{len(roles)} roles; made, handed out, taken back, removed"


@step("members")
def _():
    house = result("guild", guild_id=world["guild_id"], user_id="1")
    equal([house["guild_id"], house["owner_id"]], [world["guild_id"], world["owner_id"]])
    channels = result("channel/list", guild_id=world["guild_id"])
    equal([one["channel_id"] for one in channels], [one["id"] for one in world["channels"]])
    listed = {"guild_id": world["guild_id"], "channel_id": general["id"], "user_id": "1"}
    whole = result("v2/guild/members", ranges=[{"start": 0, "end": 99}], **listed)
    found = {item["User"]["user_id"] for item in whole["ops"][0]["items"] if "User" in item}
    equal(found, {member["id"] for member in world["members"]})
    one = result("getChatMember", chat_id=channel, user_id=int(hong["id"]))
    equal([one["user"]["username"], one["status"]], [hong["short_id"], "member"])
    equal(result("getGuildMembersCount", guild_id=guild), len(found))
    exists = {"guild_id": world["guild_id"], "member_id": ming["id"]}
    equal(result("guild/existsMember", **exists), {"exists": True})
    return f"{len(found)} in {house['name']}"


@step("search")
def _():
    names = [ming["short_id"], "9999999"]
    by_short_id = result("searchGuildMemberByName", guild_id=guild, username=names)
    equal([one["user"]["id"] for one in by_short_id], [int(ming["id"])])
    by_name = result("searchGuildMember", guild_id=guild, query=hong["nickname"])
    equal([one["user"]["username"] for one in by_name], [hong["short_id"]])
    refused = call("searchGuildMember", guild_id=world["guild_id"], query=hong["nickname"])
    equal(refused["description"], "Body contents error")
    return "by short id and by name"


@step("credits")
def _():
    whose = {"guild_id": world["guild_id"], "user_id": ming["id"], "card_id": "season-2026-03"}
    authority = {"icon": "https://example.org/i.png", "name": "积分小助手"}

    def held():
        listed = result("getGuildCredit", guild_id=guild, user_id=int(ming["id"]))
        return listed[0]["credits"]

    for value in ("120", "786"):
        credit = {"authority": authority, "slots": [[{"label": "积分", "value": value}]]}
        equal(call("v2/guild/credit", "PUT", guild_credit=credit, **whose)["ok"], True)
        equal(json.loads(held()[whose["card_id"]]["content"]), credit)
    equal(call("v2/guild/credit", "DELETE", **whose)["ok"], True)
    equal(held(), {})
    return "set, overwritten, read, deleted"


@step("private chat")
def _():
    chat = fanbookbotapi.getPrivateChat(token, ming["id"]).json()["result"]
    equal([chat["guild_id"], chat["type"], chat["channel_type"]], [0, "private", 3])
    data = pushed(say(ming, "dm", "/points"))
    equal([data["channel_id"], data["channel_type"]], [str(chat["id"]), 3])
    assert data["guild_id"] is None and "member" not in data
    answer = sent(chatid=chat["id"], text="积分：2474")
    equal(answer["chat"]["type"], "private")
    seen = controls.seen_message(ming["id"], "dm", answer["message_id"])
    equal(seen["content"]["text"], "积分：2474")
    return f"chat {chat['id']}"


@step("button")
def _():
    keyboard = [[{"text": "下一页", "callback_data": '{"type":"next","index":2}'}]]
    asks = sent(chatid=channel, text="第 1 页", ik=keyboard, add_Key=True)
    message = str(asks["message_id"])
    seen = controls.seen_message(ming["id"], general["id"], message)
    equal([button["text"] for button in seen["buttons"][0]], ["下一页"])
    data = seen["buttons"][0][0]["callback_data"]
    events = controls.events(ming["id"])
    press = {"user": ming["id"], "message": message, "data": data}
    pressed = controls.post("sandbox/press", **press)["callback_id"]
    frame = inbox.next("the press", lambda frame: frame["action"] == "miniPush")["data"]
    query = json.loads(frame["content"])["callback_query"]
    equal(str(query["id"]), pressed)
    equal(query["from"]["id"], int(ming["id"]))
    equal(str(query["inline_message_id"]), message)
    equal(json.loads(query["data"]), {"type": "next", "index": 2})
    answer = {"callback_id": query["id"], "text": "已更新", "channel_id": frame["channel_id"]}
    equal(call("v2/answerCallback", user_id=frame["user_id"], **answer)["ok"], True)
    told = events.next("the answer", lambda event: event[0] == "callback")
    equal(told[1], {"callback_id": pressed, "text": "已更新"})
    return f"pressed and answered, {pressed}"


@step("reconnect")
def _():
    controls.post("sandbox/gateway", act="drop")
    inbox.next("the end of the line", lambda frame: frame["action"] == "error")
    listening.join(PATIENCE)
    assert not listening.is_alive(), "the client still listens on a line that was cut"
    _, connect = listen()
    pushed(say(hong, general["id"], "又见面了"))
    return connect["data"]["client_id"]


print("everything was right", flush=True)

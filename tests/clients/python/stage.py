"""What every step needs: the sandbox's control paths, waiting for what comes, and saying what was
right. Nothing here knows the client under test.
"""

import json
import queue
import sys
import threading
import time
import traceback

import requests

# Longer than anything takes on a busy machine, in seconds.
PATIENCE = 15


class Inbox:
    """Things that arrive in any order, each to be taken once."""

    def __init__(self):
        self._arriving = queue.Queue()
        self._kept = []

    def put(self, item):
        self._arriving.put(item)

    def next(self, what, fits):
        for at, item in enumerate(self._kept):
            if fits(item):
                return self._kept.pop(at)
        late = time.monotonic() + PATIENCE
        while True:
            try:
                item = self._arriving.get(timeout=max(0, late - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited in vain for {what}") from None
            if fits(item):
                return item
            self._kept.append(item)


class Controls:
    """The sandbox as its pages and tests move it."""

    def __init__(self, page):
        self._page = page

    def post(self, path, **body):
        answer = requests.post(self._page + path, json=body, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seen_message(self, user, channel, message):
        """One message as a user sees it, None if they do not see it."""
        path = f"sandbox/messages?channel={channel}&as={user}"
        seen = requests.get(self._page + path, timeout=PATIENCE).json()["messages"]
        return next((found for found in seen if found["id"] == str(message)), None)

    def events(self, user):
        """An inbox of the events a user's page would get; returns once none can be missed."""
        path = f"sandbox/events?as={user}"
        stream = requests.get(self._page + path, stream=True, timeout=PATIENCE)
        inbox = Inbox()

        def read():
            event = None
            # One byte at a time: the stream has no end to wait for.
            for line in stream.iter_lines(chunk_size=1):
                name, _, value = line.decode("utf-8").partition(":")
                if name == "event":
                    event = value.strip()
                elif name == "data":
                    inbox.put((event, json.loads(value)))

        threading.Thread(target=read, daemon=True).start()
        return inbox


def step(name):
    """Runs one step at once and says how it went; the first that fails ends the program."""

    def run(work):
        try:
            print(f"ok {name}: {work()}", flush=True)
        except BaseException:
            print(f"FAILED {name}: {traceback.format_exc()}", flush=True)
            sys.exit(1)

    return run


def equal(found, wanted):
    """Fails with both sides if they differ."""
    assert found == wanted, f"found {found!r} instead of {wanted!r}"

"""Speaks Heartwire with nothing but the standard library: a call, a stream, an answer to each ping.

Start the demo with `npm start`, then run: python3 client.py 127.0.0.1 4001
"""

import json
import socket
import struct
import sys


def send(stream, message):
    text = json.dumps(message).encode()
    stream.write(struct.pack(">I", len(text)) + text)
    stream.flush()


def answers(stream):
    """What the server answers, as it comes. Its pings are answered on the way."""
    while header := stream.read(4):
        (length,) = struct.unpack(">I", header)
        message = json.loads(stream.read(length) or "{}")  # an empty frame is only a sign of life
        if message.get("type") == "ping":
            send(stream, {"type": "pong", "timestamp": message["timestamp"]})
        elif message.get("type") == "error" or "err" in message:
            sys.exit(f"the server refused: {message}")
        elif "id" in message:
            yield message


with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection, connection.makefile("rwb") as stream:
    hello = {"room": "lobby", "author": "python", "text": "hello"}
    send(stream, {"id": "call", "pattern": "chat.post", "data": hello})
    send(stream, {"id": "stream", "pattern": "chat.follow", "data": {"room": "lobby"}})
    for answer in answers(stream):
        if answer["id"] == "call":
            print("posted", answer["response"]["id"], flush=True)
        elif "response" in answer:
            for message in answer["response"]["messages"]:
                print(f"{message['author']}: {message['text']}", flush=True)
        if answer["id"] == "stream" and answer.get("isDisposed"):
            break

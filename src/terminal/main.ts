import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';

import { Logger } from '@nestjs/common';
import { Command } from 'commander';
import { HeartwireClient } from 'heartwire';
import { Observable } from 'rxjs';

import { settings } from '../contract/settings.js';
import { ChatUser } from '../user/chat-user.js';
import { LineWatch } from './line-watch.js';
import { LineScreen } from './screen.js';
import { TerminalChat } from './terminal-chat.js';

interface Arguments {
  readonly url: string;
  readonly nick: string;
  readonly room: string;
}

/**
 * How long to wait for the next message to be sent when a pipe has ended or brings more than may wait, and when somebody
 * wants to go: a call's time. In ms.
 */
const AFTER_END_MS = 30_000;
const AFTER_QUIT_MS = 5_000;

const { CHAT_TCP_PORT = '4000' } = settings();
const program: Command = new Command('npm run chat --')
  .description('Chat from a terminal')
  .option('-u, --url <url>', 'where the gateway is', `tcp://127.0.0.1:${CHAT_TCP_PORT}`)
  .option('-n, --nick <name>', 'what you are called', usualNick())
  .option('-r, --room <room>', 'where to begin', 'lobby')
  .parse();
const { url, nick, room } = program.opts<Arguments>();

// The log would write into what is being typed; the prompt tells how the connection is.
Logger.overrideLogger(false);
const client = connect();
const link = {
  send: client.send.bind(client),
  on$: client.on$.bind(client),
  connected$: new Observable<void>((subscriber) => {
    client.on('connect', () => subscriber.next());
  }),
};
const user = new ChatUser(link, { nick, key: randomUUID(), newId: randomUUID });
const screen = new LineScreen(process.stdin, process.stdout);
const line = new LineWatch(client);
const chat = new TerminalChat(user, line, screen);

chat.start(room);
// Ctrl-C in a terminal.
screen.lines.once('SIGINT', () => screen.lines.close());
let patienceMs = screen.isTerminal ? AFTER_QUIT_MS : AFTER_END_MS;
for await (const text of screen.lines) {
  // Who types is told when too much waits already; what comes through a pipe can wait.
  if (!screen.isTerminal && !(await chat.writable(AFTER_END_MS))) {
    patienceMs = 0;
    break;
  }
  if (chat.enter(text)) continue;
  patienceMs = AFTER_QUIT_MS;
  break;
}
screen.lines.close();
const isWorthWaiting = line.state === 'alive' || patienceMs === AFTER_END_MS;
if (!(await chat.settled(isWorthWaiting ? patienceMs : 0))) process.exitCode = 1;
chat.stop();
line.stop();
await client.close();

function connect(): HeartwireClient {
  try {
    return new HeartwireClient({ url, name: nick });
  } catch (error) {
    program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function usualNick(): string {
  const name = userInfo()
    .username.replaceAll(/[^\p{L}\p{N}._-]/gu, '')
    .slice(0, 24);
  return /^[\p{L}\p{N}]/u.test(name) ? name : 'guest';
}

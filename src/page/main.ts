import { connect } from 'heartwire/browser';

import { ChatUser } from '../user/chat-user.js';
import { Chat } from './chat.js';
import { runComposer } from './composer.js';
import { runConnectButton } from './connect-button.js';
import { Connection } from './connection.js';
import { showConversations } from './conversation-list.js';
import { runFileDrop } from './file-drop.js';
import { heartbeat$ } from './heartbeat.js';
import { showHeartbeat } from './heartbeat-strip.js';
import { runJoinForm } from './join-form.js';
import { Memory, newId } from './memory.js';
import { showMessages } from './message-view.js';
import { runNicknameForm } from './nickname-form.js';
import { showNotices } from './notice.js';
import { closeWithPage } from './page-life.js';
import { showPeople } from './people-view.js';

/** Often enough that the line of round trips lives, and that a silent gateway is noticed while one looks. */
const HEARTBEAT = { intervalMs: 1_000, timeoutMs: 3_000 };

const memory = new Memory(sessionStorage);
const { nick, key, rooms } = memory.read();
const connection = new Connection(() => connect({ url: '/heartwire', name: 'page', heartbeat: HEARTBEAT }));
const chat = new Chat(new ChatUser(connection, { nick, key, newId }));

showHeartbeat(heartbeat$(connection.client$));
showConversations(chat);
showMessages(chat);
showPeople(chat);
showNotices(chat.notices$);
runNicknameForm(chat);
runConnectButton(connection);
runJoinForm(chat);
runComposer(chat);
runFileDrop(chat);

chat.changed$.subscribe(() => memory.keep({ nick: chat.nick, key, rooms: chat.rooms }));
chat.start(rooms);
connection.open();
closeWithPage(connection);

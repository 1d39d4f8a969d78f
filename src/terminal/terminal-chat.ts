import {
  distinctUntilChanged,
  filter,
  firstValueFrom,
  map,
  merge,
  type Observable,
  of,
  race,
  share,
  skipWhile,
  Subscription,
  switchMap,
  timer,
} from 'rxjs';

import type { ChatUser } from '../user/chat-user.js';
import { failureOf } from '../user/failure.js';
import type { LineState } from '../user/line-state.js';
import { MAX_DRAFTS } from '../user/outbox.js';
import { type Command, HELP, parseCommand } from './command.js';
import { printable } from './printable.js';
import type { Screen } from './screen.js';
import { showEvent } from './show-event.js';

/** What a terminal shows of its connection. */
export interface Line {
  readonly state: LineState;
  readonly changed$: Observable<LineState>;
  readonly report: string;
}

/** How long a question waits for the connection, in ms. */
const PATIENCE_MS = 5_000;

/** Shows a user's chat, and does what is typed. */
export class TerminalChat {
  private readonly showing = new Subscription();
  private room: string | undefined;
  /** What was asked and is not answered. */
  private questions = 0;

  constructor(
    private readonly user: ChatUser,
    private readonly line: Line,
    private readonly screen: Screen,
  ) {}

  start(room: string): void {
    this.room = room;
    this.showing.add(
      this.user.events$.subscribe((event) => {
        const text = showEvent(event, this.user.nick);
        if (text !== undefined) this.screen.print(text);
        // A room that could not be entered.
        if (event.type === 'refused') this.room = this.roomOr(this.room);
        this.screen.prompt(this.promptText);
      }),
    );
    this.showing.add(
      this.line.changed$.pipe(skipWhile((state) => state === 'offline')).subscribe((state) => {
        this.screen.print(`* The connection is ${state}`);
        this.screen.prompt(this.promptText);
      }),
    );
    this.user.join(room);
    this.user.start();
    this.screen.prompt(this.promptText);
  }

  stop(): void {
    this.showing.unsubscribe();
    this.user.stop();
  }

  get promptText(): string {
    return `${this.user.nick} [${this.line.state}] ${this.room ?? 'no room'}> `;
  }

  /** Does what was typed. Returns `false` when it is over. */
  enter(line: string): boolean {
    const command = parseCommand(line);
    if (command.name === 'quit') return false;
    if (command.name === 'rooms') void this.answer(this.rooms());
    else if (command.name === 'list') void this.answer(this.list(command.room));
    else this.run(command);
    this.screen.prompt(this.promptText);
    return true;
  }

  /** Resolves once more may be written, or nothing was sent for so long: with whether it may. */
  async writable(withinMs: number): Promise<boolean> {
    const isWritable = (): boolean => this.user.waiting < MAX_DRAFTS;
    if (!isWritable()) await this.until(isWritable, withinMs);
    return isWritable();
  }

  /** Resolves once all that was written is confirmed and all that was asked is answered, or nothing was sent for so long: with whether all was sent. */
  async settled(withinMs: number): Promise<boolean> {
    await this.until(() => this.user.waiting === 0 && this.questions === 0, withinMs);
    const { waiting } = this.user;
    if (waiting > 0) this.screen.print(`! Not sent: ${counted(waiting, 'message')}`);
    return waiting === 0;
  }

  private async until(isSo: () => boolean, withinMs: number): Promise<void> {
    const looks$ = merge(of(undefined), this.user.events$, timer(0, 50)).pipe(share());
    const stuck$ = looks$.pipe(
      map(() => this.user.waiting),
      distinctUntilChanged(),
      switchMap(() => timer(withinMs)),
    );
    await firstValueFrom(merge(looks$.pipe(filter(isSo)), stuck$));
  }

  /** What is typed meanwhile doesn't wait for it. */
  private async answer(question: Promise<readonly string[]>): Promise<void> {
    this.questions += 1;
    try {
      for (const line of await question) this.screen.print(`  ${line}`);
    } catch (thrown) {
      // At the end nobody waits for it any more.
      if (!this.showing.closed) this.complain(thrown);
    } finally {
      this.questions -= 1;
    }
  }

  private async rooms(): Promise<readonly string[]> {
    await this.ready();
    const rooms = await this.user.rooms();
    return rooms.map(({ name, messages, members }) => {
      const people = counted(members, 'person', 'people');
      return `${printable(name)}: ${people}, ${counted(messages, 'message')}`;
    });
  }

  private async list(room: string | undefined): Promise<readonly string[]> {
    await this.ready();
    const nicks = await (room === undefined ? this.user.online() : this.user.members(room));
    return [`${room === undefined ? 'online' : printable(room)}: ${nicks.map(printable).join(', ')}`];
  }

  private complain(thrown: unknown): void {
    this.screen.print(`! ${printable(failureOf(thrown).message)}`);
  }

  private run(command: Command): void {
    try {
      this.doNow(command);
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  private doNow(command: Command): void {
    switch (command.name) {
      case 'say':
        this.say(command.text);
        break;
      case 'whisper':
        this.user.whisper(command.nick, command.text);
        break;
      case 'nick':
        this.user.rename(command.nick);
        break;
      case 'join':
        this.room = command.room;
        this.user.join(command.room);
        break;
      case 'leave':
        this.leave(command.room ?? this.room);
        break;
      case 'status':
        this.screen.print(`  ${this.line.report}, ${counted(this.user.waiting, 'message')} to send`);
        break;
      case 'help':
        this.screen.print(HELP);
        break;
      case 'wrong':
        this.screen.print(`! ${printable(command.advice)}`);
        break;
      case 'rooms':
      case 'list':
      case 'quit':
      case 'nothing':
        break;
    }
  }

  private say(text: string): void {
    if (this.room === undefined) throw new Error('You are in no room. Try /join ROOM');
    this.user.say(this.room, text);
    if (!this.isConnected) this.screen.print(`  (not sent yet) ${printable(text)}`);
  }

  private get isConnected(): boolean {
    return this.user.isIntroduced && (this.line.state === 'alive' || this.line.state === 'suspect');
  }

  private leave(room: string | undefined): void {
    if (room === undefined || !this.user.joinedRooms.includes(room))
      throw new Error('You are not in that room');
    this.user.leave(room);
    this.room = this.roomOr(this.room);
  }

  /** Another one, where the user is not in this one. */
  private roomOr(room: string | undefined): string | undefined {
    const { joinedRooms } = this.user;
    return room !== undefined && joinedRooms.includes(room) ? room : joinedRooms.at(-1);
  }

  /** What was typed before has happened, where that is possible. */
  private async ready(): Promise<void> {
    if (this.isConnected) return;
    const introduced$ = this.user.events$.pipe(
      filter(({ type }) => type === 'introduced'),
      map(() => undefined),
    );
    await firstValueFrom(race(introduced$, timer(PATIENCE_MS)));
  }
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

import { Subject } from 'rxjs';

import type { PresenceChange } from '../contract/user-view.js';

/** Who is there, as far as the page was told. */
export class Roster {
  readonly changed$ = new Subject<void>();

  private everybody = new Set<string>();
  private readonly rooms = new Map<string, Set<string>>();
  /** What is told while lists are on their way, for each of these. */
  private readonly asking = new Set<PresenceChange[]>();

  get online(): readonly string[] {
    return inOrder(this.everybody);
  }

  members(room: string): readonly string[] {
    return inOrder(this.rooms.get(room) ?? []);
  }

  apply(change: PresenceChange): void {
    for (const changes of this.asking) changes.push(change);
    this.change(change);
    this.changed$.next();
  }

  /** Asks for whole lists. What is told in the meantime may be older or newer than these: it is applied once more. */
  async refresh(lists: () => Promise<Lists>): Promise<void> {
    const changes: PresenceChange[] = [];
    this.asking.add(changes);
    try {
      const { online, rooms } = await lists();
      this.everybody = new Set(online);
      this.rooms.clear();
      for (const [room, members] of rooms) this.rooms.set(room, new Set(members));
    } finally {
      this.asking.delete(changes);
    }
    for (const change of changes) this.change(change);
    this.changed$.next();
  }

  private change(change: PresenceChange): void {
    const { type, nick } = change;
    switch (type) {
      case 'online':
        this.everybody.add(nick);
        break;
      case 'offline':
        for (const nicks of this.lists) nicks.delete(nick);
        break;
      case 'joined':
        this.rooms.set(change.room, (this.rooms.get(change.room) ?? new Set<string>()).add(nick));
        break;
      case 'left':
        this.rooms.get(change.room)?.delete(nick);
        break;
      case 'nick':
        for (const nicks of this.lists) if (nicks.delete(change.before)) nicks.add(nick);
        break;
    }
  }

  private get lists(): readonly Set<string>[] {
    return [this.everybody, ...this.rooms.values()];
  }
}

export interface Lists {
  readonly online: readonly string[];
  readonly rooms: readonly (readonly [room: string, members: readonly string[]])[];
}

function inOrder(nicks: Iterable<string>): readonly string[] {
  return [...nicks].sort((one, other) => one.localeCompare(other));
}

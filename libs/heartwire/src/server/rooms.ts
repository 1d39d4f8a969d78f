const EMPTY: ReadonlySet<string> = new Set();

/**
 * Who is in which room: two mirrored maps, so that both questions are answered at once. A room is there
 * while somebody is in it.
 */
export class Rooms {
  private readonly idsByRoom = new Map<string, Set<string>>();
  private readonly roomsById = new Map<string, Set<string>>();

  get names(): readonly string[] {
    return [...this.idsByRoom.keys()];
  }

  members(room: string): ReadonlySet<string> {
    return this.idsByRoom.get(room) ?? EMPTY;
  }

  of(id: string): ReadonlySet<string> {
    return this.roomsById.get(id) ?? EMPTY;
  }

  /** `false` when it is in there already. */
  join(id: string, room: string): boolean {
    if (this.of(id).has(room)) return false;
    add(this.roomsById, id, room);
    add(this.idsByRoom, room, id);
    return true;
  }

  /** `false` when it isn't in there. */
  leave(id: string, room: string): boolean {
    if (!this.of(id).has(room)) return false;
    remove(this.roomsById, id, room);
    remove(this.idsByRoom, room, id);
    return true;
  }

  /** Returns the rooms that it was in. */
  leaveAll(id: string): readonly string[] {
    const rooms = [...this.of(id)];
    for (const room of rooms) this.leave(id, room);
    return rooms;
  }
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
}

function remove(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}

/** What a tab knows of its user over a reload. */
export interface Remembered {
  readonly nick: string;
  /** The user's secret: who has it is the same user. */
  readonly key: string;
  readonly rooms: readonly string[];
}

const ITEM = 'heartwire-chat';

/** Each tab is a user of its own, so that two tabs can talk. */
export class Memory {
  constructor(private readonly storage: Pick<Storage, 'getItem' | 'setItem'>) {}

  /** With all that is missing made anew. */
  read(): Remembered {
    const fresh: Remembered = { nick: `guest-${newId().slice(0, 4)}`, key: newId(), rooms: ['lobby'] };
    try {
      const { nick, key, rooms } = JSON.parse(this.storage.getItem(ITEM) ?? '{}') as Partial<Remembered>;
      const isWhole = typeof nick === 'string' && typeof key === 'string' && Array.isArray(rooms);
      return isWhole ? { nick, key, rooms } : fresh;
    } catch {
      return fresh;
    }
  }

  keep(remembered: Remembered): void {
    try {
      this.storage.setItem(ITEM, JSON.stringify(remembered));
    } catch {
      // It is full, or not allowed: a reload begins anew.
    }
  }
}

/** A name that nothing else has. (`crypto.randomUUID` is missing on pages that came without TLS.) */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

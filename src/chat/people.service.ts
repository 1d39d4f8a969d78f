import { Injectable } from '@nestjs/common';

import type { Person } from '../contract/person.js';
import type { PresenceDto } from '../contract/presence.dto.js';

const MAX_PEOPLE = 1_000;

/** Who is there. Beyond the bound, whoever has said nothing for longest is forgotten. */
@Injectable()
export class PeopleService {
  private readonly people = new Map<string, Person>();

  list(): readonly Person[] {
    return [...this.people.values()];
  }

  tell({ name, state }: PresenceDto): void {
    const known = this.people.get(name);
    this.people.delete(name);
    if (state === 'offline') return;
    this.people.set(name, known?.state === state ? known : { name, state, since: new Date().toISOString() });
    if (this.people.size <= MAX_PEOPLE) return;
    const [longestSilent] = this.people.keys();
    if (longestSilent !== undefined) this.people.delete(longestSilent);
  }
}

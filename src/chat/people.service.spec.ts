import { describe, expect, it } from '@jest/globals';

import { PeopleService } from './people.service.js';

describe('people', () => {
  it('forget whoever was silent for longest, beyond 1,000', () => {
    const people = new PeopleService();
    for (let n = 1; n <= 1_000; n += 1) people.tell({ name: `p${n}`, state: 'online' });
    people.tell({ name: 'p1', state: 'online' });
    people.tell({ name: 'new', state: 'online' });
    const names = people.list().map(({ name }) => name);

    expect(names).toHaveLength(1_000);
    expect(names).not.toContain('p2');
    expect(names.slice(-2)).toEqual(['p1', 'new']);
  });

  it('keep since when somebody is in a state', () => {
    const people = new PeopleService();
    people.tell({ name: 'ada', state: 'online' });
    const [first] = people.list();
    people.tell({ name: 'ada', state: 'online' });

    expect(people.list()).toEqual([first]);
  });
});

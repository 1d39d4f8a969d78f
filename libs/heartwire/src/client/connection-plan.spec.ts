import { describe, expect, it } from '@jest/globals';

import { planConnections, type PlannedConnection } from './connection-plan.js';

interface Named extends PlannedConnection {
  readonly name: string;
}

const NOW = 1_000;

/** `a:ready b:spare` as servers; `-` before a name: its url is gone; `/1` after it: its priority. */
function servers(text: string): Named[] {
  return text.split(' ').map((each) => {
    const [, gone, name, priority = '0', phase, extra] =
      /^(-?)(\w+)(?:\/(\d))?:(\w+)(?:\((\w+)\))?$/.exec(each) ?? [];
    if (name === undefined) throw new Error(`${each} is no server`);
    return {
      name,
      isKnown: gone === '',
      priority: Number(priority),
      phase: phase as PlannedConnection['phase'],
      isSuspended: extra === 'suspended',
      retryAt: extra === 'later' ? NOW + 1 : 0,
    };
  });
}

function plan(text: string, max: number): string {
  const { open, park, close } = planConnections(servers(text), max, NOW);
  const names = (those: readonly Named[]): string => those.map(({ name }) => name).join('');
  return `open ${names(open)}, park ${names(park)}, close ${names(close)}`;
}

describe('who should be connected', () => {
  it.each([
    ['as many as may be, in order', 'a:spare b:spare c:spare', 2, 'open ab, park , close '],
    ['no more than there are', 'a:spare', 4, 'open a, park , close '],
    ['one more when one fails', 'a:ready b:failing c:spare d:spare', 2, 'open c, park b, close '],
    [
      'one more beside one whose calls wait for it',
      'a:failing(suspended) b:spare',
      1,
      'open b, park , close ',
    ],
    ['none that failed a moment ago', 'a:failing b:spare(later)', 1, 'open , park , close '],
    ['none while those are opening', 'a:opening b:spare', 1, 'open , park , close '],
    ['failing ones stay where there is nobody else', 'a:failing b:failing', 4, 'open , park , close '],
    ['nobody in the place of one that rests', 'a:resting b:spare', 1, 'open , park , close '],
    ['those too many are left when all are back', 'a:ready b:ready c:ready', 2, 'open , park , close c'],
  ])('%s', (_, text, max, expected) => {
    expect(plan(text, max)).toBe(expected);
  });
});

describe('one that the urls don’t lead to any more', () => {
  it.each([
    ['is left once another is connected', '-a:ready b:ready', 'open , park , close a'],
    ['stays while the others are not', '-a:ready b:opening', 'open , park , close '],
    ['stays while it is the only one', '-a:ready', 'open , park , close '],
    ['goes at once when it isn’t connected', '-a:failing b:opening', 'open , park , close a'],
    ['goes at once when it rests', '-a:resting b:opening', 'open , park , close a'],
    ['is left for one that only rests', '-a:ready b:resting', 'open , park , close a'],
    ['takes no place from the others', '-a:ready b:spare', 'open b, park , close '],
  ])('%s', (_, text, expected) => {
    expect(plan(text, 1)).toBe(expected);
  });
});

describe('priorities', () => {
  it.each([
    ['the best only', 'a/1:spare b/1:spare c/2:spare', 'open ab, park , close '],
    [
      'the next when all of the best have failed',
      'a/1:failing b/1:failing c/2:spare',
      'open c, park , close ',
    ],
    [
      'not yet when one of the best is still tried',
      'a/1:failing b/1:opening c/2:spare',
      'open , park , close ',
    ],
    [
      'the worse are left when one of the best is back',
      'a/1:ready b/1:failing c/2:ready',
      'open , park , close c',
    ],
  ])('%s', (_, text, expected) => {
    expect(plan(text, 4)).toBe(expected);
  });
});

import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';

import { FileDto, PutFileDto } from './file.dto.js';

async function isName(name: unknown): Promise<boolean> {
  return (await validate(plainToInstance(FileDto, { name }))).length === 0;
}

describe('the name of a file', () => {
  it.each([
    'a',
    'README.md',
    'a..b',
    'tar.gz.1',
    'two words.txt',
    '2026-11-21_notes',
    'Füße.txt',
    'naïve'.normalize('NFD'),
    '報告.pdf',
    'हिन्दी',
    'console.log',
    'com10.txt',
    'x'.repeat(80),
    '報'.repeat(80),
  ])('may be %s', async (name) => {
    expect(await isName(name)).toBe(true);
  });

  it.each([
    '',
    '.',
    '..',
    '../out',
    'a/../../out',
    '/etc/passwd',
    'a/b',
    '..\\out',
    'a\\b',
    'C:\\out',
    'c:out',
    'a\0b',
    'a\0',
    '.hidden',
    '.partial-1',
    '.digest-a',
    '-rf',
    ' a',
    'a ',
    'a.',
    'a\n',
    'a\nb',
    'a\u2028b',
    'a\u202eb',
    'a\u200bb',
    '\u2215etc',
    '\uff0e\uff0e',
    '%2e%2e',
    '~',
    'a*b',
    'a:stream',
    'con',
    'NUL',
    'aux.txt',
    'Com1.log',
    'lpt9',
    'com\u00b9',
    'nul .txt',
    '\ud800',
    'x'.repeat(81),
    '\u{20000}'.repeat(61),
    undefined,
    null,
    5,
    ['a'],
    { length: 1 },
  ])('may not be %j', async (name) => {
    expect(await isName(name)).toBe(false);
  });
});

describe('what is told before a file is sent', () => {
  it.each([[{}], [{ size: 0 }], [{ size: 5, sha256: 'a'.repeat(64) }]])('may be %j', async (more) => {
    expect(await validate(plainToInstance(PutFileDto, { name: 'a', ...more }))).toEqual([]);
  });

  it.each([
    [{ size: -1 }],
    [{ size: 1.5 }],
    [{ size: '5' }],
    [{ sha256: 'A'.repeat(64) }],
    [{ sha256: 'a' }],
  ])('may not be %j', async (more) => {
    expect(await validate(plainToInstance(PutFileDto, { name: 'a', ...more }))).toHaveLength(1);
  });
});

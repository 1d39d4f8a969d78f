import { describe, expect, it } from '@jest/globals';

import { filePath, readSharedFile, sharedFileText, sizeText, storedName } from './shared-file.js';

const sha256 = 'ab'.repeat(32);

describe('a shared file', () => {
  it.each(['plain.txt', 'with space.txt', 'ünïcode.png', "odd'(name).txt"])(
    'is read as it was written: %s',
    (name) => {
      const file = { name, size: 12, sha256 };
      expect(readSharedFile(sharedFileText(file))).toEqual(file);
    },
  );

  it.each([
    'hello',
    `/files/../connections (1 bytes, SHA-256 ${sha256})`,
    `/files/a?b (1 bytes, SHA-256 ${sha256})`,
    `/files/%zz (1 bytes, SHA-256 ${sha256})`,
    `/files/a.txt (1 bytes, SHA-256 ${sha256}) and more`,
    `https://example.com/files/a.txt (1 bytes, SHA-256 ${sha256})`,
    `/files/a.txt (1 bytes, SHA-256 ${sha256.slice(1)})`,
  ])('is not what only looks like one: %s', (text) => {
    expect(readSharedFile(text)).toBeUndefined();
  });

  it('is found below /files, whatever its name', () => {
    expect(filePath('..//javascript:alert(1)?#')).toBe('/files/..%2F%2Fjavascript%3Aalert(1)%3F%23');
  });

  it.each([
    ['photo.png', 'photo-1a2b3c.png'],
    ['my photo (1).PNG', 'my-photo-1-1a2b3c.PNG'],
    ['../../etc/passwd', 'etc-passwd-1a2b3c'],
    ['.bashrc', 'bashrc-1a2b3c'],
    ['con.txt', 'con-1a2b3c.txt'],
    ['!!!', 'file-1a2b3c'],
    ['naïve.tar.gz', 'naïve-tar-1a2b3c.gz'],
    [`${'x'.repeat(200)}.txt`, `${'x'.repeat(50)}-1a2b3c.txt`],
  ])('is stored under a plain name of its own: %s', (name, stored) => {
    expect(storedName(name, '1a2b3c')).toBe(stored);
  });

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [48_213, '48.2 kB'],
    [25_165_824, '25.2 MB'],
    [5e12, '5000.0 GB'],
  ])('has a size that can be read: %d', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});

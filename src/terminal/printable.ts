import { stripVTControlCharacters } from 'node:util';

/** What somebody else wrote, as one line that can't move the cursor, change colours, or turn the text around. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\p{Bidi_Control}/gu, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '')
    .trim();
}

import { LevelMessageStore } from '../../src/chat/store/level-message-store.js';
import { RecordingLogger } from './stage.js';

// Stores messages until one is refused, since a file may not grow any more, and then some more; prints what is acknowledged.
// Without a listener the signal would end the process.
process.on('SIGXFSZ', () => undefined);
const store = await LevelMessageStore.open(process.argv[2] ?? '', new RecordingLogger());
const append = async (text: string): Promise<void> => {
  await store.append({ room: 'lobby', author: 'ada', text, postedAt: 'now' });
  process.stdout.write(`${text.slice(0, 8)}\n`);
};
const isTaken = (text: string): Promise<boolean> =>
  append(text).then(
    () => true,
    () => false,
  );
let number = 0;
do number += 1;
while (await isTaken(`before-${String(number)}`.padEnd(2_000, 'x')));
process.stdout.write('refused\n');
for (const text of ['after-1', 'after-2']) await append(text);
process.kill(process.pid, 'SIGKILL');

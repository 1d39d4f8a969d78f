import { LevelMessageStore } from '../../src/chat/store/level-message-store.js';
import { RecordingLogger } from './stage.js';

// Stores one message after the other, and prints the number of each once it is acknowledged.
const store = await LevelMessageStore.open(process.argv[2] ?? '', new RecordingLogger());
for (let number = 1; ; number += 1) {
  await store.append({ room: 'lobby', author: 'ada', text: String(number), postedAt: 'now' });
  process.stdout.write(`${String(number)}\n`);
}

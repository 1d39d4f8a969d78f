import { runService } from '../launcher/run-service.js';
import { settings } from '../contract/settings.js';
import { createChat } from './create-chat.js';

const {
  CHAT_LISTEN: url = 'tcp://127.0.0.1:4001',
  CHAT_FOLDER: folder = 'data/chat',
  REDIS_URL: redisUrl,
} = settings();

await runService('chat', 'CHAT_LISTEN', async () => {
  const { app, server } = await createChat({ url }, { folder, redisUrl });
  return {
    app,
    listen: async () => {
      await app.listen();
      return server.address;
    },
  };
});

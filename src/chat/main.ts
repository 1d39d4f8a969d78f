import { runService } from '../launcher/run-service.js';
import { createChat } from './create-chat.js';

const url = process.env.CHAT_LISTEN ?? 'tcp://127.0.0.1:4001';

await runService('chat', 'CHAT_LISTEN', async () => {
  const { app, server } = await createChat({ url });
  return {
    app,
    listen: async () => {
      await app.listen();
      return server.address;
    },
  };
});

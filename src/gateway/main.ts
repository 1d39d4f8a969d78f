import { fileURLToPath } from 'node:url';

import { redisAdapter } from 'heartwire/redis';

import { runService } from '../launcher/run-service.js';
import { settings } from '../contract/settings.js';
import { createGateway } from './create-gateway.js';
import { readPort } from './read-port.js';

const {
  PORT,
  CHAT_TCP_PORT,
  HOST = '127.0.0.1',
  CHAT_URL = 'tcp://127.0.0.1:4001',
  FILES_URL = 'tcp://127.0.0.1:4002',
  REDIS_URL,
  PAGE_FOLDER = fileURLToPath(new URL('../page', import.meta.url)),
} = settings();

await runService('gateway', 'PORT or CHAT_TCP_PORT', async () => {
  const port = readPort(PORT);
  const usersPort = readPort(CHAT_TCP_PORT, 4_000, 'CHAT_TCP_PORT');
  const host = HOST.includes(':') ? `[${HOST}]` : HOST;
  const users = {
    url: `tcp://${host}:${String(usersPort)}`,
    // With it, the users of all gateways share rooms and presence.
    ...(REDIS_URL !== undefined && { adapter: redisAdapter({ url: REDIS_URL, prefix: 'heartwire-chat' }) }),
  };
  const app = await createGateway({
    chat: { url: CHAT_URL },
    files: { url: FILES_URL },
    users,
    pageFolder: PAGE_FOLDER,
  });
  return {
    app,
    listen: async () => {
      await app.startAllMicroservices();
      await app.listen(port, HOST);
      return app.getUrl();
    },
  };
});

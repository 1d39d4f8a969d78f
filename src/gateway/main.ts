import { runService } from '../launcher/run-service.js';
import { createGateway } from './create-gateway.js';
import { readPort } from './read-port.js';

const {
  PORT,
  HOST = '127.0.0.1',
  CHAT_URL = 'tcp://127.0.0.1:4001',
  FILES_URL = 'tcp://127.0.0.1:4002',
} = process.env;

await runService('gateway', 'PORT', async () => {
  const port = readPort(PORT);
  const app = await createGateway({ url: CHAT_URL }, undefined, { url: FILES_URL });
  return {
    app,
    listen: async () => {
      await app.listen(port, HOST);
      return app.getUrl();
    },
  };
});

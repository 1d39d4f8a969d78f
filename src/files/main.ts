import { runService } from '../launcher/run-service.js';
import { settings } from '../contract/settings.js';
import { createFiles } from './create-files.js';

const { FILES_LISTEN: url = 'tcp://127.0.0.1:4002', FILES_FOLDER: folder = 'files' } = settings();
const maxFileBytes = 1024 ** 3;

await runService('files', 'FILES_LISTEN', async () => {
  const { app, server } = await createFiles({ url }, { folder, maxFileBytes });
  return {
    app,
    listen: async () => {
      await app.listen();
      return server.address;
    },
  };
});

import { HeartwireClient } from 'heartwire';

export async function connect(url, onPush) {
  const client = new HeartwireClient({ url });
  client.on$('said').subscribe(onPush);
  await client.connect();
}
